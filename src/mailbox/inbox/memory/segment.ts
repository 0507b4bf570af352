/**
 * A part of the memory of delivered messages: those of one span of time, forgotten together. Its file holds bare
 * 16-byte digests, added at the end; how many of its bytes count stands in the inbox's state, so what a crash left
 * half-written behind them is cut off.
 *
 * @module
 */
import { isBarnacleError } from "../../../errors.ts";
import type { FileHandle, Files } from "../../../runtime/port.ts";
import { joinPath } from "../../../store/mod.ts";
import { DIGEST_BYTES, DigestSet } from "./digest-set.ts";

/** A segment as the state names it. */
export interface SegmentState {
  readonly number: number;
  /** The age of the memory when the segment was begun. */
  readonly opened_age_ms: number;
  /** Bytes of its file that count. */
  readonly bytes: number;
}

const READ_BYTES = 1024 * 1024;
const FIRST_UNSAVED_BYTES = 64 * DIGEST_BYTES;
const FILE_MODE = 0o600;

function segmentFileName(number: number): string {
  return `${number}.bin`;
}

/** The number in the name of a segment's file; `undefined` for any other name. */
export function readSegmentFileName(name: string): number | undefined {
  const match = /^([1-9]\d{0,14})\.bin$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

export class Segment {
  readonly number: number;
  openedAgeMs: number;
  readonly #path: string;
  #digests: DigestSet;
  #savedBytes = 0;
  #unsaved = new Uint8Array(FIRST_UNSAVED_BYTES);
  #unsavedBytes = 0;

  constructor(directory: string, init: { readonly number: number; readonly openedAgeMs: number }) {
    this.number = init.number;
    this.openedAgeMs = init.openedAgeMs;
    this.#path = joinPath(directory, segmentFileName(init.number));
    this.#digests = new DigestSet();
  }

  get size(): number {
    return this.#digests.size;
  }

  get path(): string {
    return this.#path;
  }

  get hasUnsaved(): boolean {
    return this.#unsavedBytes > 0;
  }

  get state(): SegmentState {
    return { number: this.number, opened_age_ms: this.openedAgeMs, bytes: this.#savedBytes };
  }

  has(digest: Uint8Array): boolean {
    return this.#digests.size > 0 && this.#digests.has(digest);
  }

  /** @returns whether it is new */
  add(digest: Uint8Array): boolean {
    if (!this.#digests.add(digest)) return false;
    if (this.#unsavedBytes + DIGEST_BYTES > this.#unsaved.length) {
      const larger = new Uint8Array(this.#unsaved.length * 2);
      larger.set(this.#unsaved);
      this.#unsaved = larger;
    }
    for (let index = 0; index < DIGEST_BYTES; index++) this.#unsaved[this.#unsavedBytes++] = digest[index] as number;
    return true;
  }

  /**
   * Reads what was saved.
   *
   * @param bytes how much of the file counts; `undefined` for all of it
   * @returns how many digests are missing in the file
   * @throws `PERMISSION_DENIED`, `IO_ERROR`
   */
  async load(files: Files, bytes: number | undefined): Promise<number> {
    let handle: FileHandle;
    try {
      handle = await files.open(this.#path, "read");
    } catch (thrown) {
      if (!isBarnacleError(thrown, "FILE_NOT_FOUND")) throw thrown;
      return (bytes ?? 0) / DIGEST_BYTES;
    }
    try {
      const { sizeBytes } = await handle.stat();
      const whole = Math.floor(Math.min(bytes ?? sizeBytes, sizeBytes) / DIGEST_BYTES) * DIGEST_BYTES;
      await this.#read(handle, whole);
      this.#savedBytes = whole;
      return ((bytes ?? whole) - whole) / DIGEST_BYTES;
    } finally {
      await handle.close();
    }
  }

  async #read(handle: FileHandle, whole: number): Promise<void> {
    const digests = new DigestSet(whole / DIGEST_BYTES);
    for (let offset = 0; offset < whole;) {
      const chunk = await handle.readAt(offset, Math.min(READ_BYTES, whole - offset));
      if (chunk.length < DIGEST_BYTES) break;
      const end = chunk.length - (chunk.length % DIGEST_BYTES);
      digests.addAll(chunk.subarray(0, end));
      offset += end;
    }
    this.#digests = digests;
  }

  /**
   * Adds to the file what is not in it yet, durably. What is added to the segment meanwhile waits for the next time.
   *
   * @throws `DISK_FULL`, `PERMISSION_DENIED`, `IO_ERROR`; what was to be saved is kept for the next time
   */
  async save(files: Files): Promise<void> {
    const length = this.#unsavedBytes;
    if (length === 0) return;
    const handle = await files.open(this.#path, "append", { mode: FILE_MODE });
    try {
      const { sizeBytes } = await handle.stat();
      // Left by a save that failed or was cut off; a file that shrank is filled with zeros, which are nobody's digest.
      if (sizeBytes !== this.#savedBytes) await handle.truncate(this.#savedBytes);
      await handle.write(this.#unsaved.slice(0, length));
      await handle.sync();
    } finally {
      await handle.close();
    }
    this.#unsaved.copyWithin(0, length, this.#unsavedBytes);
    this.#unsavedBytes -= length;
    this.#savedBytes += length;
  }
}
