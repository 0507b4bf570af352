/**
 * The file behind the journal: appended to, repaired, replaced whole.
 *
 * What it holds is trusted only while every write and sync succeeded and nobody else touched it. After a failed sync the kernel may
 * count pages as written that never reach the disk, and after a failed write that could not be taken back a part of a line stands in
 * the middle; both are mended by `replace` alone.
 *
 * @module
 */
import { BarnacleError } from "../../errors.ts";
import type { FileHandle } from "../../runtime/port.ts";
import { baseName, joinPath, parentPath, removeLeftovers, type StorePorts } from "../../store/mod.ts";
import { type Line, type Reading, readLines } from "./lines.ts";

const MODE = 0o600;
const NEWLINE = new Uint8Array([0x0a]);

/** See the module's description. Calls must not overlap, except `readAt`. */
export class JournalFile {
  readonly path: string;
  readonly #ports: StorePorts;
  #handle: FileHandle | undefined;
  #fileId = 0;
  #sizeBytes = 0;
  #isDirectorySynced = false;
  #isTrusted = true;

  constructor(ports: StorePorts, path: string) {
    this.#ports = ports;
    this.path = path;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Whether what was written is there and can be relied on, as far as is known without looking. */
  get isTrusted(): boolean {
    return this.#isTrusted;
  }

  /** Says that the file lacks something that only `replace` can bring. */
  distrust(): void {
    this.#isTrusted = false;
  }

  /** Opens the file, which need not exist, and reads it. Nothing is repaired yet. */
  async open(lineBytesMax: number, onLine: (line: Line) => void): Promise<Reading> {
    await this.close();
    this.#handle = await this.#ports.files.open(this.path, "append", { mode: MODE });
    this.#isDirectorySynced = false;
    this.#isTrusted = true;
    const { fileId, sizeBytes } = await this.#handle.stat();
    this.#fileId = fileId;
    const reading = await readLines(this.#handle, { from: 0, to: sizeBytes, lineBytesMax }, onLine);
    this.#sizeBytes = reading.tail.offset + reading.tail.sizeBytes;
    return reading;
  }

  /** Cuts off what stands behind `sizeBytes`. */
  async truncate(sizeBytes: number): Promise<void> {
    await this.#opened().truncate(sizeBytes);
    this.#sizeBytes = sizeBytes;
  }

  /** Ends a last line that has no newline. */
  async endLine(): Promise<void> {
    await this.append(NEWLINE);
  }

  /** Appends all of it or nothing; where not even that can be kept, the file is trusted no more. */
  async append(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    try {
      await this.#opened().write(bytes);
      this.#sizeBytes += bytes.length;
    } catch (thrown) {
      await this.takeBack(this.#sizeBytes);
      throw thrown;
    }
  }

  /** Takes back what was appended behind `sizeBytes`; where that fails the file is trusted no more. */
  async takeBack(sizeBytes: number): Promise<void> {
    try {
      await this.truncate(sizeBytes);
    } catch {
      this.#isTrusted = false;
    }
  }

  /** Makes everything durable, the file's name included. */
  async sync(): Promise<void> {
    try {
      await this.#opened().syncData();
    } catch (thrown) {
      this.#isTrusted = false;
      throw thrown;
    }
    if (this.#isDirectorySynced) return;
    await this.#ports.files.syncDirectory(parentPath(this.path));
    this.#isDirectorySynced = true;
  }

  /** Looks whether the path still names this file, as long as it was left. Trust that is gone does not come back. */
  async look(): Promise<boolean> {
    try {
      const { fileId, kind, sizeBytes } = await this.#ports.files.stat(this.path);
      if (kind !== "file" || fileId !== this.#fileId || sizeBytes !== this.#sizeBytes) this.#isTrusted = false;
    } catch {
      // Whatever keeps us from looking keeps the next start from reading.
      this.#isTrusted = false;
    }
    return this.#isTrusted;
  }

  readAt(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#opened().readAt(offset, length);
  }

  /**
   * Replaces the file by what `write` appends. Until the new one is durable the old one stays; `readAt` reads the old one meanwhile.
   * Streams, where the store's recipe wants the whole content, and goes on with the file it made.
   */
  async replace(write: (append: (bytes: Uint8Array) => Promise<void>) => Promise<void>): Promise<void> {
    const { files, random } = this.#ports;
    await removeLeftovers(files, this.path);
    // The name is one that `removeLeftovers` knows.
    const temporary = joinPath(parentPath(this.path), `.${baseName(this.path)}.barnacle-${random.uuid()}.tmp`);
    const handle = await files.open(temporary, "append", { mode: MODE });
    let sizeBytes = 0;
    let fileId: number;
    try {
      await write(async (bytes) => {
        await handle.write(bytes);
        sizeBytes += bytes.length;
      });
      await handle.sync();
      ({ fileId } = await handle.stat());
      await files.rename(temporary, this.path);
    } catch (thrown) {
      await handle.close();
      await this.#removeQuietly(temporary);
      throw thrown;
    }
    const replaced = this.#handle;
    this.#handle = handle;
    this.#fileId = fileId;
    this.#sizeBytes = sizeBytes;
    this.#isTrusted = true;
    this.#isDirectorySynced = false;
    await replaced?.close();
  }

  /** Idempotent. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  #opened(): FileHandle {
    if (this.#handle !== undefined) return this.#handle;
    throw new BarnacleError({ code: "IO_ERROR", action: `Use "${this.path}"`, value: "a closed journal" });
  }

  async #removeQuietly(path: string): Promise<void> {
    try {
      await this.#ports.files.remove(path);
    } catch {
      // The error that led here is the one to report; the next replacement removes what stays behind.
      return;
    }
  }
}
