/**
 * The database of the mailbox: opening, checking, making.
 *
 * @module
 */
import { BarnacleError, isBarnacleError, toBarnacleError } from "../../../errors.ts";
import type { Databases, SqlDatabase } from "../../../runtime/port.ts";

const VERSION = 1;
/** How long an opening waits for another process; afterwards nothing waits, since everything else would wait with it. */
const OPEN_TIMEOUT_MS = 2_000;
/** A log that grew in a burst is cut to this at the next checkpoint. */
const WAL_BYTES_KEPT = 64 * 1024 * 1024;
/** Frames are mostly shorter than a kilobyte, and written and read side by side. */
const PAGE_BYTES = 16_384;

const SCHEMA = `
  CREATE TABLE boxes (
    box INTEGER PRIMARY KEY,
    node_id TEXT NOT NULL UNIQUE,
    seen_ms INTEGER NOT NULL,
    frames INTEGER NOT NULL,
    bytes INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE frames (
    place INTEGER PRIMARY KEY,
    box INTEGER NOT NULL,
    message BLOB NOT NULL,
    kept_ms INTEGER NOT NULL,
    frame BLOB NOT NULL
  ) STRICT;
  CREATE INDEX frames_of_box ON frames (box);
  CREATE UNIQUE INDEX frames_by_message ON frames (box, message);
  PRAGMA user_version = ${VERSION};`;

/**
 * Opens the database, making it when there is none. What was committed survives the end of the process and of the power.
 *
 * @throws `DATABASE_ERROR` when the file is damaged, is none of ours, or is of a newer version; nothing is changed then. `LOCK_HELD`,
 * `PERMISSION_DENIED`, `DISK_FULL`
 */
export async function openMailboxDatabase(databases: Databases, path: string): Promise<SqlDatabase> {
  const action = `Open the relay's mailbox ${path}`;
  let database: SqlDatabase | undefined;
  try {
    database = await databases.open(path);
    database.exec(`PRAGMA busy_timeout = ${OPEN_TIMEOUT_MS}`);
    const version = checkVersion(database, action);
    if (version === 0) database.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${WAL_BYTES_KEPT}`,
    );
    if (version === 0) inTransaction(database, () => database?.exec(SCHEMA));
    database.exec("PRAGMA busy_timeout = 0");
    return database;
  } catch (thrown) {
    database?.close();
    throw explained(thrown, action);
  }
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
function rollBack(database: SqlDatabase): void {
  try {
    database.exec("ROLLBACK");
  } catch (thrown) {
    if (!isBarnacleError(thrown)) throw thrown;
  }
}

function checkVersion(database: SqlDatabase, action: string): number {
  const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version > VERSION) {
    throw new BarnacleError({
      code: "DATABASE_ERROR",
      action,
      value: `schema version ${version}`,
      wanted: `at most ${VERSION}`,
      hint: "it was written by a newer Barnacle: use that one, or set relayMailbox.file to another file",
    });
  }
  const tables = Number(database.prepare("SELECT count(*) AS tables FROM sqlite_master").get()?.["tables"]);
  if (version === 0 && tables > 0) {
    throw new BarnacleError({ code: "DATABASE_ERROR", action, value: "a database of another program" });
  }
  return version;
}

function explained(thrown: unknown, action: string): BarnacleError {
  if (!isBarnacleError(thrown, "DATABASE_ERROR") || thrown.hint !== undefined) return toBarnacleError(thrown, action);
  return new BarnacleError({
    code: "DATABASE_ERROR",
    action,
    value: thrown.value ?? thrown.message,
    wanted: "a sound mailbox",
    hint:
      "the file is damaged or belongs to another program, and was left as it is; move it and its -wal and -shm files away to " +
      "begin with an empty one: senders keep what was not delivered, and send it again",
    cause: thrown,
  });
}
