/**
 * The database of histories and host telemetry. It stands beside that of the instances, since it grows a thousand times larger, is
 * written in other rhythms, and may be thrown away without closing the hub to anybody.
 *
 * @module
 */
import type { Databases, SqlDatabase, SqlStatement, SqlValue } from "../../runtime/port.ts";
import { type DatabaseKind, openDatabase } from "../../store/mod.ts";
import { hubDatabaseKind } from "../database.ts";

const MIGRATIONS: readonly string[] = [
  `CREATE TABLE instances (
     number INTEGER PRIMARY KEY,
     id TEXT NOT NULL
   ) STRICT;
   CREATE TABLE journal (
     entry INTEGER PRIMARY KEY,
     span INTEGER NOT NULL,
     slots BLOB NOT NULL
   ) STRICT;
   CREATE TABLE slots (
     number INTEGER NOT NULL,
     span INTEGER NOT NULL,
     block BLOB NOT NULL,
     PRIMARY KEY (number, span)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE parts (
     number INTEGER NOT NULL,
     span INTEGER NOT NULL,
     block BLOB NOT NULL,
     PRIMARY KEY (number, span)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE heartbeats (
     identifier TEXT PRIMARY KEY,
     owner TEXT NOT NULL,
     heard_ms INTEGER NOT NULL,
     body TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;`,
];

/** The one with the histories and the heartbeats. */
export const HISTORY_DATABASE: DatabaseKind = hubDatabaseKind(
  "the hub's history",
  MIGRATIONS,
  "then histories begin anew",
);

export type BlockTable = "slots" | "parts";

/** A block as it is stored. */
export interface StoredBlock {
  readonly span: number;
  readonly block: Uint8Array;
}

/**
 * Opens it, making it when there is none.
 *
 * @throws `DATABASE_ERROR` when the file is damaged, is none of ours, or is of a newer version; `PERMISSION_DENIED`, `DISK_FULL`
 */
export function openHistoryDatabase(databases: Databases, path: string): Promise<SqlDatabase> {
  return openDatabase(databases, path, HISTORY_DATABASE);
}

/** The statements on histories. */
export class HistoryTables {
  readonly #addInstance: SqlStatement;
  readonly #removeInstance: SqlStatement;
  readonly #addEntry: SqlStatement;
  readonly #dropEntries: SqlStatement;
  readonly #put: Readonly<Record<BlockTable, SqlStatement>>;
  readonly #prune: Readonly<Record<BlockTable, SqlStatement>>;
  readonly #read: Readonly<Record<BlockTable, SqlStatement>>;
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
    this.#addInstance = database.prepare("INSERT INTO instances VALUES (?, ?)");
    this.#removeInstance = database.prepare("DELETE FROM instances WHERE number = ?");
    this.#addEntry = database.prepare("INSERT INTO journal (span, slots) VALUES (?, ?)");
    this.#dropEntries = database.prepare("DELETE FROM journal WHERE span <= ?");
    const forBoth = (sql: (table: BlockTable) => string) => ({
      slots: database.prepare(sql("slots")),
      parts: database.prepare(sql("parts")),
    });
    this.#put = forBoth((table) => `INSERT OR REPLACE INTO ${table} VALUES (?, ?, ?)`);
    this.#prune = forBoth((table) => `DELETE FROM ${table} WHERE number = ? AND span < ?`);
    this.#read = forBoth((table) =>
      `SELECT span, block FROM ${table} WHERE number = ? AND span BETWEEN ? AND ? ORDER BY span`
    );
  }

  addInstance(number: number, id: string): void {
    this.#addInstance.run(number, id);
  }

  /** Forgets an instance and all its blocks. */
  removeInstance(number: number): void {
    this.#removeInstance.run(number);
    this.prune("slots", number, Number.MAX_SAFE_INTEGER);
    this.prune("parts", number, Number.MAX_SAFE_INTEGER);
  }

  addEntry(span: number, slots: Uint8Array): void {
    this.#addEntry.run(span, slots);
  }

  /** Drops the journal of a span and of those before it. */
  dropEntries(span: number): void {
    this.#dropEntries.run(span);
  }

  putBlock(table: BlockTable, number: number, span: number, block: Uint8Array): void {
    this.#put[table].run(number, span, block);
  }

  /** Forgets an instance's blocks from before a span. */
  prune(table: BlockTable, number: number, span: number): void {
    this.#prune[table].run(number, span);
  }

  /** An instance's blocks of a range of spans, in their order. */
  readBlocks(table: BlockTable, number: number, fromSpan: number, toSpan: number): StoredBlock[] {
    return this.#read[table].all(number, fromSpan, toSpan).map((row) => ({
      span: Number(row["span"]),
      block: bytesOf(row["block"]),
    }));
  }

  /** Every instance, with the span of its last block; 0 without one. */
  readInstances(): { readonly number: number; readonly id: string; readonly lastSpan: number }[] {
    const rows = this.#database.prepare(
      "SELECT number, id, (SELECT max(span) FROM parts WHERE parts.number = instances.number) AS last FROM instances",
    ).all();
    return rows.map((row) => ({
      number: Number(row["number"]),
      id: String(row["id"]),
      lastSpan: Number(row["last"] ?? 0),
    }));
  }

  /** The journal, oldest entry first. */
  readJournal(): { readonly span: number; readonly slots: Uint8Array }[] {
    const rows = this.#database.prepare("SELECT span, slots FROM journal ORDER BY entry").all();
    return rows.map((row) => ({ span: Number(row["span"]), slots: bytesOf(row["slots"]) }));
  }
}

function bytesOf(value: SqlValue | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}
