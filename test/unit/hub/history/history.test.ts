/** Hunts: a sample that a kill, a full disk or the end of its span loses, a history without a bound, a wrong mean. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { BarnacleError } from "../../../../src/errors.ts";
import { History, openHistoryDatabase, rangeOf } from "../../../../src/hub/history/mod.ts";
import type { SqlDatabase } from "../../../../src/runtime/port.ts";
import { createDatabases } from "../../../../src/runtime/shared/database.ts";
import { SimClock } from "../../../sim/clock.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const T0 = Date.parse("2026-11-21T00:00:00Z");
const FOREVER = new AbortController().signal;
/** Goes on without pauses, so that nobody has to turn the clock. */
const NO_PAUSES = AbortSignal.abort();

interface Bench {
  readonly history: History;
  readonly database: SqlDatabase;
  /** Full from here on, or no more. */
  setFull(isFull: boolean): void;
  /** Writes everything, as the hub's task does. */
  flush(nowMs: number): Promise<void>;
  /** What a hub finds that is started after this one was killed. */
  reopen(): Promise<Bench>;
}

async function open(file: string, instancesMax: number): Promise<Bench> {
  const clock = new SimClock();
  const inner = await openHistoryDatabase(createDatabases(), file);
  onTestFinished(() => inner.close());
  // A month of writing is not tested against the power.
  inner.exec("PRAGMA synchronous = OFF");
  let isFull = false;
  const database: SqlDatabase = {
    exec: (sql) => {
      if (isFull && sql === "COMMIT") throw new BarnacleError({ code: "DISK_FULL", action: "Change the database" });
      inner.exec(sql);
    },
    prepare: (sql) => inner.prepare(sql),
    close: () => inner.close(),
  };
  const history = new History({ database, clock }, { instancesMax });
  return {
    history,
    database,
    setFull: (value) => isFull = value,
    flush: async (nowMs) => {
      await history.writeJournal(() => undefined, NO_PAUSES);
      const closing = history.closeSpans(nowMs, FOREVER);
      await clock.advance(0);
      await closing;
    },
    reopen: () => {
      inner.close();
      return open(file, instancesMax);
    },
  };
}

