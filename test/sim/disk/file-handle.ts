/** An open file of a simulated process. @module */
import { BarnacleError } from "../../../src/errors.ts";
import type { FileHandle, FileStat, OpenMode } from "../../../src/runtime/port.ts";
import { failure } from "../../../src/runtime/shared/errno.ts";
import type { DropReason, Resource, SimProcess } from "../process/sim-process.ts";
import type { FileInode, Inode } from "./inode.ts";
import type { OperationKind, SimDisk } from "./sim-disk.ts";

export function statOf(inode: Inode): FileStat {
  return {
    kind: inode.kind,
    sizeBytes: inode.kind === "file" ? inode.lengthBytes : 4096,
    modifiedAtMs: inode.modifiedAtMs,
    fileId: inode.id,
    mode: inode.mode,
    userId: inode.userId,
    groupId: inode.groupId,
  };
}

interface HandleInit {
  readonly path: string;
  readonly openMode: OpenMode;
}

/** Calls on one handle take effect in the order they were made. */
export class SimFileHandle implements FileHandle, Resource {
  readonly keepsAlive = false;
  readonly #process: SimProcess;
  readonly #disk: SimDisk;
  readonly #file: FileInode;
  readonly #path: string;
  readonly #openMode: OpenMode;
  #position = 0;
  #isClosed = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(process: SimProcess, file: FileInode, init: HandleInit) {
    this.#process = process;
    this.#disk = process.host.disk;
    this.#file = file;
    this.#path = init.path;
    this.#openMode = init.openMode;
    process.own(this);
  }

  drop(): void {
    this.#isClosed = true;
  }

  readAt(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#operate("read", `Read ${this.#path}`, () => this.#file.read(offset, length));
  }

  write(data: Uint8Array): Promise<void> {
    const action = `Write ${data.length} bytes to ${this.#path}`;
    return this.#operate("write", action, () => {
      if (this.#openMode === "read") throw this.#notOpenForWriting();
      if (this.#writeWhatFits(data) < data.length) throw failure("DISK_FULL", action);
    }, () => this.#leaveHalfDone(data));
  }

  syncData(): Promise<void> {
    return this.sync();
  }

  sync(): Promise<void> {
    const action = `Sync ${this.#path}`;
    return this.#operate("sync", action, () => {
      if (this.#disk.drawSyncFailure()) {
        this.#file.failSync();
        throw failure("IO_ERROR", action);
      }
      this.#file.sync();
    });
  }

  truncate(lengthBytes: number): Promise<void> {
    const action = `Truncate ${this.#path}`;
    return this.#operate("write", action, () => {
      if (this.#openMode === "read") throw this.#notOpenForWriting();
      const growth = lengthBytes - this.#file.lengthBytes;
      if (growth > this.#disk.freeBytes) throw failure("DISK_FULL", action);
      this.#file.truncate(lengthBytes);
      this.#disk.use(growth);
      this.#touch();
    });
  }

  stat(): Promise<FileStat> {
    return this.#operate("name", `Stat ${this.#path}`, () => statOf(this.#file));
  }

  close(): Promise<void> {
    if (this.#isClosed) return this.#process.operation(0, () => undefined);
    this.#isClosed = true;
    this.#process.disown(this);
    return this.#inOrder(() => this.#process.operation(0, () => undefined));
  }

  #operate<T>(kind: OperationKind, action: string, work: () => T, onDrop?: (reason: DropReason) => void): Promise<T> {
    if (this.#isClosed) return this.#process.operation(0, () => this.#refuseClosed(action));
    return this.#inOrder(() => this.#disk.operate(this.#process, { kind, path: this.#path, action }, work, onDrop));
  }

  /** Starts at once when nothing is under way, so that a call alone costs one step. */
  #inOrder<T>(start: () => Promise<T>): Promise<T> {
    const promise = this.#last.then(start);
    this.#last = promise.then(() => undefined, () => undefined);
    return promise;
  }

  #writeWhatFits(data: Uint8Array): number {
    const offset = this.#openMode === "append" ? this.#file.lengthBytes : this.#position;
    const growth = Math.max(0, offset + data.length - this.#file.lengthBytes);
    const fitting = data.length - Math.max(0, growth - this.#disk.freeBytes);
    if (fitting <= 0) return 0;
    const lengthBefore = this.#file.lengthBytes;
    this.#file.write(offset, data.subarray(0, fitting));
    this.#disk.use(this.#file.lengthBytes - lengthBefore);
    this.#position = offset + fitting;
    this.#touch();
    return fitting;
  }

  /** A process that is killed in the middle of a write has written all of it, nothing, or a beginning. */
  #leaveHalfDone(data: Uint8Array): void {
    if (this.#openMode === "read") return;
    const { random } = this.#disk;
    const written = random.pick([0, data.length, random.integer(0, data.length)]);
    this.#writeWhatFits(data.subarray(0, written));
  }

  #touch(): void {
    this.#file.modifiedAtMs = this.#disk.nowMs;
    this.#disk.watchers.changed(this.#path);
  }

  #refuseClosed(action: string): never {
    throw new BarnacleError({ code: "IO_ERROR", action, value: "a closed file", wanted: "an open one" });
  }

  #notOpenForWriting(): BarnacleError {
    const action = `Write to ${this.#path}`;
    return new BarnacleError({ code: "IO_ERROR", action, value: "a file opened for reading" });
  }
}
