/**
 * A frame of which a part has arrived.
 *
 * Its pieces are kept as they came and put together once, when the frame is whole: each of its bytes is copied once, and no memory is
 * taken for bytes that were only announced.
 *
 * @module
 */
import { joinBytes } from "../../join-bytes.ts";
import { PIECE_BYTES_MIN } from "./bounds.ts";

export const LENGTH_BYTES = 4;

/** See the module's description. */
export class PartialFrame {
  readonly #pieces: Uint8Array[] = [];
  /** The last piece is ours to append to: how much of it is filled. */
  #tailBytes = 0;
  #bytes = 0;

  /** Bytes so far, the length among them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What is still missing of the frame, or of its length; more than 0 until it is whole. */
  get missingBytes(): number {
    return (this.#bytes < LENGTH_BYTES ? LENGTH_BYTES : LENGTH_BYTES + this.bodyBytes) - this.#bytes;
  }

  /** What the length says. Wants four bytes; they are in the first piece then. */
  get bodyBytes(): number {
    return readLength(this.#pieces[0] as Uint8Array, 0);
  }

  /** Takes bytes of it, never more than `missingBytes` after the first; the chunk must not be changed afterwards. */
  add(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (chunk.length >= PIECE_BYTES_MIN) {
      this.#closeTail();
      this.#pieces.push(standingAlone(chunk));
      return;
    }
    for (let at = 0; at < chunk.length;) at += this.#append(chunk, at);
  }

  /** The whole frame in one piece. */
  join(): Uint8Array {
    this.#closeTail();
    const [first] = this.#pieces;
    if (first !== undefined && this.#pieces.length === 1) return first;
    return joinBytes(this.#pieces);
  }

  #append(chunk: Uint8Array, from: number): number {
    let tail = this.#tailBytes === 0 ? undefined : this.#pieces.at(-1);
    if (tail === undefined || tail.length === this.#tailBytes) {
      tail = new Uint8Array(PIECE_BYTES_MIN);
      this.#pieces.push(tail);
      this.#tailBytes = 0;
    }
    const part = chunk.subarray(from, from + tail.length - this.#tailBytes);
    tail.set(part, this.#tailBytes);
    this.#tailBytes += part.length;
    return part.length;
  }

  #closeTail(): void {
    const tail = this.#pieces.at(-1);
    if (this.#tailBytes === 0 || tail === undefined) return;
    this.#pieces[this.#pieces.length - 1] = tail.subarray(0, this.#tailBytes);
    this.#tailBytes = 0;
  }
}

/** The length of the frame that begins there. */
export function readLength(bytes: Uint8Array, at: number): number {
  return (((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)) >>> 0;
}

/** A view that keeps much more memory alive than it shows is worth a copy. */
export function standingAlone(view: Uint8Array): Uint8Array {
  // Not `slice`: where the chunk is a Node `Buffer`, that copies nothing.
  return view.buffer.byteLength > 2 * view.length ? new Uint8Array(view) : view;
}
