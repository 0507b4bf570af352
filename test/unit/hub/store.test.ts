/** Hunts: a log that grows for ever, an entry that compaction loses or brings back, changes lost when a flush fails. */
import { describe, expect, test } from "vitest";
import { SimClock } from "../../sim/clock.ts";
import { SeededRandom } from "../../sim/random.ts";
import { HURRY, makeDatabaseFile, NOW_MS, openStore, put } from "./store-support.ts";

/** As in the store: fewer dead entries than this are left alone. */
const DEAD_ENTRIES_MIN = 10_000;
/** A segment goes when all of it may go. */
const SEGMENT_ENTRIES = 250;

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
      expect(count()).toBeLessThanOrEqual(DEAD_ENTRIES_MIN + 600 + 600 + SEGMENT_ENTRIES);
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
    const again = await openStore(file, { forgottenUntilMs: 10 });
    expect(["old", "recent", "future"].map((id) => again.registry.get(id)?.heardAtMs)).toEqual([undefined, 11, NOW_MS]);
  });

  test("keeps what it could not write, with what changed meanwhile", async () => {
    const file = makeDatabaseFile();
    const { registry, store, database } = await openStore(file);
    put(registry, "one", 1);
    database.exec("CREATE TRIGGER refuse BEFORE INSERT ON segments BEGIN SELECT RAISE(ABORT, 'refused'); END");
    await expect(store.flush(HURRY)).rejects.toMatchObject({ code: "DATABASE_ERROR" });
    put(registry, "two", 2);
    expect(store.changedCount).toBe(2);
    database.exec("DROP TRIGGER refuse");
    expect(await store.flush(HURRY)).toBe(2);
    expect(store.changedCount).toBe(0);
  });

  test("lets others run between slices, and writes what an instance is by then", async () => {
    const clock = new SimClock();
    const { registry, store, database } = await openStore(makeDatabaseFile(), { clock });
    for (let index = 0; index < 1_000; index++) put(registry, `i${index}`, 1);
    const flushed = store.flush(new AbortController().signal);
    expect(clock.pendingCount).toBe(1);
    put(registry, "i999", 2);
    const overlapping = store.flush(new AbortController().signal);
    await clock.advance(0);
    expect([await flushed, await overlapping]).toEqual([1_000, 1]);
    const last = database.prepare("SELECT documents FROM segments ORDER BY first DESC LIMIT 1").get()?.["documents"];
    expect(new TextDecoder().decode(last as Uint8Array)).toContain('"uptime_seconds":2');
  });
});
