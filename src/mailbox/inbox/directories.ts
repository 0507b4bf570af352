/** The directories the inbox keeps its files in. @module */
import { isBarnacleError } from "../../errors.ts";
import type { Files } from "../../runtime/port.ts";
import { parentPath, statIfThere } from "../../store/mod.ts";

const DIRECTORY_MODE = 0o700;

/** Makes directories so that they survive a power cut: what is synced in one would else go with it. */
export class Directories {
  readonly #files: Files;
  /** Those known to be durable. One that is there may have been made a moment before a crash, and never synced. */
  readonly #durable = new Set<string>();

  constructor(files: Files) {
    this.#files = files;
  }

  /** Makes the directory where it is missing. @throws `PERMISSION_DENIED`, `DISK_FULL`, `IO_ERROR` */
  async ensure(path: string): Promise<void> {
    const isThere = await statIfThere(this.#files, path) !== undefined;
    if (isThere && this.#durable.has(path)) return;
    this.#durable.delete(path);
    if (!isThere) await this.#make(path);
    await this.#files.syncDirectory(parentPath(path));
    this.#durable.add(path);
  }

  async #make(path: string): Promise<void> {
    try {
      await this.#files.makeDirectory(path, { mode: DIRECTORY_MODE });
    } catch (thrown) {
      if (!isBarnacleError(thrown, "FILE_EXISTS")) throw thrown;
    }
  }
}
