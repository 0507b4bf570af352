/**
 * The modelled TLS: one line each way with real certificates in it, then plain bytes. Nothing is encrypted and no key
 * is proven; what is covered is who trusts whom, at what time, and what either side sees when the other speaks no TLS.
 *
 * @module
 */

/** What the client says first. */
export interface ClientHello {
  readonly certPem?: string;
}

/** What the server answers; an alert ends the connection. */
export interface ServerHello {
  readonly certPem?: string;
  readonly alert?: string;
}

const PREFIX = "SIM-TLS ";
const HELLO_BYTES_MAX = 64 * 1024;
const LINE_FEED = 10;

export function encodeHello(hello: ClientHello | ServerHello): Uint8Array {
  return new TextEncoder().encode(`${PREFIX}${JSON.stringify(hello)}\n`);
}

/** Collects the peer's line. */
export class HelloReader {
  #bytes: number[] = [];

  /**
   * @returns `undefined` while more is wanted; the line and what follows it; or `refused` for what is no such line
   */
  push(
    data: Uint8Array<ArrayBuffer>,
  ): { hello: ClientHello & ServerHello; rest: Uint8Array<ArrayBuffer> } | "refused" | undefined {
    const end = data.indexOf(LINE_FEED);
    this.#bytes.push(...data.subarray(0, end === -1 ? data.length : end));
    const text = new TextDecoder().decode(Uint8Array.from(this.#bytes));
    const isOurs = text.startsWith(PREFIX.slice(0, text.length)) && text.length <= HELLO_BYTES_MAX;
    if (!isOurs || (end !== -1 && text.length < PREFIX.length)) return "refused";
    if (end === -1) return undefined;
    return { hello: JSON.parse(text.slice(PREFIX.length)), rest: data.slice(end + 1) };
  }
}
