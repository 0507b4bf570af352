/** Frames of the protocol, for taps, proxies and hostile ends: cut and read by hand, and shared with nobody. @module */

const LENGTH_BYTES = 4;

/** What a scenario looks at of a message. */
export interface SeenMessage {
  readonly t: string;
  readonly id: string;
  readonly from: string;
  readonly pub: string;
  readonly to: string | undefined;
  readonly ts: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Cuts a stream into whole frames, each with its length before it. */
export class Frames {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  push(data: Uint8Array): Uint8Array<ArrayBuffer>[] {
    const bytes = new Uint8Array(this.#bytes.length + data.length);
    bytes.set(this.#bytes);
    bytes.set(data, this.#bytes.length);
    const frames: Uint8Array<ArrayBuffer>[] = [];
    let at = 0;
    for (; at + LENGTH_BYTES <= bytes.length;) {
      const end = at + LENGTH_BYTES + new DataView(bytes.buffer, at).getUint32(0);
      if (end > bytes.length) break;
      frames.push(bytes.slice(at, end));
      at = end;
    }
    this.#bytes = bytes.slice(at);
    return frames;
  }
}

/** @param frame with its length */
export function readFrame(frame: Uint8Array): SeenMessage | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(frame.subarray(LENGTH_BYTES))) as SeenMessage;
  } catch {
    return undefined;
  }
}

/** A frame of any text. */
export function makeFrame(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  const frame = new Uint8Array(LENGTH_BYTES + bytes.length);
  new DataView(frame.buffer).setUint32(0, bytes.length);
  frame.set(bytes, LENGTH_BYTES);
  return frame;
}
