/**
 * The disk of a simulated host: what survives its processes and, as far as it was synced, its power.
 *
 * @module
 */
import type { ErrorCode } from "../../../src/errors.ts";
import { failure } from "../../../src/runtime/shared/errno.ts";
import { drawMs } from "../draw.ts";
import type { DropReason, SimProcess } from "../process/sim-process.ts";
import type { SeededRandom } from "../random.ts";
import type { SimWorld } from "../world.ts";
import { StoredDatabases } from "./databases.ts";
import type { CrashOutcome, FileInode, Inode } from "./inode.ts";
import { directoryOf, normalizePath, SUPERUSER, Tree } from "./tree.ts";
import { Watchers } from "./watchers.ts";

/** What an operation does, as far as faults and latency care. */
export type OperationKind = "read" | "write" | "sync" | "name";

/** Errors that operations on one path meet until it is mended. */
export type BrokenPath = Readonly<Partial<Record<OperationKind, ErrorCode>>>;

const DEFAULT_CAPACITY_BYTES = 2 ** 40;

export class SimDisk {
  readonly tree = new Tree();
  readonly watchers: Watchers;
  readonly databases: StoredDatabases;
  /** Who holds the lock that a file stands for. */
  readonly locks = new Set<FileInode>();
  readonly random: SeededRandom;
  /** Operations so far, failed ones included. */
  operationCount = 0;
  readonly #world: SimWorld;
  readonly #label: string;
  readonly #broken = new Map<string, BrokenPath>();
  #capacityBytes = DEFAULT_CAPACITY_BYTES;
  #usedBytes = 0;

  constructor(world: SimWorld, label: string, random: SeededRandom) {
    this.#world = world;
    this.#label = label;
    this.random = random;
    this.watchers = new Watchers(random);
    this.databases = new StoredDatabases(this);
  }

  get nowMs(): number {
    return this.#world.clock.wallMs();
  }

  get capacityBytes(): number {
    return this.#capacityBytes;
  }

