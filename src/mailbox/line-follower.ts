/**
 * Following a file of lines that another process appends to.
 *
 * @module
 */
import { isBarnacleError } from "../errors.ts";
import type { FileHandle, Files } from "../runtime/port.ts";
import { readLines } from "./delivery/lines.ts";

/** Which file, and what to do with its lines. */
export interface LineFollowerInit {
  readonly path: string;
  /** Longer lines are passed over. */
  readonly lineBytesMax: number;
  /** A whole line without its newline, in the file's order. */
  readonly onLine: (bytes: Uint8Array) => void;
}

/** Reads on where it stopped. A file that took the other's place is read from its start, after the rest of the one before. */
export class LineFollower {
  readonly #files: Pick<Files, "open" | "stat">;
  readonly #init: LineFollowerInit;
  #handle: FileHandle | undefined;
  #fileId = 0;
  #offset = 0;

  constructor(components: { readonly files: Pick<Files, "open" | "stat"> }, init: LineFollowerInit) {
    this.#files = components.files;
    this.#init = init;
  }

  /** Reads what is new. A missing file is one without lines. @throws the errors of `Files` */
  async look(): Promise<void> {
    await this.#readOn();
    if (!await this.#isReplaced()) return;
    await this.close();
    await this.#open();
    await this.#readOn();
  }

  /** Idempotent; a further look opens the file anew. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #open(): Promise<void> {
    try {
      this.#handle = await this.#files.open(this.#init.path, "read");
      this.#fileId = (await this.#handle.stat()).fileId;
      this.#offset = 0;
    } catch (thrown) {
      if (!isBarnacleError(thrown, "FILE_NOT_FOUND")) throw thrown;
    }
  }

  async #isReplaced(): Promise<boolean> {
    if (this.#handle === undefined) return true;
    try {
      const { fileId, sizeBytes } = await this.#files.stat(this.#init.path);
      return fileId !== this.#fileId || sizeBytes < this.#offset;
    } catch (thrown) {
      if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return false;
      throw thrown;
    }
  }

  async #readOn(): Promise<void> {
    if (this.#handle === undefined) return;
    const { lineBytesMax, onLine } = this.#init;
    const { sizeBytes } = await this.#handle.stat();
    if (sizeBytes <= this.#offset) return;
    const range = { from: this.#offset, to: sizeBytes, lineBytesMax };
    const { tail } = await readLines(this.#handle, range, ({ bytes }) => onLine(bytes));
    this.#offset = tail.offset;
  }
}
