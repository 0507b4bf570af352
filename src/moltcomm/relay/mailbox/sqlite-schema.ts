/**
 * The database of the mailbox: what is in it.
 *
 * @module
 */
import type { Databases, SqlDatabase } from "../../../runtime/port.ts";
import { openDatabase } from "../../../store/mod.ts";

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
  CREATE UNIQUE INDEX frames_by_message ON frames (box, message);`;

/**
 * Opens it, making it when there is none. Once it is open nothing waits for another process, since everything else would wait with it.
 *
 * @throws as `openDatabase`
 */
export async function openMailboxDatabase(databases: Databases, path: string): Promise<SqlDatabase> {
  const database = await openDatabase(databases, path, {
    name: "the relay's mailbox",
    migrations: [SCHEMA],
    wanted: "a sound mailbox",
    damagedHint:
      "the file is damaged or belongs to another program, and was left as it is; move it and its -wal and -shm files " +
      "away to begin with an empty one: senders keep what was not delivered, and send it again",
    newerHint: "it was written by a newer Barnacle: use that one, or set relayMailbox.file to another file",
  });
  database.exec("PRAGMA busy_timeout = 0");
  return database;
}
