/** Hunts: a database that forgets across a reopening, values that change on their way, errors without a code of ours. */
import assert from "node:assert/strict";
import type { ContractCase } from "./case.ts";
import { rejectsWith, throwsWith } from "./helpers.ts";

const cases: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "a committed transaction survives a reopening and one rolled back does not",
    async run({ runtime: { databases }, path }) {
      const first = await databases.open(path("data.sqlite"));
      first.exec("CREATE TABLE item (name TEXT PRIMARY KEY, size INTEGER) STRICT");
      first.exec("BEGIN");
      first.prepare("INSERT INTO item VALUES (?, ?)").run("kept", 1);
      first.exec("COMMIT");
      first.exec("BEGIN");
      first.prepare("INSERT INTO item VALUES (?, ?)").run("lost", 2);
      first.exec("ROLLBACK");
      first.close();
      first.close();
      const second = await databases.open(path("data.sqlite"));
      assert.deepEqual(second.prepare("SELECT name, size FROM item").all().map((row) => ({ ...row })), [{
        name: "kept",
        size: 1,
      }]);
      second.close();
    },
  },
  {
    name: "values come back as they went in",
    async run({ runtime: { databases }, path }) {
      const database = await databases.open(path("data.sqlite"));
      database.exec("CREATE TABLE item (value ANY)");
      const insert = database.prepare("INSERT INTO item VALUES (?)");
      const values = ["text äöü 🦀", 42, -1.5, null, new Uint8Array([0, 1, 255])] as const;
      for (const value of values) insert.run(value);
      const rows = database.prepare("SELECT value FROM item ORDER BY rowid").all();
      assert.deepEqual(rows.map((row) => row["value"] instanceof Uint8Array ? [...row["value"]] : row["value"]), [
        "text äöü 🦀",
        42,
        -1.5,
        null,
        [0, 1, 255],
      ]);
      assert.equal(database.prepare("SELECT value FROM item WHERE value = 'none'").get(), undefined);
      database.close();
    },
  },
  {
    name: "a database that another connection writes to is LOCK_HELD",
    async run({ runtime: { databases }, path }) {
      const holder = await databases.open(path("data.sqlite"));
      holder.exec("CREATE TABLE item (name TEXT); BEGIN EXCLUSIVE");
      const other = await databases.open(path("data.sqlite"));
      throwsWith(() => other.exec("INSERT INTO item VALUES ('x')"), "LOCK_HELD");
      throwsWith(() => other.prepare("INSERT INTO item VALUES ('x')").run(), "LOCK_HELD");
      holder.exec("COMMIT");
      other.exec("INSERT INTO item VALUES ('x')");
      holder.close();
      other.close();
    },
  },
  {
    name: "a full database is DISK_FULL",
    async run({ runtime: { databases }, path }) {
      const database = await databases.open(path("data.sqlite"));
      database.exec("CREATE TABLE item (value BLOB); PRAGMA max_page_count = 10");
      throwsWith(() => database.prepare("INSERT INTO item VALUES (?)").run(new Uint8Array(100_000)), "DISK_FULL");
      database.close();
    },
  },
  {
    name: "wrong SQL, a broken constraint, a directory and a closed database are DATABASE_ERROR",
    async run({ runtime: { databases, files }, path }) {
      const database = await databases.open(path("data.sqlite"));
      throwsWith(() => database.exec("NONSENSE"), "DATABASE_ERROR");
      throwsWith(() => database.prepare("SELECT * FROM missing"), "DATABASE_ERROR");
      database.exec("CREATE TABLE item (name TEXT PRIMARY KEY)");
      database.prepare("INSERT INTO item VALUES (?)").run("x");
      throwsWith(() => database.prepare("INSERT INTO item VALUES (?)").run("x"), "DATABASE_ERROR");
      database.close();
      throwsWith(() => database.exec("SELECT 1"), "DATABASE_ERROR");
      await files.makeDirectory(path("directory"));
      await rejectsWith(databases.open(path("directory")), "DATABASE_ERROR");
    },
  },
  {
    name: "a file that is no database is DATABASE_ERROR at its first use at the latest",
    async run({ runtime: { databases, files }, path }) {
      const file = await files.open(path("data.sqlite"), "create");
      await file.write(new Uint8Array(4_096).fill(0x61));
      await file.close();
      await rejectsWith(
        databases.open(path("data.sqlite")).then((database) => database.exec("SELECT * FROM sqlite_schema")),
        "DATABASE_ERROR",
      );
    },
  },
];

export const DATABASE_CASES: readonly ContractCase[] = cases.map((one) => ({ capability: "database", ...one }));
