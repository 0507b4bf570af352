/** The directories the inbox keeps its files in. @module */
import { BarnacleError, isBarnacleError } from "../../errors.ts";
import type { Files } from "../../runtime/port.ts";
import { parentPath, statIfThere } from "../../store/mod.ts";

const DIRECTORY_MODE = 0o700;

/**
 * Makes directories so that they survive a power cut: what is synced in one would else go with it. None is made in a work directory that
 * went away: it may have been moved, and messages would be acknowledged into a new one where nobody reads them.
 */
export class Directories {
  readonly #files: Files;
  readonly #workDirectory: string;
  /** Those known to be durable. One that is there may have been made a moment before a crash, and never synced. */
  readonly #durable = new Set<string>();

  constructor(files: Files, workDirectory: string) {
    this.#files = files;
    this.#workDirectory = workDirectory;
  }

  /** @throws `FILE_NOT_FOUND` when the work directory went away */
  async requireWorkDirectory(): Promise<void> {
    if ((await statIfThere(this.#files, this.#workDirectory))?.kind === "directory") return;
    throw new BarnacleError({
      code: "FILE_NOT_FOUND",
      action: `Use ${JSON.stringify(this.#workDirectory)} as the work directory`,
      value: "no directory there any more",
      wanted: "the one that was there",
      hint: "put it back, or stop the daemon and start it where the directory is now",
      retryable: true,
    });
  }

  /** Makes the directory where it is missing. @throws `FILE_NOT_FOUND`, `PERMISSION_DENIED`, `DISK_FULL`, `IO_ERROR` */
  async ensure(path: string): Promise<void> {
    const isThere = await statIfThere(this.#files, path) !== undefined;
    if (isThere && this.#durable.has(path)) return;
    this.#durable.delete(path);
    if (!isThere) await this.#make(path);
    await this.#files.syncDirectory(parentPath(path));
    this.#durable.add(path);
  }

  async #make(path: string): Promise<void> {
    await this.requireWorkDirectory();
    try {
      await this.#files.makeDirectory(path, { mode: DIRECTORY_MODE });
    } catch (thrown) {
      if (!isBarnacleError(thrown, "FILE_EXISTS")) throw thrown;
    }
  }
}
