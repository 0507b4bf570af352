/** Paths, look-ups and permissions of a simulated disk. @module */
import type { ErrorCode } from "../../../src/errors.ts";
import { failure } from "../../../src/runtime/shared/errno.ts";
import { DirectoryInode, FileInode, type Inode } from "./inode.ts";
import { Journal } from "./journal.ts";

/** Who asks. User 0 may do everything. */
export interface Credentials {
  readonly userId: number;
  readonly groupId: number;
}

/** The kernel's own hand, and the scenario's. */
export const SUPERUSER: Credentials = { userId: 0, groupId: 0 };

/** A place for a name: its directory, and what is there, if anything. */
export interface Place {
  readonly directory: DirectoryInode;
  readonly name: string;
  readonly inode: Inode | undefined;
}

const READ = 4;
const WRITE = 2;
const SEARCH = 1;

/** The path made absolute, without `.`, `..` and doubled slashes. */
export function normalizePath(path: string, workingDirectory: string): string {
  const names: string[] = [];
  for (const name of (path.startsWith("/") ? path : `${workingDirectory}/${path}`).split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return `/${names.join("/")}`;
}

/** The directory of a normalized path. */
export function directoryOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

/** Refuses what the permission bits do not allow. @throws `PERMISSION_DENIED` */
function demand(inode: Inode, who: Credentials, { bit, action }: { bit: number; action: string }): void {
  if (who.userId === 0) return;
  const shift = who.userId === inode.userId ? 6 : who.groupId === inode.groupId ? 3 : 0;
  if (((inode.mode >> shift) & bit) === 0) throw failure("PERMISSION_DENIED", action);
}

export function demandRead(inode: Inode, who: Credentials, action: string): void {
  demand(inode, who, { bit: READ, action });
}

export function demandWrite(inode: Inode, who: Credentials, action: string): void {
  demand(inode, who, { bit: WRITE, action });
}

/** The names of a disk. Every method takes normalized paths. */
export class Tree {
  readonly root: DirectoryInode;
  readonly journal = new Journal();
  #nextId = 2;

  constructor() {
    this.root = new DirectoryInode({ id: 1, mode: 0o777, userId: 0, groupId: 0, modifiedAtMs: 0 });
  }

  /**
   * @throws `FILE_NOT_FOUND`, `NOT_A_DIRECTORY`, `PERMISSION_DENIED` for the directories on the way, not for the last
   * name
   */
  place(path: string, who: Credentials, action: string): Place {
    const names = path.split("/").filter((name) => name !== "");
    const name = names.pop();
    let directory = this.root;
    if (name === undefined) return { directory, name: ".", inode: directory };
    for (const step of names) {
      demand(directory, who, { bit: SEARCH, action });
      const next = directory.live.get(step);
      if (next === undefined) throw failure("FILE_NOT_FOUND", action);
      if (next.kind !== "directory") throw failure("NOT_A_DIRECTORY", action);
      directory = next;
    }
    demand(directory, who, { bit: SEARCH, action });
    return { directory, name, inode: directory.live.get(name) };
  }

  /** @throws `FILE_NOT_FOUND` besides what `place` throws */
  existing(path: string, who: Credentials, action: string): Inode {
    const { inode } = this.place(path, who, action);
    if (inode === undefined) throw failure("FILE_NOT_FOUND", action);
    return inode;
  }

  /** The inode, or `undefined` for whatever reason there is none. For scenarios. */
  look(path: string): Inode | undefined {
    let inode: Inode | undefined = this.root;
    for (const name of path.split("/").filter((part) => part !== "")) {
      inode = inode?.kind === "directory" ? inode.live.get(name) : undefined;
    }
    return inode;
  }

  createFile(
    { directory, name }: Place,
    who: Credentials,
    init: { mode: number; atMs: number; action: string },
  ): FileInode {
    demandWrite(directory, who, init.action);
    const inode = new FileInode({ id: this.#nextId++, mode: init.mode, ...idsOf(who), modifiedAtMs: init.atMs });
    this.journal.record([{ directory, name, inode }]);
    directory.modifiedAtMs = init.atMs;
    return inode;
  }

  /** A file without a name, for what lives in memory only. */
  createLoose(): FileInode {
    return new FileInode({ id: this.#nextId++, mode: 0o600, ...SUPERUSER, modifiedAtMs: 0 });
  }

  createDirectory(
    { directory, name }: Place,
    who: Credentials,
    init: { mode: number; atMs: number; action: string },
  ): DirectoryInode {
    demandWrite(directory, who, init.action);
    const inode = new DirectoryInode({ id: this.#nextId++, mode: init.mode, ...idsOf(who), modifiedAtMs: init.atMs });
    this.journal.record([{ directory, name, inode }]);
    directory.modifiedAtMs = init.atMs;
    return inode;
  }

  /** @returns what the new name stood for before */
  rename(from: Place, to: Place, who: Credentials, action: string): Inode | undefined {
    if (from.inode === undefined) throw failure("FILE_NOT_FOUND", action);
    demandWrite(from.directory, who, action);
    demandWrite(to.directory, who, action);
    if (from.inode === to.inode) return undefined;
    const refusal = whyNotReplaced(from.inode, to.inode);
    if (refusal !== undefined) throw failure(refusal, action);
    this.journal.record([
      { directory: from.directory, name: from.name, inode: undefined },
      { directory: to.directory, name: to.name, inode: from.inode },
    ]);
    return to.inode;
  }

  remove({ directory, name, inode }: Place, who: Credentials, action: string): Inode {
    if (inode === undefined) throw failure("FILE_NOT_FOUND", action);
    demandWrite(directory, who, action);
    if (inode.kind === "directory") throw failure("IS_A_DIRECTORY", action);
    this.journal.record([{ directory, name, inode: undefined }]);
    return inode;
  }

  removeDirectory({ directory, name, inode }: Place, who: Credentials, action: string): void {
    if (inode === undefined) throw failure("FILE_NOT_FOUND", action);
    demandWrite(directory, who, action);
    if (inode.kind !== "directory") throw failure("NOT_A_DIRECTORY", action);
    if (inode.live.size > 0) throw failure("FILE_EXISTS", action);
    this.journal.record([{ directory, name, inode: undefined }]);
  }

  /** Every inode that a name leads to. */
  *inodes(from: DirectoryInode = this.root): Generator<Inode> {
    yield from;
    for (const inode of from.live.values()) {
      if (inode.kind === "directory") yield* this.inodes(inode);
      else yield inode;
    }
  }

  /** The running system sees what the disk holds. */
  reload(directory: DirectoryInode = this.root): void {
    directory.live = new Map(directory.durable);
    for (const inode of directory.live.values()) if (inode.kind === "directory") this.reload(inode);
  }
}

/** Who asks may be a whole process. */
function idsOf({ userId, groupId }: Credentials): Credentials {
  return { userId, groupId };
}

function whyNotReplaced(from: Inode, to: Inode | undefined): ErrorCode | undefined {
  if (to === undefined) return undefined;
  if (to.kind === "file") return from.kind === "file" ? undefined : "NOT_A_DIRECTORY";
  if (from.kind === "file") return "IS_A_DIRECTORY";
  return to.live.size > 0 ? "FILE_EXISTS" : undefined;
}
