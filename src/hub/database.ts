/**
 * The hub's databases: opening, checking, migrating. Both the running hub and the commands that keep its keys come
 * through here.
 *
 * @module
 */
import { BarnacleError, isBarnacleError, toBarnacleError } from "../errors.ts";
import type { Databases, SqlDatabase } from "../runtime/port.ts";

/** How long a write waits for another process, which holds the database for a few milliseconds at a time. */
const BUSY_TIMEOUT_MS = 2_000;
/** A log that grew in a burst is cut to this at the next checkpoint. */
const WAL_BYTES_KEPT = 64 * 1024 * 1024;

/** The log is written at its end and read from end to end: larger pages take a quarter off the work of a flush. */
const PAGE_BYTES = 16_384;

/** What beginning anew costs where the keys are kept. */
const KEYS_LOST = "then hub keys must be made anew";

/** Each takes the schema from its index to the next; `PRAGMA user_version` says how many are done. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE publications (
     entry INTEGER PRIMARY KEY,
     id TEXT NOT NULL,
     owner TEXT NOT NULL,
     verified INTEGER NOT NULL,
     heard_ms INTEGER NOT NULL,
     sequence INTEGER NOT NULL,
     message_ids TEXT NOT NULL,
     document TEXT NOT NULL
   ) STRICT;
   CREATE TABLE keys (
     id TEXT PRIMARY KEY,
     name TEXT NOT NULL,
     hash BLOB NOT NULL,
     created_ms INTEGER NOT NULL,
     revoked_ms INTEGER
   ) STRICT, WITHOUT ROWID;`,
];

/**
 * Opens the database, making it when there is none. What was committed survives the end of the process and of the
 * power.
 *
 * @throws `DATABASE_ERROR` when the file is damaged, is none of ours, or is of a newer version; nothing is changed
 * then. `LOCK_HELD`, `PERMISSION_DENIED`, `DISK_FULL`
 */
export function openHubDatabase(databases: Databases, path: string): Promise<SqlDatabase> {
  return openDatabase(databases, path, { name: "the hub's database", migrations: MIGRATIONS, loss: KEYS_LOST });
}

/** What kind of database is opened. */
export interface DatabaseKind {
  /** In errors: `the hub's database`. */
  readonly name: string;
  /** As {@link MIGRATIONS}. */
  readonly migrations: readonly string[];
  /** What beginning anew costs, for the hint. */
  readonly loss: string;
}

/** As {@link openHubDatabase}, for any kind. */
export async function openDatabase(
  databases: Databases,
  path: string,
  { name, migrations, loss }: DatabaseKind,
): Promise<SqlDatabase> {
  const action = `Open ${name} ${path}`;
  let database: SqlDatabase | undefined;
  try {
    database = await databases.open(path);
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    const version = checkVersion(database, migrations, action);
    if (version === 0) database.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${WAL_BYTES_KEPT}`,
    );
    if (version < migrations.length) migrate(database, migrations);
    return database;
  } catch (thrown) {
    database?.close();
    throw explainDamage(thrown, action, loss);
  }
}

/** Adds to a fault of the database what to do about it; other errors stay as they are. */
export function explainDamage(thrown: unknown, action: string, loss: string = KEYS_LOST): BarnacleError {
  if (!isBarnacleError(thrown, "DATABASE_ERROR") || thrown.hint !== undefined) return toBarnacleError(thrown, action);
  return new BarnacleError({
    code: "DATABASE_ERROR",
    action,
    value: thrown.value ?? thrown.message,
    wanted: "a sound database of the hub",
    hint: "the file is damaged or belongs to another program, and was left as it is; put a backup in its place, " +
      `or move it and its -wal and -shm files away to begin empty (${loss})`,
    cause: thrown,
  });
}

/** @throws `DATABASE_ERROR` when a page or an index is not what it should be */
export function checkIntegrity(database: SqlDatabase, path: string): void {
  const verdict = database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
  if (verdict === "ok") return;
  const action = `Check the hub's database ${path}`;
  throw explainDamage(new BarnacleError({ code: "DATABASE_ERROR", action, value: String(verdict) }), action);
}

function checkVersion(database: SqlDatabase, migrations: readonly string[], action: string): number {
  const version = readNumber(database, "PRAGMA user_version", "user_version");
  if (version > migrations.length) {
    throw new BarnacleError({
      code: "DATABASE_ERROR",
      action,
      value: `schema version ${version}`,
      wanted: `at most ${migrations.length}`,
      hint: "it was written by a newer Barnacle: use that one, or another directory",
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

function readNumber(database: SqlDatabase, sql: string, column: string): number {
  return Number(database.prepare(sql).get()?.[column]);
}
