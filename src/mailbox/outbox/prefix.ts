/**
 * The part of the file that has been read, in stretches with a digest each: how it is recognised without being read again, and checked
 * in pieces however large it is.
 *
 * @module
 */
import { DIGEST_BYTES } from "./image.ts";
import { SEGMENT_BYTES_MIN } from "./limits.ts";

/** A stretch, from the end of the one before it. */
export interface Segment {
  readonly startBytes: number;
  readonly endBytes: number;
  readonly digest: Uint8Array;
}

/** A digest of at least `DIGEST_BYTES` bytes. */
export type Digest = (bytes: Uint8Array) => Uint8Array;

/** See the module's description. */
export class Prefix {
  /** Line ends before the end of the prefix. */
  lines = 0;
  readonly segments: Segment[] = [];
  /** The end is in the middle of a line that is no message: what follows on that line would make it another. */
  isOpen = false;
  /** Segments at the beginning that have not changed since this was last set: what the state file need not be told again. */
  keptSegments = 0;
  readonly #digest: Digest;

  constructor(digest: Digest) {
    this.#digest = digest;
  }

  get endBytes(): number {
    return this.segments.at(-1)?.endBytes ?? 0;
  }

  /** Where reading begins for a quick check: the last stretch, and the one before it where the last is short. */
  get checkFromBytes(): number {
    const last = this.segments.at(-1);
    if (last === undefined) return 0;
    if (last.endBytes - last.startBytes >= SEGMENT_BYTES_MIN) return last.startBytes;
    return this.segments.at(-2)?.startBytes ?? last.startBytes;
  }

  /** Whether the bytes, which begin at `checkFromBytes`, hold the end of the prefix unchanged. */
  holdsEnd(bytes: Uint8Array): boolean {
    const from = this.checkFromBytes;
    return this.segments.slice(-2).every((segment) =>
      segment.startBytes < from ||
      this.holds(segment, bytes.subarray(segment.startBytes - from, segment.endBytes - from))
    );
  }

  /** Whether the bytes are the stretch unchanged. */
  holds(segment: Segment, bytes: Uint8Array): boolean {
    if (bytes.length !== segment.endBytes - segment.startBytes) return false;
    const digest = this.#digest(bytes);
    for (let at = 0; at < DIGEST_BYTES; at++) if (digest[at] !== segment.digest[at]) return false;
    return true;
  }

  /**
   * Moves the end on. A last stretch that is still short grows; else a new one begins.
   *
   * @param bytes the file from `fromBytes` on, at least from `checkFromBytes` to `endBytes`
   */
  advance(bytes: Uint8Array, fromBytes: number, endBytes: number): void {
    if (endBytes === this.endBytes) return;
    const last = this.segments.at(-1);
    const grows = last !== undefined && last.endBytes - last.startBytes < SEGMENT_BYTES_MIN;
    const startBytes = grows ? last.startBytes : this.endBytes;
    if (grows) this.segments.pop();
    this.keptSegments = Math.min(this.keptSegments, this.segments.length);
    const digest = this.#digest(bytes.subarray(startBytes - fromBytes, endBytes - fromBytes)).slice(0, DIGEST_BYTES);
    this.segments.push({ startBytes, endBytes, digest });
  }

  /** Begins anew at the beginning of the file. */
  reset(): void {
    this.segments.length = 0;
    this.keptSegments = 0;
    this.lines = 0;
    this.isOpen = false;
  }
}
