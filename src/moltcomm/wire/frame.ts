/**
 * Frames: a 4-byte unsigned big-endian length, then so many bytes of UTF-8. Source: MoltComm v1, section 2.
 *
 * @module
 */
import { BarnacleError } from "../../errors.ts";

const LENGTH_BYTES = 4;
const LENGTH_PLACEHOLDER = "\0".repeat(LENGTH_BYTES);
const NOTHING = new Uint8Array(0);
/** Memory worth giving back by copying what waits in it. */
const SPARE_BYTES_MAX = 4_096;

const encoder = new TextEncoder();

/** One frame of the text: its length, then its UTF-8. */
export function encodeFrame(text: string): Uint8Array<ArrayBuffer> {
  // Encoding the length's place along with the text spares a second copy of the text.
  const frame = encoder.encode(LENGTH_PLACEHOLDER + text);
  // Byte by byte, here and in `readUint32`: a view on the buffer would cost more than all the rest.
  const bodyBytes = frame.length - LENGTH_BYTES;
  frame[0] = bodyBytes >>> 24;
  frame[1] = bodyBytes >>> 16;
  frame[2] = bodyBytes >>> 8;
  frame[3] = bodyBytes;
  return frame;
}

/**
 * Cuts what one connection sends into frames.
 *
 * Each byte is copied a bounded number of times however it comes, a frame within one chunk not at all. What is held is at most
 * twice what was pushed and not yet taken, and {@link SPARE_BYTES_MAX}; whoever does not take what is whole must push no more.
 */
export class FrameReader {
  readonly #maxFrameBytes: number;
  /** What waits is `#bytes` from `#start` to `#end`; behind that is room to append. Bytes before `#end` never change. */
  #bytes: Uint8Array = NOTHING;
  #start = 0;
  #end = 0;
  #refused: BarnacleError | undefined;

  /** @param init.maxFrameBytes longest body taken, in bytes */
  constructor(init: { readonly maxFrameBytes: number }) {
    this.#maxFrameBytes = init.maxFrameBytes;
  }

  /** Bytes pushed and not yet taken. */
  get bufferedBytes(): number {
    return this.#end - this.#start;
  }

  /** Takes what arrived. The chunk is kept and must not be changed afterwards. Ignored once a frame was too long. */
  push(chunk: Uint8Array): void {
    if (this.#refused !== undefined) return;
    if (this.bufferedBytes === 0) return this.#hold(chunk);
    if (this.#end + chunk.length > this.#bytes.length) this.#grow(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /**
   * The body of the next whole frame, or `undefined` when more must arrive first. The body is a view: it stays as it is, and keeps
   * alive what it arrived with.
   *
   * @throws `FRAME_TOO_LARGE` as soon as such a length is read, and from then on
   */
  next(): Uint8Array | undefined {
    if (this.#refused !== undefined) throw this.#refused;
    const bodyBytes = this.#readLength();
    if (bodyBytes === undefined || this.bufferedBytes < LENGTH_BYTES + bodyBytes) return this.#wait();
    const bodyStart = this.#start + LENGTH_BYTES;
    this.#start = bodyStart + bodyBytes;
    return this.#bytes.subarray(bodyStart, this.#start);
  }

  #readLength(): number | undefined {
    if (this.bufferedBytes < LENGTH_BYTES) return undefined;
    const bodyBytes = readUint32(this.#bytes, this.#start);
    if (bodyBytes > this.#maxFrameBytes) throw this.#refuse(bodyBytes);
    return bodyBytes;
  }

  #refuse(bodyBytes: number): BarnacleError {
    this.#hold(NOTHING);
    this.#refused = new BarnacleError({
      code: "FRAME_TOO_LARGE",
      action: "Read a frame",
      value: `a length of ${bodyBytes} bytes`,
      wanted: `at most ${this.#maxFrameBytes}`,
    });
    return this.#refused;
  }

  /** Doubling bounds the copies: a peer that sends byte by byte costs no more than one that sends all at once. */
  #grow(chunkBytes: number): void {
    const waiting = this.bufferedBytes;
    const grown = new Uint8Array(Math.max(waiting + chunkBytes, 2 * waiting));
    grown.set(this.#bytes.subarray(this.#start, this.#end));
    this.#hold(grown);
    this.#end = waiting;
  }

  /** Lets go of a large chunk of which only a little is left, so that an idle connection holds little. */
  #wait(): undefined {
    const waiting = this.bufferedBytes;
    if (waiting === 0) return this.#hold(NOTHING);
    if (this.#bytes.buffer.byteLength <= 2 * waiting + SPARE_BYTES_MAX) return;
    // Not `slice`: where the chunk is a Node `Buffer`, that copies nothing.
    this.#hold(new Uint8Array(this.#bytes.subarray(this.#start, this.#end)));
  }

  #hold(bytes: Uint8Array): undefined {
    this.#bytes = bytes;
    this.#start = 0;
    this.#end = bytes.length;
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)) >>> 0;
}
