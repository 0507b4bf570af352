/** Hunts: numbers of a worker that is gone, work that is forgotten or counted twice, memory that grows with reporters. */
import { describe, expect, test } from "vitest";
import { REPORTERS_MAX } from "../../../src/limits.ts";
import { OutcomeWindow } from "../../../src/status/outcome-window.ts";
import { REPORTER_FORGOTTEN_AFTER_MS, WorkReports } from "../../../src/status/reports.ts";
import { SimClock } from "../../sim/clock.ts";
import { SeededRandom } from "../../sim/random.ts";

function setUp(windowMs = 300_000) {
  const clock = new SimClock();
  return { clock, reports: new WorkReports({ clock }, { windowMs }) };
}

describe("WorkReports", () => {
  test("adds up the absolute numbers of all reporters", () => {
    const { reports } = setUp();
    reports.accept({ reporter: "a", active_tasks: 2, queue_length: 3 });
    reports.accept({ reporter: "b", active_tasks: 1 });
    expect(reports.summarize()).toMatchObject({ activeTasks: 3, queueLength: 3, silent: [] });
  });

  test("a later report replaces the numbers it names and keeps the others", () => {
    const { reports } = setUp();
    reports.accept({ reporter: "a", active_tasks: 2, queue_length: 3 });
    reports.accept({ reporter: "a", queue_length: 0 });
    expect(reports.summarize()).toMatchObject({ activeTasks: 2, queueLength: 0 });
  });

  test.each([[undefined, 90], [10, 10], [86_400, 86_400]])(
    "a report that says %j holds for %i s",
    async (says, holds) => {
      const { clock, reports } = setUp();
      const report = { reporter: "a", active_tasks: 1, ...(says === undefined ? {} : { holds_for_seconds: says }) };
      expect(reports.accept(report)).toBe(holds);
      await clock.advance(holds * 1_000 - 1);
      expect(reports.summarize()).toMatchObject({ activeTasks: 1, silent: [] });
      await clock.advance(1);
      const silent = says === undefined ? [] : [{ reporter: "a", silentForSeconds: 0 }];
      expect(reports.summarize()).toMatchObject({ activeTasks: 0, silent });
    },
  );

  test("a reporter that reports once owes nothing: its numbers lapse, and it is not silent", async () => {
    const { clock, reports } = setUp();
    reports.accept({ reporter: "script", active_tasks: 1, queue_length: 4 });
    await clock.advance(90_000);
    expect(reports.summarize()).toMatchObject({ activeTasks: 0, queueLength: 0, silent: [] });
    await clock.advance(REPORTER_FORGOTTEN_AFTER_MS);
    expect(reports.summarize().silent).toEqual([]);
    expect(reports.reporterCount).toBe(0);
    reports.accept({ reporter: "script", active_tasks: 1 });
    await clock.advance(90_000);
    expect(reports.summarize().silent).toEqual([]);
  });

  test.each([30, 100])(
    "a reporter that reported numbers twice, %i s apart, has a rhythm to keep",
    async (apartSeconds) => {
      const { clock, reports } = setUp();
      reports.accept({ reporter: "a", active_tasks: 1 });
      await clock.advance(apartSeconds * 1_000);
      reports.accept({ reporter: "a", active_tasks: 1 });
      await clock.advance(89_999);
      expect(reports.summarize()).toMatchObject({ activeTasks: 1, silent: [] });
      await clock.advance(1);
      expect(reports.summarize().silent).toEqual([{ reporter: "a", silentForSeconds: 0 }]);
    },
  );

  test("numbers that ran out do not come back with a report that does not name them", async () => {
    const { clock, reports } = setUp();
    reports.accept({ reporter: "a", active_tasks: 5, queue_length: 7 });
    await clock.advance(100_000);
    reports.accept({ reporter: "a", queue_length: 1 });
    expect(reports.summarize()).toMatchObject({ activeTasks: 0, queueLength: 1 });
  });

  test("a clock that is set neither silences nor revives a reporter", async () => {
    const { clock, reports } = setUp();
    reports.accept({ reporter: "a", active_tasks: 1, holds_for_seconds: 90 });
    clock.jumpWall(86_400_000);
    expect(reports.summarize()).toMatchObject({ activeTasks: 1, silent: [] });
    await clock.advance(90_000);
    clock.jumpWall(-2 * 86_400_000);
    expect(reports.summarize().silent).toHaveLength(1);
  });

  test("finished work counts, and says nothing that could run out", () => {
    const { reports } = setUp();
    expect(reports.accept({ reporter: "cron", succeeded: 3, failed: 1 })).toBe(null);
    expect(reports.summarize()).toMatchObject({ outcomes: { succeeded: 3, failed: 1 }, silent: [] });
    expect(reports.totals).toEqual({ succeeded: 3, failed: 1 });
    expect(reports.reporterCount).toBe(0);
  });

  test("finished work with a time is a promise to report again", async () => {
    const { clock, reports } = setUp();
    expect(reports.accept({ reporter: "cron", succeeded: 1, holds_for_seconds: 60 })).toBe(60);
    await clock.advance(60_000);
    expect(reports.summarize().silent).toEqual([{ reporter: "cron", silentForSeconds: 0 }]);
  });

  test("finished work alone leaves the numbers and their time as they are", async () => {
    const { clock, reports } = setUp();
    reports.accept({ reporter: "a", active_tasks: 2, holds_for_seconds: 90 });
    await clock.advance(60_000);
    expect(reports.accept({ reporter: "a", succeeded: 1 })).toBe(null);
    expect(reports.summarize()).toMatchObject({ activeTasks: 2 });
    await clock.advance(30_000);
    expect(reports.summarize()).toMatchObject({ activeTasks: 0, silent: [{ reporter: "a" }] });
  });

  test("leaving takes the numbers away at once while the finished work counts", () => {
    const { reports } = setUp();
    reports.accept({ reporter: "exec:1", active_tasks: 1, holds_for_seconds: 60 });
    expect(reports.accept({ reporter: "exec:1", succeeded: 1, leaving: true })).toBe(null);
    expect(reports.summarize()).toMatchObject({ activeTasks: 0, silent: [], outcomes: { succeeded: 1, failed: 0 } });
    expect(reports.reporterCount).toBe(0);
  });

  test("a silent reporter that is heard again is silent no more, whatever it says", async () => {
    for (const again of [{ active_tasks: 1 }, { succeeded: 1 }, { leaving: true }]) {
      const { clock, reports } = setUp();
      reports.accept({ reporter: "a", active_tasks: 5, holds_for_seconds: 90 });
      await clock.advance(100_000);
      expect(reports.summarize().silent).toHaveLength(1);
      reports.accept({ reporter: "a", ...again });
      expect(reports.summarize().silent).toEqual([]);
      expect(reports.summarize().activeTasks).toBe("active_tasks" in again ? 1 : 0);
    }
  });

  test("a reporter silent for ten minutes is forgotten", async () => {
    const { clock, reports } = setUp();
    reports.accept({ reporter: "exec:1", active_tasks: 1, holds_for_seconds: 60 });
    await clock.advance(60_000 + 10 * 60_000 - 1);
    expect(reports.summarize().silent).toHaveLength(1);
    await clock.advance(1);
    expect(reports.summarize().silent).toEqual([]);
    expect(reports.reporterCount).toBe(0);
  });

  test("an agent that must report is silent once its time is up, and never forgotten", async () => {
    const { clock, reports } = setUp();
    reports.expect([{ name: "worker", withinSeconds: 60 }]);
    await clock.advance(59_999);
    expect(reports.summarize().silent).toEqual([]);
    await clock.advance(1);
    expect(reports.summarize().silent).toEqual([{ reporter: "worker", silentForSeconds: 0 }]);
    reports.accept({ reporter: "worker", succeeded: 1, leaving: true });
    expect(reports.summarize().silent).toEqual([]);
    await clock.advance(60_000 + 2 * REPORTER_FORGOTTEN_AFTER_MS);
    expect(reports.summarize().silent).toEqual([{ reporter: "worker", silentForSeconds: 1_200 }]);
    reports.expect([]);
    expect(reports.summarize().silent).toEqual([]);
  });

  test("re-reading the registration does not give an agent more time", async () => {
    const { clock, reports } = setUp();
    const expected = [{ name: "worker", withinSeconds: 60 }];
    reports.expect(expected);
    await clock.advance(50_000);
    reports.expect(expected);
    await clock.advance(10_000);
    expect(reports.summarize().silent).toHaveLength(1);
  });

  test.each([[30, 70], [95, 10]])(
    "a reporter that is silent for two reasons is named once",
    async (within, silentFor) => {
      const { clock, reports } = setUp();
      reports.expect([{ name: "a", withinSeconds: within }]);
      reports.accept({ reporter: "a", active_tasks: 1, holds_for_seconds: 90 });
      await clock.advance(100_000);
      expect(reports.summarize().silent).toEqual([{ reporter: "a", silentForSeconds: silentFor }]);
    },
  );

  test("beyond the limit the reporter longest unheard makes room", () => {
    const { reports } = setUp();
    for (let index = 0; index < REPORTERS_MAX; index++) reports.accept({ reporter: `r${index}`, active_tasks: 10 });
    reports.accept({ reporter: "r0", active_tasks: 1_000 });
    reports.accept({ reporter: "r7", active_tasks: 1_000 });
    expect(reports.summarize().activeTasks).toBe((REPORTERS_MAX - 2) * 10 + 2_000);
    reports.accept({ reporter: "new", active_tasks: 1 });
    expect(reports.reporterCount).toBe(REPORTERS_MAX);
    expect(reports.summarize().activeTasks).toBe((REPORTERS_MAX - 3) * 10 + 2_001);
  });

  test("the sum stays a number that the contract allows", () => {
    const { reports } = setUp();
    for (const reporter of ["a", "b"]) reports.accept({ reporter, active_tasks: Number.MAX_SAFE_INTEGER });
    expect(reports.summarize().activeTasks).toBe(Number.MAX_SAFE_INTEGER);
  });

  test("tells how long ago a task last succeeded", async () => {
    const { clock, reports } = setUp();
    reports.accept({ reporter: "a", failed: 1 });
    expect(reports.summarize().lastSuccessSeconds).toBe(undefined);
    reports.accept({ reporter: "a", succeeded: 1 });
    await clock.advance(42_900);
    expect(reports.summarize().lastSuccessSeconds).toBe(42);
  });
});

describe("OutcomeWindow", () => {
  test("agrees with a list of all events, to a slice's width", () => {
    const random = new SeededRandom(7);
    const windowMs = 60_000;
    const window = new OutcomeWindow(windowMs);
    const events: { atMs: number; failed: number }[] = [];
    let nowMs = 1e9;
    for (let step = 0; step < 2_000; step++) {
      nowMs += random.chance(0.02) ? random.integer(0, 3 * windowMs) : random.integer(0, 900);
      const failed = random.integer(0, 3);
      window.add(nowMs, { succeeded: 1, failed });
      events.push({ atMs: nowMs, failed });
      const within = (ms: number) => events.filter((event) => event.atMs > nowMs - ms);
      const { succeeded } = window.counts(nowMs);
      expect(succeeded).toBeGreaterThanOrEqual(within(windowMs).length);
      expect(succeeded).toBeLessThanOrEqual(within(windowMs * (1 + 1 / 60)).length);
    }
    expect(window.counts(nowMs + 2 * windowMs)).toEqual({ succeeded: 0, failed: 0 });
  });
});
