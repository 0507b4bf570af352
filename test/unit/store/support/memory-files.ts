/**
 * Files in memory that can fail at any step and lose what was not synced in a power cut.
 *
 * A name and the content behind it become durable apart, as on a real disk: content by `sync`, names by `syncDirectory`.
 */
import { BarnacleError, type ErrorCode } from "../../../../src/errors.ts";
import type { FileHandle, FileLock, Files, FileStat, OpenMode } from "../../../../src/runtime/port.ts";

interface Inode {
  readonly id: number;
  bytes: Uint8Array<ArrayBuffer>;
  durableBytes: Uint8Array<ArrayBuffer>;
  mode: number;
  userId: number;
  groupId: number;
}

const SELF = { userId: 1000, groupId: 1000 };

export class MemoryFiles implements Files {
  /** Every operation in order, such as `sync /d/file`. */
  readonly operations: string[] = [];
  /** Asked before each operation; what it returns is thrown. */
  fault: (operation: string, index: number) => ErrorCode | undefined = () => undefined;
  #inodes = 0;
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  readonly #directories = new Map<string, number>([["/", 0o755]]);
  readonly #locks = new Set<string>();

  constructor(contents: Readonly<Record<string, string>> = {}) {
    for (const [path, text] of Object.entries(contents)) this.put(path, text);
  }

  /** Sets a file, durable at once, with its directories. */
  put(path: string, text: string, attributes: { mode?: number; userId?: number; groupId?: number } = {}): void {
    const bytes = new TextEncoder().encode(text);
    const inode = { ...this.#newInode(attributes.mode ?? 0o644), ...attributes, bytes, durableBytes: bytes };
    this.#names.set(path, inode);
    this.#durableNames.set(path, inode);
    for (let at = path.indexOf("/", 1); at !== -1; at = path.indexOf("/", at + 1)) {
      this.putDirectory(path.slice(0, at));
    }
  }

  putDirectory(path: string, mode = 0o755): void {
    if (!this.#directories.has(path)) this.#directories.set(path, mode);
  }

  /** The file's text; `undefined` when there is none. */
  text(path: string): string | undefined {
    const inode = this.#names.get(path);
    return inode === undefined ? undefined : new TextDecoder().decode(inode.bytes);
  }

  /** The file's permission bits; `undefined` when there is none. */
  modeOf(path: string): number | undefined {
    return this.#names.get(path)?.mode;
  }

  /** Paths of all files, sorted. */
  paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  /** Cuts the power. `names`: whether names that were not synced happened to reach the disk. Content that was not synced never does. */
  cutPower(names: "kept" | "lost"): void {
    if (names === "lost") this.#names = new Map(this.#durableNames);
    for (const inode of this.#names.values()) inode.bytes = inode.durableBytes;
    this.#locks.clear();
    this.fault = () => undefined;
  }

  read(path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#step(`read ${path}`, () => {
      const { bytes } = this.#inode(path);
      if (bytes.length > maxBytes) throw failure("BODY_TOO_LARGE", path);
      return bytes.slice();
    });
  }

  open(path: string, openMode: OpenMode, options: { readonly mode?: number } = {}): Promise<FileHandle> {
    return this.#step(`open ${path}`, () => {
      const existing = this.#names.get(path);
      if (openMode === "createNew" && existing !== undefined) throw failure("FILE_EXISTS", path);
      if (existing !== undefined) return this.#handle(path, existing);
      if (openMode === "read" || openMode === "modify") throw failure("FILE_NOT_FOUND", path);
      if (!this.#directories.has(parentOf(path))) throw failure("FILE_NOT_FOUND", path);
      const inode = this.#newInode((options.mode ?? 0o644) & ~0o022);
      this.#names.set(path, inode);
      return this.#handle(path, inode);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#step(`rename ${from} ${to}`, () => {
      this.#names.set(to, this.#inode(from));
      this.#names.delete(from);
    });
  }

  syncDirectory(path: string): Promise<void> {
    return this.#step(`syncDirectory ${path}`, () => {
      for (const name of this.#durableNames.keys()) if (parentOf(name) === path) this.#durableNames.delete(name);
      for (const [name, inode] of this.#names) if (parentOf(name) === path) this.#durableNames.set(name, inode);
    });
  }

