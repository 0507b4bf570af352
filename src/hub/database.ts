/**
 * The hub's database: what is in it. Both the running hub and the commands that keep its keys come through here.
 *
 * @module
 */
import { BarnacleError } from "../errors.ts";
import type { Databases, SqlDatabase } from "../runtime/port.ts";
import { type DatabaseKind, explainDamage, openDatabase } from "../store/mod.ts";

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
  // From here on `publications` is only read, and emptied by the first flush of a hub: a row for each publication cost twice as much.
  `CREATE TABLE segments (
     first INTEGER PRIMARY KEY,
     ids TEXT NOT NULL,
     owners TEXT NOT NULL,
     numbers BLOB NOT NULL,
     documents BLOB NOT NULL
   ) STRICT;`,
];

/**
 * A database of the hub's.
 *
 * @param loss what beginning anew costs
 */
export function hubDatabaseKind(name: string, migrations: readonly string[], loss: string): DatabaseKind {
  return {
    name,
    migrations,
    wanted: "a sound database of the hub",
    damagedHint:
      "the file is damaged or belongs to another program, and was left as it is; put a backup in its place, " +
      `or move it and its -wal and -shm files away to begin empty (${loss})`,
    newerHint: "it was written by a newer Barnacle: use that one, or another directory",
  };
}

/** The one with the instances and the keys. */
export const HUB_DATABASE: DatabaseKind = hubDatabaseKind(
  "the hub's database",
  MIGRATIONS,
  "then hub keys must be made anew",
);

/** Opens it, making it when there is none. @throws as `openDatabase` */
export function openHubDatabase(databases: Databases, path: string): Promise<SqlDatabase> {
  return openDatabase(databases, path, HUB_DATABASE);
}

/** @throws `DATABASE_ERROR` when a page or an index is not what it should be */
export function checkIntegrity(database: SqlDatabase, path: string): void {
  const verdict = database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
  if (verdict === "ok") return;
  const action = `Check the hub's database ${path}`;
  const fault = new BarnacleError({ code: "DATABASE_ERROR", action, value: String(verdict) });
  throw explainDamage(fault, action, HUB_DATABASE);
}
