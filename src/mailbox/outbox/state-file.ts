/**
 * The file behind the memory of what was taken: a snapshot and what was taken since, in one file that is appended to and now and then
 * replaced whole.
 *
 * Takings are written at once and synced within a second: losing the last ones costs nothing but offering the same keys again. A new
 * epoch changes the keys, so it is durable before it is used.
 *
 * @module
 */
import { BarnacleError, isBarnacleError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { Clock, FileHandle } from "../../runtime/port.ts";
import { joinPath, parentPath, removeLeftovers, replaceFile, type StorePorts } from "../../store/mod.ts";
import { LOG_BYTES_MIN, STATE_BYTES_MAX, SYNC_AFTER_LINES, SYNC_AFTER_MS } from "./limits.ts";
import type { Digest } from "./prefix.ts";
import { decodeState, emptyMemory, encodeSnapshot, encodeTakings, isPrefixKnown, type Memory } from "./state-record.ts";

interface StateComponents extends StorePorts {
  readonly clock: Clock;
  readonly log: Logger;
}

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** See the module's description. Calls must not overlap. */
export class StateFile {
  readonly path: string;
  readonly #components: StateComponents;
  readonly #digest: Digest;
  /** Ours since the last snapshot of this process; before, and after an error, the next save is a snapshot. */
  #handle: FileHandle | undefined;
  #fileId = 0;
  #snapshotBytes = 0;
  #logBytes = 0;
  #unsyncedLines = 0;
  #unsyncedSinceMs = 0;

  /** @param init.directory `.moltcomm` */
  constructor(components: StateComponents, init: { readonly directory: string; readonly digest: Digest }) {
    this.path = joinPath(joinPath(init.directory, "state"), "outbox.bin");
    this.#components = components;
    this.#digest = init.digest;
  }

  /** Milliseconds until what was written is to be synced; `undefined` when nothing waits. */
  get syncInMs(): number | undefined {
    if (this.#unsyncedLines === 0) return undefined;
    if (this.#unsyncedLines >= SYNC_AFTER_LINES) return 0;
    return Math.max(0, this.#unsyncedSinceMs + SYNC_AFTER_MS - this.#components.clock.monotonicMs());
  }

  /**
   * What was remembered; nothing when there is no file, or a damaged one, which is moved aside.
   *
   * @throws `PERMISSION_DENIED`, `IO_ERROR` when it cannot be read: what it says may be good
   */
  async load(): Promise<Memory> {
    const { files } = this.#components;
    const memory = emptyMemory(this.#digest);
    try {
      const bytes = await files.read(this.path, STATE_BYTES_MAX);
      const decoded = decodeState(bytes, this.#digest);
      if (decoded !== undefined) return decoded;
    } catch (thrown) {
      if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return memory;
      // A payload that ends too soon under a digest that holds was written by another version.
      if (!isBarnacleError(thrown, "BODY_TOO_LARGE") && !(thrown instanceof RangeError)) throw thrown;
    }
    await this.#setAside();
    return memory;
  }

  /** Notes what was taken. @throws `DISK_FULL` and its like; then only a `replace` mends the file */
  async append(memory: Memory, slots: readonly number[]): Promise<void> {
    const handle = this.#handle;
    if (handle === undefined || this.#logBytes > Math.max(LOG_BYTES_MIN, this.#snapshotBytes)) {
      return await this.replace(memory);
    }
    const record = encodeTakings(memory, slots, this.#digest);
    try {
      await handle.write(record);
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
    this.#logBytes += record.length;
    if (this.#unsyncedLines === 0) this.#unsyncedSinceMs = this.#components.clock.monotonicMs();
    this.#unsyncedLines += slots.length;
    this.#written(memory);
  }

  /** Writes everything anew, durably. @throws `DISK_FULL` and its like; then the old state is untouched */
  async replace(memory: Memory): Promise<void> {
    const { files } = this.#components;
    await this.close();
    const snapshot = encodeSnapshot(memory, this.#digest);
    await this.#makeDirectory();
    await removeLeftovers(files, this.path);
    await replaceFile(this.#components, this.path, snapshot, { mode: FILE_MODE });
    this.#written(memory);
    this.#snapshotBytes = snapshot.length;
    this.#logBytes = 0;
    const handle = await files.open(this.path, "append", { mode: FILE_MODE });
    this.#handle = handle;
    this.#fileId = (await handle.stat()).fileId;
  }

  /** Makes what was written durable. @throws `IO_ERROR` and its like; then only a `replace` mends the file */
  async sync(): Promise<void> {
    const handle = this.#handle;
    this.#unsyncedLines = 0;
    if (handle === undefined) return;
    try {
      await handle.syncData();
      // Somebody may have removed the file, and then only this process would know what it says.
      const { fileId } = await this.#components.files.stat(this.path);
      if (fileId !== this.#fileId) {
        throw new BarnacleError({ code: "IO_ERROR", action: `Sync ${this.path}`, value: "another file" });
      }
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
  }

  /** Lets go of the file. Idempotent; the next save is a snapshot. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#unsyncedLines = 0;
    await handle?.close();
  }

  #written(memory: Memory): void {
    memory.prefix.keptSegments = isPrefixKnown(memory) ? memory.prefix.segments.length : 0;
  }

  async #makeDirectory(): Promise<void> {
    const { files } = this.#components;
    const directory = parentPath(this.path);
    const parent = parentPath(directory);
    // With the mailbox itself gone, as when its disk is not mounted, there is nothing to remember: this must fail.
    await files.stat(parent);
    await files.makeDirectory(directory, { mode: DIRECTORY_MODE });
    await files.syncDirectory(parent);
  }

  async #setAside(): Promise<void> {
    const { files, log } = this.#components;
    const movedTo = `${this.path}.damaged`;
    await files.rename(this.path, movedTo);
    log.warn("outbox_state_damaged", {
      file: this.path,
      moved_to: movedTo,
      message: "what was taken from the outbox is not known any more: lines that stand in it may be sent a second time",
    });
  }
}
