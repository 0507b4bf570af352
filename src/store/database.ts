/**
 * The recipe for files of the embedded database: opening, checking, migrating.
 *
 * @module
 */
import { BarnacleError, isBarnacleError, toBarnacleError } from "../errors.ts";
import type { Databases, SqlDatabase } from "../runtime/port.ts";

/** How long a write waits for another process, which holds the database for a few milliseconds at a time. */
const BUSY_TIMEOUT_MS = 2_000;
/** A log that grew in a burst is cut to this at the next checkpoint. */
const WAL_BYTES_KEPT = 64 * 1024 * 1024;
/** What is kept here is written at its end and read side by side: larger pages take a quarter off the work of a flush. */
const PAGE_BYTES = 16_384;

/** A kind of database: what is in it, and what its operator is told. */
export interface DatabaseKind {
  /** In errors: `the hub's database`. */
  readonly name: string;
  /** Each takes the schema from its index to the next; `PRAGMA user_version` says how many are done. */
  readonly migrations: readonly string[];
  /** What was wanted in place of a damaged one. */
  readonly wanted: string;
  /** What to do about a damaged one. */
  readonly damagedHint: string;
  /** What to do about one that a newer version wrote. */
  readonly newerHint: string;
}

/**
 * Opens a database, making it when there is none. What was committed survives the end of the process and of the power.
 *
 * @throws `DATABASE_ERROR` when the file is damaged, is none of ours, or is of a newer version; nothing is changed
 * then. `LOCK_HELD`, `PERMISSION_DENIED`, `DISK_FULL`
 */
export async function openDatabase(databases: Databases, path: string, kind: DatabaseKind): Promise<SqlDatabase> {
  const { migrations, name } = kind;
  const action = `Open ${name} ${path}`;
  let database: SqlDatabase | undefined;
  try {
    database = await databases.open(path);
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    const version = checkVersion(database, kind, action);
    if (version === 0) database.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${WAL_BYTES_KEPT}`,
    );
    if (version < migrations.length) migrate(database, migrations);
    return database;
  } catch (thrown) {
    database?.close();
    throw explainDamage(thrown, action, kind);
  }
}

/** Adds to a fault of the database what to do about it; other errors stay as they are. */
export function explainDamage(thrown: unknown, action: string, kind: DatabaseKind): BarnacleError {
  if (!isBarnacleError(thrown, "DATABASE_ERROR") || thrown.hint !== undefined) return toBarnacleError(thrown, action);
  return new BarnacleError({
    code: "DATABASE_ERROR",
    action,
    value: thrown.value ?? thrown.message,
    wanted: kind.wanted,
    hint: kind.damagedHint,
    cause: thrown,
  });
}

/** Does `work` entirely or not at all. */
export function inTransaction(database: SqlDatabase, work: () => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    work();
    database.exec("COMMIT");
  } catch (thrown) {
    rollBack(database);
    throw thrown;
  }
}

/** SQLite has often rolled back by itself; then this fails, and nothing is open, which is what was wanted. */
export function rollBack(database: SqlDatabase): void {
  try {
    database.exec("ROLLBACK");
  } catch (thrown) {
    if (!isBarnacleError(thrown)) throw thrown;
  }
}

function checkVersion(database: SqlDatabase, { migrations, newerHint }: DatabaseKind, action: string): number {
  const version = readNumber(database, "PRAGMA user_version", "user_version");
  if (version > migrations.length) {
    throw new BarnacleError({
      code: "DATABASE_ERROR",
      action,
      value: `schema version ${version}`,
      wanted: `at most ${migrations.length}`,
      hint: newerHint,
    });
  }
  if (version === 0 && readNumber(database, "SELECT count(*) AS tables FROM sqlite_master", "tables") > 0) {
    throw new BarnacleError({ code: "DATABASE_ERROR", action, value: "a database of another program" });
  }
  return version;
}

/** In one transaction, and looked at again inside it: another process may just have done it. */
function migrate(database: SqlDatabase, migrations: readonly string[]): void {
  inTransaction(database, () => {
    const version = readNumber(database, "PRAGMA user_version", "user_version");
    for (const migration of migrations.slice(version)) database.exec(migration);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
  });
}

function readNumber(database: SqlDatabase, sql: string, column: string): number {
  return Number(database.prepare(sql).get()?.[column]);
}
