/**
 * The port's part for the embedded database, as types only.
 *
 * @module
 */

/** A value SQLite takes and gives. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/** A prepared statement. Synchronous: SQLite is in our process, and a call takes microseconds. */
export interface SqlStatement {
  run(...values: SqlValue[]): void;
  get(...values: SqlValue[]): Record<string, SqlValue> | undefined;
  all(...values: SqlValue[]): Record<string, SqlValue>[];
}

/** An open embedded SQLite database. Errors are `DATABASE_ERROR`, `DISK_FULL`, `LOCK_HELD`. */
export interface SqlDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqlStatement;
  /** Idempotent. */
  close(): void;
}

/** The embedded database that all three runtimes carry. Its module is loaded on the first `open`. */
export interface Databases {
  open(path: string): Promise<SqlDatabase>;
}