  stat(path: string): Promise<FileStat> {
    return this.#step(`stat ${path}`, () => {
      const directoryMode = this.#directories.get(path);
      const common = { modifiedAtMs: 0, sizeBytes: 0, fileId: 0, ...SELF };
      if (directoryMode !== undefined) return { ...common, kind: "directory" as const, mode: directoryMode };
      return statOf(this.#inode(path));
    });
  }

  makeDirectory(path: string, options: { readonly mode?: number } = {}): Promise<void> {
    return this.#step(`makeDirectory ${path}`, () => this.putDirectory(path, options.mode ?? 0o755));
  }

  list(path: string): Promise<string[]> {
    return this.#step(`list ${path}`, () => {
      if (!this.#directories.has(path)) throw failure("FILE_NOT_FOUND", path);
      const all = [...this.#names.keys(), ...this.#directories.keys()];
      return all.filter((name) => name !== "/" && parentOf(name) === path)
        .map((name) => name.slice(name.lastIndexOf("/") + 1)).sort();
    });
  }

  remove(path: string): Promise<void> {
    return this.#step(`remove ${path}`, () => {
      this.#inode(path);
      this.#names.delete(path);
    });
  }

  removeDirectory(path: string): Promise<void> {
    return this.#step(`removeDirectory ${path}`, () => {
      const inside = [...this.#names.keys(), ...this.#directories.keys()].some((name) => parentOf(name) === path);
      if (inside) throw failure("FILE_EXISTS", path);
      if (!this.#directories.delete(path)) throw failure("FILE_NOT_FOUND", path);
    });
  }

  setMode(path: string, mode: number): Promise<void> {
    return this.#step(`setMode ${path}`, () => {
      this.#inode(path).mode = mode;
    });
  }

  setOwner(path: string, userId: number, groupId: number): Promise<void> {
    return this.#step(`setOwner ${path}`, () => {
      Object.assign(this.#inode(path), { userId, groupId });
    });
  }

  lock(path: string): Promise<FileLock> {
    return this.#step(`lock ${path}`, () => {
      if (this.#locks.has(path)) throw failure("LOCK_HELD", path);
      this.#locks.add(path);
      return { release: () => Promise.resolve(void this.#locks.delete(path)) };
    });
  }

  watch(): never {
    throw new Error("not simulated");
  }

  freeSpace(): never {
    throw new Error("not simulated");
  }

  #handle(path: string, inode: Inode): FileHandle {
    let written = 0;
    const sync = () => this.#step(`sync ${path}`, () => void (inode.durableBytes = inode.bytes));
    return {
      readAt: (offset, length) => this.#step(`readAt ${path}`, () => inode.bytes.slice(offset, offset + length)),
      write: (data) =>
        this.#step(`write ${path}`, () => {
          inode.bytes = joined(inode.bytes.subarray(0, written), data);
          written += data.length;
        }),
      sync,
      syncData: sync,
      truncate: (length) => this.#step(`truncate ${path}`, () => void (inode.bytes = inode.bytes.slice(0, length))),
      stat: () => this.#step(`stat ${path}`, () => statOf(inode)),
      close: () => this.#step(`close ${path}`, () => {}),
    };
  }

  #newInode(mode: number): Inode {
    const empty = new Uint8Array(0);
    return { id: ++this.#inodes, bytes: empty, durableBytes: empty, mode, ...SELF };
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw failure(this.#directories.has(path) ? "IS_A_DIRECTORY" : "FILE_NOT_FOUND", path);
    return inode;
  }

  async #step<T>(operation: string, act: () => T): Promise<T> {
    this.operations.push(operation);
    const code = this.fault(operation, this.operations.length - 1);
    if (code !== undefined) throw failure(code, operation);
    return await Promise.resolve(act());
  }
}

function statOf(inode: Inode): FileStat {
  const { mode, userId, groupId, id } = inode;
  return { kind: "file", sizeBytes: inode.bytes.length, modifiedAtMs: 0, fileId: id, mode, userId, groupId };
}

function failure(code: ErrorCode, action: string): BarnacleError {
  return new BarnacleError({ code, action });
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(left.length + right.length);
  bytes.set(left);
  bytes.set(right, left.length);
  return bytes;
}
