/** HTTP/1.1 heads: start line and headers as text. @module */

/** How the end of a body is told. Source: RFC 9112, section 6 */
export type Framing =
  | { readonly kind: "none" | "chunked" | "untilClose" }
  | { readonly kind: "length"; readonly lengthBytes: number };

export interface Head {
  readonly startLine: readonly [string, string, string];
  readonly headers: Headers;
}

const NONE: Framing = { kind: "none" };

/** Reads the lines before the empty one; `undefined` when they are no head. */
export function parseHead(text: string): Head | undefined {
  const [first = "", ...lines] = text.split("\r\n");
  const [one = "", two = "", ...rest] = first.split(" ");
  const headers = new Headers();
  try {
    for (const line of lines) {
      const colon = line.indexOf(":");
      if (colon < 1) return undefined;
      headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
    }
  } catch {
    // The standard's Headers refuse what is no name or value.
    return undefined;
  }
  return { startLine: [one, two, rest.join(" ")], headers };
}

/** How a request's body is framed; `undefined` when its headers contradict each other. */
export function requestFraming(headers: Headers): Framing | undefined {
  const length = headers.get("content-length");
  const encoding = headers.get("transfer-encoding");
  if (encoding !== null) {
    return length === null && encoding.toLowerCase() === "chunked" ? { kind: "chunked" } : undefined;
  }
  if (length === null) return NONE;
  return /^\d{1,15}$/.test(length) ? lengthFraming(Number(length)) : undefined;
}

/** How an answer's body is framed; `undefined` when its headers contradict each other. */
export function answerFraming(method: string, status: number, headers: Headers): Framing | undefined {
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return NONE;
  const framing = requestFraming(headers);
  return framing?.kind === "none" && !headers.has("content-length") ? { kind: "untilClose" } : framing;
}

/** A head as bytes. */
export function encodeHead(startLine: string, headers: Headers): Uint8Array {
  let text = `${startLine}\r\n`;
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  return latin1(`${text}\r\n`);
}

/** A chunk of a chunked body; the empty one ends it. */
export function encodeChunk(data: Uint8Array): Uint8Array {
  const size = latin1(`${data.length.toString(16)}\r\n`);
  const chunk = new Uint8Array(size.length + data.length + 2);
  chunk.set(size);
  chunk.set(data, size.length);
  chunk.set([13, 10], size.length + data.length);
  return chunk;
}

/** Whether the connection goes on after this message. */
export function wantsKeepAlive(version: string, headers: Headers): boolean {
  const connection = headers.get("connection")?.toLowerCase();
  return version === "HTTP/1.0" ? connection === "keep-alive" : connection !== "close";
}

function lengthFraming(lengthBytes: number): Framing {
  return lengthBytes === 0 ? NONE : { kind: "length", lengthBytes };
}

function latin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index) & 0xff;
  return bytes;
}
