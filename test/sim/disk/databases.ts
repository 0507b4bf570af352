/**
 * The databases of a simulated disk: one shared SQLite database in memory for each file that stands for one.
 *
 * Connections are SQLite's own, so transactions, constraints and locks between them are real; a process that ends has
 * its connections closed, which rolls back what it had not committed.
 *
 * Not covered: a power cut keeps every committed transaction (as with `synchronous = FULL`), whatever `PRAGMA
 * synchronous` says; `journal_mode = WAL` answers `memory`, and a reader meets `LOCK_HELD` where WAL would show it the
 * state before an open write transaction; the file holds SQLite's first 16 bytes only, and its size does not count as
 * used.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { SqlDatabase } from "../../../src/runtime/port.ts";
import { createDatabases } from "../../../src/runtime/shared/database.ts";
import type { FileInode, Inode } from "./inode.ts";
import type { SimDisk } from "./sim-disk.ts";

/** How SQLite's files begin. Source: https://sqlite.org/fileformat2.html, section 1.3 */
export const DATABASE_HEADER: Uint8Array<ArrayBuffer> = new TextEncoder().encode("SQLite format 3\0");

const PAGE_BYTES = 4096;
const PAGES_MAX = 2 ** 32 - 2;

interface Stored {
  readonly uri: string;
  /** Holds the memory while nobody has the database open. */
  readonly keeper: DatabaseSync;
}

export class StoredDatabases {
  readonly #disk: SimDisk;
  readonly #stored = new Map<FileInode, Stored>();
  readonly #real = createDatabases();

  constructor(disk: SimDisk) {
    this.#disk = disk;
  }

  /** Opens a connection to the database that the file stands for. */
  open(file: FileInode): Promise<SqlDatabase> {
    return this.#real.open(this.#storedFor(file).uri);
  }

  /** Lets SQLite meet `DISK_FULL` where the disk would. Called before statements while the room is limited. */
  limitPages(file: FileInode): void {
    const { keeper } = this.#storedFor(file);
    const { freeBytes } = this.#disk;
    const { page_count: pageCount } = keeper.prepare("PRAGMA page_count").get() as { page_count: number };
    const pages = Math.min(PAGES_MAX, pageCount + Math.floor(freeBytes / PAGE_BYTES));
    keeper.exec(`PRAGMA max_page_count = ${pages}`);
  }

  /** Forgets databases whose file is gone. */
  keepOnly(remaining: ReadonlySet<Inode>): void {
    for (const [file, { keeper }] of this.#stored) {
      if (remaining.has(file)) continue;
      keeper.close();
      this.#stored.delete(file);
    }
  }

  #storedFor(file: FileInode): Stored {
    const known = this.#stored.get(file);
    if (known !== undefined) return known;
    const { DatabaseSync: Constructor } = process.getBuiltinModule("node:sqlite");
    // The names are the whole process's, also where each test file gets a fresh copy of this module; never traced.
    const uri = `file:barnacle-sim-${randomUUID()}?mode=memory&cache=shared`;
    const stored = { uri, keeper: new Constructor(uri) };
    this.#stored.set(file, stored);
    return stored;
  }
}
