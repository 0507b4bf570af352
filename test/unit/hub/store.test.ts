/** Hunts: a log that grows for ever, an entry that compaction loses or brings back, changes lost when a flush fails. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ReceivedStatusDocument } from "../../../src/contract/mod.ts";
import { openHubDatabase } from "../../../src/hub/database.ts";
import { readFacts, readWords } from "../../../src/hub/instance.ts";
import { loadInstances } from "../../../src/hub/loading.ts";
import { Registry } from "../../../src/hub/registry.ts";
import { InstanceStore } from "../../../src/hub/store.ts";
import { createDatabases } from "../../../src/runtime/shared/database.ts";
import { SimClock } from "../../sim/clock.ts";
import { SeededRandom } from "../../sim/random.ts";
import { strangersDocument } from "./support.ts";

const HURRY = AbortSignal.abort();
const NOW_MS = 1_000_000_000;
/** As in the store: fewer dead entries than this are left alone. */
const DEAD_ENTRIES_MIN = 10_000;

function makeDatabaseFile(): string {
  const directory = mkdtempSync(join(tmpdir(), "barnacle-store-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }));
  return join(directory, "hub.sqlite");
}

/** A registry and its store, as the hub joins them. */
async function openStore(databaseFile: string, forgottenUntilMs = 0) {
  const database = await openHubDatabase(createDatabases(), databaseFile);
  onTestFinished(() => database.close());
  const noted: { store?: InstanceStore } = {};
  const registry = new Registry((row) => noted.store?.note(row));
  const clock = { setTimer: (_delayMs: number, callback: () => void) => (callback(), { cancel: () => undefined }) };
  const entries = await loadInstances({ database, clock, registry }, {
    databaseFile,
    nowMs: NOW_MS,
    forgottenUntilMs,
  });
  const store = new InstanceStore({ database, clock, at: (row) => registry.at(row) }, entries);
  noted.store = store;
  const count = () => Number(database.prepare("SELECT count(*) AS n FROM publications").get()?.["n"]);
  return { database, registry, store, count };
}

function put(registry: Registry, id: string, value: number): void {
  const document = strangersDocument({ instance_id: id, uptime_seconds: value }) as unknown as ReceivedStatusDocument;
  registry.put({
    ...readFacts(
      { ...document, capacity: { concurrent_tasks: 4, active_tasks: 0, queue_length: 0 } },
      registry.get(id),
    ),
    id,
    owner: "anonymous",
    verified: false,
    heardAtMs: value,
    documentText: JSON.stringify(document),
  }, readWords(document));
}

describe("InstanceStore", () => {
  test("holds the log within twice the live entries and some, and loses no instance that is quiet", async () => {
    const file = makeDatabaseFile();
    const { registry, store, count, database } = await openStore(file);
    for (let index = 0; index < 100; index++) put(registry, `quiet${index}`, 1);
    await store.flush(HURRY);
    for (let round = 1; round <= 50; round++) {
      for (let index = 0; index < 500; index++) put(registry, `busy${index}`, round);
      await store.flush(HURRY);
      // The live ones, the dead ones, and what one flush adds: the changed and, moved out of the way, the quiet.
      expect(count()).toBeLessThanOrEqual(DEAD_ENTRIES_MIN + 600 + 600);
    }
    expect(count()).toBeGreaterThan(5_000);
    database.close();
    const again = await openStore(file);
    expect(again.registry.size).toBe(600);
    expect(again.registry.get("quiet99")?.heardAtMs).toBe(1);
    expect(again.registry.get("busy499")?.heardAtMs).toBe(50);
  });

  test("gives back after any history of puts, removals, flushes and reopenings what was there at the last flush", async () => {
    const random = new SeededRandom(7);
    const file = makeDatabaseFile();
    let open = await openStore(file);
    let flushed = new Map<string, number>();
    const current = new Map<string, number>();
    for (let step = 1; step <= 4_000; step++) {
      const id = `i${random.integer(0, 60)}`;
      if (random.chance(0.03)) {
        // In the hub what is removed is old, and its age keeps it from being loaded; here it may come back, which is
        // not looked at.
        if (current.delete(id)) open.registry.remove(id);
      } else {
        put(open.registry, id, step);
        current.set(id, step);
      }
      if (random.chance(0.02)) {
        await open.store.flush(HURRY);
        flushed = new Map(current);
      }
      if (random.chance(0.005)) {
        open.database.close();
        open = await openStore(file);
        for (const [kept, value] of flushed) expect([kept, open.registry.get(kept)?.heardAtMs]).toEqual([kept, value]);
        current.clear();
        for (const [kept, value] of flushed) current.set(kept, value);
      }
    }
  });

  test("leaves out what was last heard too long ago, and takes what the clock calls future as heard now", async () => {
    const file = makeDatabaseFile();
    const { registry, store, database } = await openStore(file);
    put(registry, "old", 10);
    put(registry, "recent", 11);
    put(registry, "future", NOW_MS + 5);
    await store.flush(HURRY);
    database.close();
    const again = await openStore(file, 10);
    expect(["old", "recent", "future"].map((id) => again.registry.get(id)?.heardAtMs)).toEqual([undefined, 11, NOW_MS]);
  });

  test("keeps what it could not write, with what changed meanwhile", async () => {
    const file = makeDatabaseFile();
    const { registry, store, database } = await openStore(file);
    put(registry, "one", 1);
    database.exec("CREATE TRIGGER refuse BEFORE INSERT ON publications BEGIN SELECT RAISE(ABORT, 'refused'); END");
    await expect(store.flush(HURRY)).rejects.toMatchObject({ code: "DATABASE_ERROR" });
    put(registry, "two", 2);
    expect(store.changedCount).toBe(2);
    database.exec("DROP TRIGGER refuse");
    expect(await store.flush(HURRY)).toBe(2);
    expect(store.changedCount).toBe(0);
  });

  test("lets others run between slices, and writes what an instance is by then", async () => {
    const clock = new SimClock();
    const file = makeDatabaseFile();
    const database = await openHubDatabase(createDatabases(), file);
    onTestFinished(() => database.close());
    const noted: { store?: InstanceStore } = {};
    const registry = new Registry((row) => noted.store?.note(row));
    const entries = await loadInstances({ database, clock, registry }, {
      databaseFile: file,
      nowMs: NOW_MS,
      forgottenUntilMs: 0,
    });
    const store = new InstanceStore({ database, clock, at: (row) => registry.at(row) }, entries);
    noted.store = store;
    for (let index = 0; index < 1_000; index++) put(registry, `i${index}`, 1);
    const flushed = store.flush(new AbortController().signal);
    expect(clock.pendingCount).toBe(1);
    put(registry, "i999", 2);
    const overlapping = store.flush(new AbortController().signal);
    await clock.advance(0);
    expect([await flushed, await overlapping]).toEqual([1_000, 1]);
    const row = database.prepare("SELECT max(heard_ms) AS heard FROM publications WHERE id = 'i999'").get();
    expect(row?.["heard"]).toBe(2);
  });
});
