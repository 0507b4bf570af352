/**
 * Hunts: an instance that a kill in the middle of writing takes, a flush that is there in part, a database of an earlier
 * version that loses anything on its way.
 */
import { copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openHubDatabase } from "../../../src/hub/database.ts";
import type { Databases, SqlDatabase } from "../../../src/runtime/port.ts";
import { createDatabases } from "../../../src/runtime/shared/database.ts";
import { documentOf, HURRY, makeDatabaseFile, openStore, put } from "./store-support.ts";
import { at, makeHubBench, SECOND_MS, startHubBench } from "./support.ts";

/** Three segments. */
const FLEET = 600;

/** Copies the files before each act on a database: what a process leaves that is killed then. */
class Witness implements Databases {
  readonly left: { readonly act: string; readonly file: string }[] = [];
  isWatching = false;

  async open(path: string): Promise<SqlDatabase> {
    const database = await createDatabases().open(path);
    const note = (act: string) => {
      if (this.isWatching) this.left.push({ act, file: copyOf(path) });
    };
    return {
      exec: (sql) => {
        note(sql);
        database.exec(sql);
      },
      prepare: (sql) => {
        const statement = database.prepare(sql);
        const run: typeof statement.run = (...values) => {
          note(sql);
          statement.run(...values);
        };
        return { run, get: (...values) => statement.get(...values), all: (...values) => statement.all(...values) };
      },
      close: () => database.close(),
    };
  }

  get acts(): string[] {
    return this.left.map(({ act }) => act);
  }
}

function copyOf(file: string): string {
  const copy = makeDatabaseFile();
  for (const suffix of ["", "-wal"]) if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix);
  return copy;
}

/** How many instances say each number, after a start with this file. */
async function census(file: string): Promise<Record<string, number>> {
  const { registry, database } = await openStore(file);
  const counts: Record<string, number> = {};
  for (const row of registry.index.rowsHeardUntil(Infinity)) {
    const said = String(registry.at(row)?.heardAtMs);
    counts[said] = (counts[said] ?? 0) + 1;
  }
  database.close();
  return counts;
}

describe("a kill before each act of a flush", () => {
  test("leaves what the flush before wrote, whole", async () => {
    const witness = new Witness();
    const file = makeDatabaseFile();
    const { registry, store } = await openStore(file, { databases: witness });
    for (const value of [1, 2]) {
      for (let index = 0; index < FLEET; index++) put(registry, `i${index}`, value);
      witness.isWatching = value === 2;
      await store.flush(HURRY);
    }
    expect(witness.acts.filter((act) => act.startsWith("INSERT INTO segments"))).toHaveLength(3);
    expect(witness.acts.at(-1)).toBe("COMMIT");
    for (const left of witness.left) expect([left.act, await census(left.file)]).toEqual([left.act, { 1: FLEET }]);
    expect(await census(copyOf(file))).toEqual({ 2: FLEET });
  });

  test("leaves the same where the flush makes the log shorter, and takes none that is quiet", async () => {
    const witness = new Witness();
    const file = makeDatabaseFile();
    const { registry, store } = await openStore(file, { databases: witness });
    put(registry, "quiet", 1);
    let value = 1;
    do {
      value++;
      witness.left.length = 0;
      for (let index = 0; index < FLEET; index++) put(registry, `i${index}`, value);
      witness.isWatching = value > 10_000 / FLEET;
      await store.flush(HURRY);
    } while (!witness.acts.some((act) => act.startsWith("DELETE FROM segments")));
    for (const { act, file } of witness.left) {
      expect([act, await census(file)]).toEqual([act, { 1: 1, [value - 1]: FLEET }]);
    }
    expect(await census(copyOf(file))).toEqual({ 1: 1, [value]: FLEET });
  });
});

describe("a kill after a flush that made the log shorter", () => {
  test("takes none of those that share a segment with what went", async () => {
    const file = makeDatabaseFile();
    const { registry, store } = await openStore(file);
    const said = new Map<string, number>();
    const say = (id: string, value: number) => {
      put(registry, id, value);
      said.set(id, value);
    };
    for (let round = 1; round <= 30; round++) {
      // Flushes of unequal length, so that what may go ends within a segment.
      for (let index = 0; index < 500 + round * 37 % 200; index++) {
        say(`i${index}`, 1);
        if (index % 20 === 10) say(`quiet${said.size}`, 2);
      }
      await store.flush(HURRY);
      const [ones, twos] = [1, 2].map((value) => [...said.values()].filter((saying) => saying === value).length);
      if (round > 20) expect([round, await census(copyOf(file))]).toEqual([round, { 1: ones, 2: twos }]);
    }
  });
});