  get freeBytes(): number {
    return Math.max(0, this.#capacityBytes - this.#usedBytes);
  }

  /** Whether the scenario has set how much room there is. */
  get isLimited(): boolean {
    return this.#capacityBytes !== DEFAULT_CAPACITY_BYTES;
  }

  /** Leaves room for so many bytes more; what lies beyond meets `DISK_FULL`. */
  limitFree(bytes: number): void {
    this.#capacityBytes = this.#usedBytes + bytes;
  }

  /** Accounts for files that grew, shrank or went. */
  use(bytes: number): void {
    this.#usedBytes += bytes;
  }

  /** Makes operations on `path` fail until {@link mend}: `disk.break("/work/log", { sync: "IO_ERROR" })`. */
  break(path: string, broken: BrokenPath): void {
    this.#broken.set(normalizePath(path, "/"), broken);
  }

  /** Mends every path. */
  mendAll(): void {
    this.#broken.clear();
  }

  mend(path: string): void {
    this.#broken.delete(normalizePath(path, "/"));
  }

  /**
   * Puts a file there by the scenario's hand, with its directories: at once, safe from power cuts, seen by watchers.
   */
  put(path: string, content: string | Uint8Array, { mode = 0o666 }: { readonly mode?: number } = {}): void {
    const normalized = normalizePath(path, "/");
    this.putDirectory(directoryOf(normalized));
    const place = this.tree.place(normalized, SUPERUSER, `Put ${path}`);
    if (place.inode?.kind === "directory") throw failure("IS_A_DIRECTORY", `Put ${path}`);
    const file = place.inode ??
      this.tree.createFile(place, SUPERUSER, { mode, atMs: this.nowMs, action: `Put ${path}` });
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    this.use(bytes.length - file.lengthBytes);
    file.truncate(0);
    file.write(0, bytes);
    file.sync();
    file.modifiedAtMs = this.nowMs;
    this.tree.journal.syncDirectory(place.directory);
    this.watchers.changed(normalized);
  }

  /** Removes a file by the scenario's hand, for good; does nothing where there is none. */
  remove(path: string): void {
    const normalized = normalizePath(path, "/");
    if (this.tree.look(normalized)?.kind !== "file") return;
    const place = this.tree.place(normalized, SUPERUSER, `Remove ${path}`);
    const inode = this.tree.remove(place, SUPERUSER, `Remove ${path}`);
    if (inode.kind === "file") this.use(-inode.lengthBytes);
    this.tree.journal.syncDirectory(place.directory);
    this.watchers.changed(normalized);
  }

  /** As {@link put}, but another file takes the place of the one that is there, as when one is renamed to it. */
  replace(path: string, content: string | Uint8Array, options: { readonly mode?: number } = {}): void {
    this.remove(path);
    this.put(path, content, options);
  }

  /** Makes a directory and its parents by the scenario's hand, writable by all and safe. */
  putDirectory(path: string): void {
    const normalized = normalizePath(path, "/");
    if (normalized === "/") return;
    this.putDirectory(directoryOf(normalized));
    const place = this.tree.place(normalized, SUPERUSER, `Make ${path}`);
    if (place.inode === undefined) {
      this.tree.createDirectory(place, SUPERUSER, { mode: 0o777, atMs: this.nowMs, action: `Make ${path}` });
    }
    this.tree.journal.syncDirectory(place.directory);
  }

  /** A file's bytes as the running system sees them; `undefined` when there is no such file. */
  bytes(path: string): Uint8Array<ArrayBuffer> | undefined {
    const inode = this.tree.look(normalizePath(path, "/"));
    return inode?.kind === "file" ? inode.read(0, inode.lengthBytes) : undefined;
  }

  text(path: string): string | undefined {
    const bytes = this.bytes(path);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  }

  /** The names in a directory, sorted; empty when there is none. */
  names(path: string): string[] {
    const inode = this.tree.look(normalizePath(path, "/"));
    return inode?.kind === "directory" ? [...inode.live.keys()].sort() : [];
  }

  /** Bytes of a file that a power cut could take. */
  unsyncedBytes(path: string): number {
    const inode = this.tree.look(normalizePath(path, "/"));
    return inode?.kind === "file" ? inode.unsyncedBytes : 0;
  }

  /**
   * An operation of a process: `work` takes effect after a while, unless a fault or the end of the process comes first.
   *
   * @param onDrop what a process that ends in the middle leaves behind
   */
  operate<T>(
    process: SimProcess,
    operation: { readonly kind: OperationKind; readonly path: string; readonly action: string },
    work: () => T,
    onDrop?: (reason: DropReason) => void,
  ): Promise<T> {
    const { latencyMs, syncLatencyMs } = this.#world.faults.disk;
    this.operationCount++;
    this.#world.note(`${process.label} disk ${operation.action}`);
    const delayMs = drawMs(this.random, operation.kind === "sync" ? syncLatencyMs : latencyMs);
    const promise = process.operation(delayMs, () => {
      this.#meetFault(operation);
      return work();
    }, onDrop);
    process.countDiskOperation();
    return promise;
  }

  /** Whether this sync fails, by the seed. */
  drawSyncFailure(): boolean {
    return this.random.chance(this.#world.faults.disk.syncFailureRate);
  }

  /** Leaves what a power cut leaves. */
  powerCut(outcome: CrashOutcome): void {
    const { reordersUnsynced } = this.#world.faults.disk;
    const files = new Set<Inode>(this.tree.inodes());
    for (const file of files) if (file.kind === "file") file.powerCut(outcome, this.random, reordersUnsynced);
    this.tree.journal.powerCut(outcome, this.random);
    this.tree.reload();
    const remaining = new Set<Inode>();
    this.#usedBytes = 0;
    for (const inode of this.tree.inodes()) {
      remaining.add(inode);
      if (inode.kind !== "file") continue;
      // A name that came back may lead to a file that had none.
      if (!files.has(inode)) inode.powerCut(outcome, this.random, reordersUnsynced);
      this.#usedBytes += inode.lengthBytes;
    }
    this.databases.keepOnly(remaining);
    this.#world.note(`${this.#label} disk recovered`);
  }

  #meetFault({ kind, path, action }: { kind: OperationKind; path: string; action: string }): void {
    const code = this.#broken.get(path)?.[kind];
    if (code !== undefined) throw failure(code, action);
    if (kind === "read" && this.random.chance(this.#world.faults.disk.readErrorRate)) throw failure("IO_ERROR", action);
  }
}
