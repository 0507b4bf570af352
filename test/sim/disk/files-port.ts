/** The port's `Files` for a simulated process. @module */
import type { FileHandle, FileLock, Files, FileStat, FileWatcher, OpenMode } from "../../../src/runtime/port.ts";
import { failure } from "../../../src/runtime/shared/errno.ts";
import type { SimProcess } from "../process/sim-process.ts";
import { SimFileHandle, statOf } from "./file-handle.ts";
import type { DirectoryInode, FileInode, Inode } from "./inode.ts";
import type { OperationKind, SimDisk } from "./sim-disk.ts";
import { demandRead, demandWrite, directoryOf, normalizePath, type Place } from "./tree.ts";

const UMASK = 0o022;
const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;

export class SimFiles implements Files {
  readonly #process: SimProcess;
  readonly #disk: SimDisk;

  constructor(process: SimProcess) {
    this.#process = process;
    this.#disk = process.host.disk;
  }

  read(path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#operate("read", path, "Read", (normalized, action) => {
      const inode = this.#existing(normalized, action);
      demandRead(inode, this.#process, action);
      if (inode.kind === "directory") throw failure("IS_A_DIRECTORY", action);
      if (inode.lengthBytes > maxBytes) {
        throw failure("BODY_TOO_LARGE", action, undefined, `more than ${maxBytes} bytes`);
      }
      return inode.read(0, inode.lengthBytes);
    });
  }

  open(path: string, openMode: OpenMode, options: { readonly mode?: number } = {}): Promise<FileHandle> {
    return this.#operate("name", path, "Open", (normalized, action) => {
      const place = this.#place(normalized, action);
      const file = place.inode === undefined
        ? this.#create(place, { openMode, mode: options.mode ?? FILE_MODE, action })
        : this.#openExisting(place.inode, openMode, action);
      if (place.inode === undefined || openMode === "create") this.#disk.watchers.changed(normalized);
      return new SimFileHandle(this.#process, file, { path: normalized, openMode });
    });
  }

  rename(from: string, to: string): Promise<void> {
    const normalizedTo = this.#normalize(to);
    return this.#operate("name", from, `Rename to ${normalizedTo}:`, (normalizedFrom, action) => {
      const source = this.#place(normalizedFrom, action);
      const target = this.#place(normalizedTo, action);
      this.#release(this.#disk.tree.rename(source, target, this.#process, action));
      this.#disk.watchers.changed(normalizedFrom);
      this.#disk.watchers.changed(normalizedTo);
    });
  }

  syncDirectory(path: string): Promise<void> {
    return this.#operate("sync", path, "Sync the directory", (normalized, action) => {
      const directory = this.#directory(normalized, action);
      if (this.#disk.drawSyncFailure()) throw failure("IO_ERROR", action);
      this.#disk.tree.journal.syncDirectory(directory);
    });
  }

  stat(path: string): Promise<FileStat> {
    return this.#operate("name", path, "Stat", (normalized, action) => statOf(this.#existing(normalized, action)));
  }

  makeDirectory(path: string, options: { readonly mode?: number } = {}): Promise<void> {
    return this.#operate("name", path, "Make the directory", (normalized, action) => {
      const mode = (options.mode ?? DIRECTORY_MODE) & ~UMASK;
      this.#makeDirectories(normalized, { mode, action });
    });
  }

  list(path: string): Promise<string[]> {
    return this.#operate("read", path, "List", (normalized, action) => {
      const directory = this.#directory(normalized, action);
      demandRead(directory, this.#process, action);
      return [...directory.live.keys()].sort();
    });
  }

  remove(path: string): Promise<void> {
    return this.#operate("name", path, "Remove", (normalized, action) => {
      this.#release(this.#disk.tree.remove(this.#place(normalized, action), this.#process, action));
      this.#disk.watchers.changed(normalized);
    });
  }

  removeDirectory(path: string): Promise<void> {
    return this.#operate("name", path, "Remove the directory", (normalized, action) => {
      this.#disk.tree.removeDirectory(this.#place(normalized, action), this.#process, action);
      this.#disk.watchers.changed(normalized);
    });
  }

  setMode(path: string, mode: number): Promise<void> {
    return this.#operate("name", path, "Set the mode of", (normalized, action) => {
      const inode = this.#existing(normalized, action);
      const { userId } = this.#process;
      if (userId !== 0 && userId !== inode.userId) throw failure("PERMISSION_DENIED", action);
      inode.mode = mode & 0o7777;
    });
  }

  setOwner(path: string, userId: number, groupId: number): Promise<void> {
    return this.#operate("name", path, "Set the owner of", (normalized, action) => {
      const inode = this.#existing(normalized, action);
      const isSame = inode.userId === userId && inode.groupId === groupId;
      const mayGive = this.#process.userId === 0 || (isSame && inode.userId === this.#process.userId);
      if (!mayGive) throw failure("PERMISSION_DENIED", action);
      inode.userId = userId;
      inode.groupId = groupId;
    });
  }

  watch(path: string, onChange: () => void): FileWatcher {
    return this.#disk.watchers.add(this.#process, this.#normalize(path), onChange);
  }

  lock(path: string): Promise<FileLock> {
    return this.#operate("name", path, "Lock", (normalized, action) => {
      const place = this.#place(normalized, action);
      const file = place.inode === undefined
        ? this.#create(place, { openMode: "append", mode: FILE_MODE, action })
        : this.#openExisting(place.inode, "append", action);
      if (file.lengthBytes > 0) throw failure("IO_ERROR", action, undefined, "a file with content");
      if (this.#disk.locks.has(file)) throw failure("LOCK_HELD", action, undefined, "a lock held by another");
      return this.#hold(file);
    });
  }

  freeSpace(path: string): Promise<{ freeBytes: number; totalBytes: number }> {
    return this.#operate("name", path, "Look at the free space of", (normalized, action) => {
      this.#existing(normalized, action);
      return { freeBytes: this.#disk.freeBytes, totalBytes: this.#disk.capacityBytes };
    });
  }

  #operate<T>(kind: OperationKind, path: string, verb: string, work: (path: string, action: string) => T): Promise<T> {
    const normalized = this.#normalize(path);
    const action = `${verb} ${normalized}`;
    return this.#disk.operate(this.#process, { kind, path: normalized, action }, () => work(normalized, action));
  }

  #normalize(path: string): string {
    return normalizePath(path, this.#process.host.workingDirectoryOf(this.#process.options));
  }

  #place(path: string, action: string): Place {
    return this.#disk.tree.place(path, this.#process, action);
  }

  #existing(path: string, action: string): Inode {
    return this.#disk.tree.existing(path, this.#process, action);
  }

  #directory(path: string, action: string): DirectoryInode {
    const inode = this.#existing(path, action);
    if (inode.kind !== "directory") throw failure("NOT_A_DIRECTORY", action);
    return inode;
  }

  #create(
    place: Place,
    init: { readonly openMode: OpenMode; readonly mode: number; readonly action: string },
  ): FileInode {
    if (init.openMode === "read" || init.openMode === "modify") throw failure("FILE_NOT_FOUND", init.action);
    if (this.#disk.freeBytes === 0) throw failure("DISK_FULL", init.action);
    const mode = init.mode & ~UMASK;
    return this.#disk.tree.createFile(place, this.#process, { mode, atMs: this.#disk.nowMs, action: init.action });
  }

  #openExisting(inode: Inode, openMode: OpenMode, action: string): FileInode {
    if (openMode === "createNew") throw failure("FILE_EXISTS", action);
    if (inode.kind === "directory") throw failure("IS_A_DIRECTORY", action);
    demandRead(inode, this.#process, action);
    if (openMode !== "read") demandWrite(inode, this.#process, action);
    if (openMode === "create" && inode.lengthBytes > 0) {
      this.#disk.use(-inode.lengthBytes);
      inode.truncate(0);
    }
    return inode;
  }

  #makeDirectories(path: string, init: { readonly mode: number; readonly action: string }): void {
    const { action } = init;
    const inode = this.#disk.tree.look(path);
    if (inode?.kind === "directory") return;
    if (inode !== undefined) throw failure("FILE_EXISTS", action);
    const parent = directoryOf(path);
    if (this.#disk.tree.look(parent)?.kind === "file") throw failure("NOT_A_DIRECTORY", action);
    this.#makeDirectories(parent, init);
    const place = this.#place(path, action);
    if (this.#disk.freeBytes === 0) throw failure("DISK_FULL", action);
    this.#disk.tree.createDirectory(place, this.#process, { mode: init.mode, atMs: this.#disk.nowMs, action });
    this.#disk.watchers.changed(path);
  }

  /** Gives the room of a file back whose name is gone. */
  #release(inode: Inode | undefined): void {
    if (inode?.kind === "file") this.#disk.use(-inode.lengthBytes);
  }

  #hold(file: FileInode): FileLock {
    const { locks } = this.#disk;
    const process = this.#process;
    locks.add(file);
    const resource = { keepsAlive: false, drop: () => locks.delete(file) };
    process.own(resource);
    let isHeld = true;
    return {
      release: () =>
        process.operation(0, () => {
          if (!isHeld) return;
          isHeld = false;
          locks.delete(file);
          process.disown(resource);
        }),
    };
  }
}