describe("a write-ahead log that is torn or spoilt", () => {
  test("gives the last whole flush, and never a part of one", async () => {
    const file = makeDatabaseFile();
    const { registry, store } = await openStore(file);
    const ends: number[] = [];
    for (const value of [1, 2]) {
      for (let index = 0; index < FLEET; index++) put(registry, `i${index}`, value);
      await store.flush(HURRY);
      ends.push(readFileSync(`${file}-wal`).length);
    }
    const [begin = 0, end = 0] = ends;
    expect(end).toBeGreaterThan(begin);
    const bytes = readFileSync(`${file}-wal`);
    for (let part = 0; part < 8; part++) {
      const place = begin + Math.floor((end - begin) * part / 8);
      const torn = copyOf(file);
      truncateSync(`${torn}-wal`, place);
      expect([part, await census(torn)]).toEqual([part, { 1: FLEET }]);
      const spoilt = copyOf(file);
      writeFileSync(`${spoilt}-wal`, Buffer.from(bytes).fill(0xa5, place, place + 64));
      expect([part, await census(spoilt)]).toEqual([part, { 1: FLEET }]);
    }
  });
});

/** A database as versions before segments wrote it: an entry in each row, of which the last of an instance counts. */
async function writeOldForm(file: string, { fleet = FLEET, fromMs = 0 } = {}): Promise<void> {
  const database = await createDatabases().open(file);
  database.exec(`BEGIN;
    CREATE TABLE publications (
      entry INTEGER PRIMARY KEY, id TEXT NOT NULL, owner TEXT NOT NULL, verified INTEGER NOT NULL,
      heard_ms INTEGER NOT NULL, sequence INTEGER NOT NULL, message_ids TEXT NOT NULL, document TEXT NOT NULL
    ) STRICT;
    CREATE TABLE keys (
      id TEXT PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL, created_ms INTEGER NOT NULL, revoked_ms INTEGER
    ) STRICT, WITHOUT ROWID;
    PRAGMA user_version = 1`);
  const insert = database.prepare("INSERT INTO publications VALUES (?, ?, 'chimera', 0, ?, ?, '17 18', ?)");
  for (let entry = 1; entry <= 2 * fleet; entry++) {
    const id = `i${entry % fleet}`;
    const value = entry <= fleet ? 1 : 2;
    insert.run(entry, id, fromMs + value, entry, JSON.stringify(documentOf(id, value)));
  }
  database.exec("COMMIT");
  database.close();
}

describe("a database of the form before segments", () => {
  test("is read whole, written anew by the first flush, and whole after a kill before each act of that", async () => {
    const witness = new Witness();
    const file = makeDatabaseFile();
    await writeOldForm(file);
    witness.isWatching = true;
    const { registry, store, database } = await openStore(file, { databases: witness });
    expect(registry.get("i5")).toMatchObject({ owner: "chimera", messageIds: [17, 18], sequence: FLEET + 5 });
    await store.flush(HURRY);
    expect(database.prepare("SELECT count(*) AS count FROM publications").get()?.["count"]).toBe(0);
    expect(witness.acts).toContain("DELETE FROM publications");
    for (const left of witness.left) expect([left.act, await census(left.file)]).toEqual([left.act, { 2: FLEET }]);
    const again = await openStore(copyOf(file));
    expect(again.registry.get("i5")).toMatchObject({ owner: "chimera", messageIds: [17, 18], sequence: FLEET + 5 });
    expect([again.registry.size, again.store.changedCount]).toEqual([FLEET, 0]);
  });

  test("is written anew by a hub that hears nothing", async () => {
    const hub = makeHubBench();
    await writeOldForm(hub.databaseFile, { fleet: 100, fromMs: hub.clock.wallMs() - SECOND_MS });
    await hub.start();
    await hub.clock.advance(SECOND_MS);
    await hub.hub.stop();
    const database = await createDatabases().open(hub.databaseFile);
    expect(database.prepare("SELECT count(*) AS count FROM publications").get()?.["count"]).toBe(0);
    database.close();
    const again = await startHubBench({ after: hub });
    expect(at((await again.get("/v1/instances")).body, "total")).toBe(100);
  });

  test("still serves the version that wrote it when a command of this one has opened it", async () => {
    const file = makeDatabaseFile();
    await writeOldForm(file);
    const old = await createDatabases().open(file);
    (await openHubDatabase(createDatabases(), file)).close();
    old.prepare("INSERT INTO publications VALUES (5000, 'i5', 'chimera', 0, 3, 5000, '', ?)")
      .run(JSON.stringify(documentOf("i5", 3)));
    old.close();
    expect(await census(file)).toEqual({ 2: FLEET - 1, 3: 1 });
  });
});