function makeBench(instancesMax = 1_000): Promise<Bench> {
  const directory = mkdtempSync(join(tmpdir(), "barnacle-history-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }));
  return open(join(directory, "history.sqlite"), instancesMax);
}

function points(
  { history }: Bench,
  id: string,
  nowMs: number,
  query: { from?: number; to?: number; step?: number } = {},
) {
  return history.read(id, rangeOf(query, nowMs));
}

function countRows(database: SqlDatabase, table: string): number {
  return Number(database.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.["rows"]);
}

describe("a history", () => {
  test("is there at once, with what was heard in its own units", async () => {
    const bench = await makeBench();
    bench.history.note("one", T0, { status: "degraded", availability: "busy", active_tasks: 3, queue_length: 70_000 });
    bench.history.note("one", T0 + 5 * SECOND_MS, {
      cpu_pct: 10.5,
      mem_pct: 52.1,
      disk_pct: 100,
      swap_pct: 0,
      load_1: 0.12,
    });
    expect(points(bench, "one", T0 + MINUTE_MS, { step: 30 })).toEqual([{
      time: "2026-11-21T00:00:00.000Z",
      status: "degraded",
      availability: "busy",
      active_tasks: 3,
      queue_length: 70_000,
      cpu_pct: 10.5,
      mem_pct: 52.1,
      disk_pct: 100,
      swap_pct: 0,
      load_1: 0.12,
    }]);
  });

  test("is unknown for whom nothing was heard", async () => {
    expect(points(await makeBench(), "nobody", T0)).toBeUndefined();
  });

  test("keeps the gravest status of 30 s, and the latest number", async () => {
    const bench = await makeBench();
    bench.history.note("one", T0, { status: "offline", active_tasks: 9 });
    bench.history.note("one", T0 + SECOND_MS, { status: "healthy", active_tasks: 1 });
    expect(points(bench, "one", T0 + MINUTE_MS, { step: 30 })).toMatchObject([{ status: "offline", active_tasks: 1 }]);
  });

  test("gathers steps into means, the highest beside them, and the gravest status", async () => {
    const bench = await makeBench();
    for (const [minute, cpu_pct] of [10, 20, 90].entries()) {
      bench.history.note("one", T0 + minute * MINUTE_MS, { cpu_pct, status: minute === 1 ? "degraded" : "healthy" });
    }
    const expected = [{ time: "2026-11-21T00:00:00.000Z", status: "degraded", cpu_pct: 40, highest: { cpu_pct: 90 } }];
    expect(points(bench, "one", T0 + 5 * MINUTE_MS, { step: 300 })).toEqual(expected);
    await bench.flush(T0 + HOUR_MS);
    expect(points(bench, "one", T0 + HOUR_MS, { from: T0, step: 600 })).toEqual(expected);
  });

  test("is the same after its span became blocks as before", async () => {
    const bench = await makeBench();
    for (let at = 0; at < 2 * HOUR_MS; at += 30 * SECOND_MS) {
      bench.history.note("one", T0 + at, { status: "healthy", cpu_pct: at / HOUR_MS * 10, queue_length: at % 7 });
    }
    const before = [30, 600].map((step) => points(bench, "one", T0 + 2 * HOUR_MS, { from: T0, step }));
    await bench.flush(T0 + 2 * HOUR_MS);
    expect(countRows(bench.database, "slots")).toBe(4);
    expect(countRows(bench.database, "journal")).toBe(0);
    expect([30, 600].map((step) => points(bench, "one", T0 + 2 * HOUR_MS, { from: T0, step }))).toEqual(before);
  });

  test("survives a kill: what was written before its span was over, and what became blocks", async () => {
    const bench = await makeBench();
    bench.history.note("one", T0, { cpu_pct: 1 });
    await bench.flush(T0 + 40 * MINUTE_MS);
    bench.history.note("one", T0 + 40 * MINUTE_MS, { cpu_pct: 2 });
    bench.history.note("two", T0 + 40 * MINUTE_MS, { cpu_pct: 3 });
    await bench.flush(T0 + 41 * MINUTE_MS);
    bench.history.note("one", T0 + 41 * MINUTE_MS, { cpu_pct: 4 });
    const after = await bench.reopen();
    const figures = (id: string) =>
      points(after, id, T0 + HOUR_MS, { from: T0, step: 30 })?.map(({ cpu_pct }) => cpu_pct);
    expect(figures("one")).toEqual([1, 2]);
    expect(figures("two")).toEqual([3]);
    after.history.note("three", T0 + HOUR_MS, { cpu_pct: 5 });
    expect(figures("two")).toEqual([3]);
  });

  test("makes blocks of a span that was over before the restart", async () => {
    const bench = await makeBench();
    bench.history.note("one", T0, { cpu_pct: 1 });
    await bench.history.writeJournal(() => undefined, NO_PAUSES);
    const after = await bench.reopen();
    await after.flush(T0 + 5 * HOUR_MS);
    expect(countRows(after.database, "parts")).toBe(1);
    expect(points(after, "one", T0 + 5 * HOUR_MS, { from: T0, step: 30 })).toMatchObject([{ cpu_pct: 1 }]);
  });

  test("loses nothing while the disk is full, and goes on when there is room", async () => {
    const bench = await makeBench();
    bench.setFull(true);
    bench.history.note("one", T0, { cpu_pct: 1 });
    await expect(bench.flush(T0)).rejects.toMatchObject({ code: "DISK_FULL" });
    bench.history.note("one", T0 + 40 * MINUTE_MS, { cpu_pct: 2 });
    expect(bench.history.unwrittenCount).toBe(2);
    bench.setFull(false);
    await bench.flush(T0 + 40 * MINUTE_MS);
    const after = await bench.reopen();
    expect(points(after, "one", T0 + HOUR_MS, { from: T0, step: 30 })?.map(({ cpu_pct }) => cpu_pct)).toEqual([1, 2]);
  });

  test("keeps memory bounded while the disk refuses for hours: the oldest span goes", async () => {
    const bench = await makeBench();
    for (let hour = 0; hour < 24; hour++) bench.history.note("one", T0 + hour * HOUR_MS, { cpu_pct: hour });
    expect(bench.history.unwrittenCount).toBe(6);
    expect(points(bench, "one", T0 + DAY_MS, { step: 600 })?.map(({ cpu_pct }) => cpu_pct)).toEqual([
      18,
      19,
      20,
      21,
      22,
      23,
    ]);
  });

  test("keeps a day at 30 s and a month at 10 minutes, and no more of an instance that fell silent", async () => {
    const bench = await makeBench();
    for (let half = 0; half < 33 * 48; half++) {
      const nowMs = T0 + half * HOUR_MS / 2;
      bench.history.note("one", nowMs, { cpu_pct: 1 });
      if (half === 0) bench.history.note("silent", nowMs, { cpu_pct: 1 });
      if (half % 4 === 3) await bench.flush(nowMs);
    }
    expect(countRows(bench.database, "slots")).toBe(48);
    expect(countRows(bench.database, "parts")).toBe(31 * 48);
    expect(bench.history.size).toBe(1);
    expect(countRows(bench.database, "instances")).toBe(1);
  });

  test("has room for so many instances: the one that was silent longest makes room, one that speaks does not", async () => {
    const bench = await makeBench(2);
    bench.history.note("old", T0, { cpu_pct: 1 });
    bench.history.note("one", T0 + HOUR_MS, { cpu_pct: 1 });
    bench.history.note("two", T0 + HOUR_MS, { cpu_pct: 1 });
    expect(points(bench, "old", T0 + HOUR_MS)).toBeUndefined();
    bench.history.note("three", T0 + HOUR_MS, { cpu_pct: 1 });
    expect(bench.history.refused).toBe(1);
    await bench.flush(T0 + HOUR_MS);
    const after = await bench.reopen();
    expect(after.history.size).toBe(2);
    expect(points(after, "old", T0 + HOUR_MS)).toBeUndefined();
  });

  test("writes in slices, between which others have their turn", async () => {
    const bench = await makeBench();
    for (let instance = 0; instance < 200; instance++) bench.history.note(`i${instance}`, T0, { cpu_pct: 1 });
    const clock = new SimClock();
    const history = new History({ database: bench.database, clock }, { instancesMax: 1_000 });
    for (let instance = 0; instance < 200; instance++) history.note(`i${instance}`, T0, { cpu_pct: 1 });
    const closing = history.closeSpans(T0 + HOUR_MS, FOREVER);
    expect(clock.pendingCount).toBe(1);
    await clock.advance(0);
    await closing;
  });
});
