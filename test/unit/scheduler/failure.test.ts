/**
 * Hunts loops in which one task's failure, hang or zombie reaches another task, or in which a failing task hammers or
 * gives up.
 */
import { describe, expect, test } from "vitest";
import { BarnacleError } from "../../../src/errors.ts";
import { RETRY_AFTER_MAX_MS, TASKS_MAX } from "../../../src/limits.ts";
import { backoffWaitMs } from "../../../src/scheduler/backoff.ts";
import type { TaskInit } from "../../../src/scheduler/mod.ts";
import { SeededRandom } from "../../sim/random.ts";
import { type Deferred, deferred, makeBench, RunTrace } from "./support.ts";

function unavailable(retryAfterMs?: number): BarnacleError {
  const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new BarnacleError({ code: "UNAVAILABLE", action: "Publish", retryable: true, ...asked });
}

describe("S2 no overlap", () => {
  test("Task is not started again while a run that ignores its signal is pending, and says so", async () => {
    const { clock, log, scheduler, sample } = makeBench();
    const gates: Deferred[] = [];
    const run = () => {
      const gate = deferred();
      gates.push(gate);
      return gate.promise;
    };
    scheduler.add({ name: "deaf", intervalMs: 1_000, timeoutMs: 300, run });
    scheduler.start();
    await clock.advance(60_000);
    expect(gates.length).toBe(1);
    expect(scheduler.snapshot()[0]).toMatchObject({
      running: true,
      failures: 1,
      consecutiveFailures: 1,
      nextRunAtMs: null,
    });
    expect(log.named("task_held").length).toBe(1);
    expect(sample(`barnacle_task_runs_total{task="deaf",outcome="timed_out"}`)).toBe(1);

    await clock.advance(400);
    gates[0]?.resolve();
    await clock.advance(0);
    expect(log.events.some((logged) => logged.kind === "resolve task:deaf:held")).toBe(true);
    expect(gates.length).toBe(1);
    await clock.advance(600);
    expect(gates.length).toBe(2);
    gates[1]?.resolve();
    await clock.advance(0);
    expect(scheduler.snapshot()[0]).toMatchObject({ running: false, runs: 2, failures: 1, consecutiveFailures: 0 });
  });

  test("Task with backoff retries at once when the run that held it settles", async () => {
    const { clock, scheduler } = makeBench();
    const gate = deferred();
    const trace = new RunTrace(clock);
    const run: TaskInit["run"] = (context) =>
      trace.run(context).then(() => trace.startsMs.length === 1 ? gate.promise : undefined);
    scheduler.add({ name: "deaf", intervalMs: 60_000, timeoutMs: 300, backoff: { initialMs: 100, maxMs: 1_000 }, run });
    scheduler.start();
    await clock.advance(30_000);
    gate.reject(new Error("too late to matter"));
    await clock.advance(0);
    expect(trace.startsMs).toEqual([0, 30_000]);
    expect(trace.reasons).toEqual(["due", "due"]);
    expect(scheduler.snapshot()[0]).toMatchObject({ failures: 1, consecutiveFailures: 0 });
  });
});

describe("S3 independence", () => {
  test("A hung task is timed out and backs off alone, and its signal says why", async () => {
    const { clock, log, scheduler, sample } = makeBench();
    const other = new RunTrace(clock);
    const reasons: unknown[] = [];
    const run: TaskInit["run"] = ({ signal }) =>
      new Promise((_, reject) =>
        signal.addEventListener("abort", () => {
          reasons.push(signal.reason);
          reject(signal.reason as Error);
        })
      );
    scheduler.add({
      name: "hung",
      intervalMs: 1_000,
      timeoutMs: 5_000,
      backoff: { initialMs: 10_000, maxMs: 40_000 },
      run,
    });
    scheduler.add({ name: "other", intervalMs: 1_000, timeoutMs: 500, run: other.run });
    scheduler.start();
    await clock.advance(100_000);
    expect(other.startsMs).toEqual(Array.from({ length: 101 }, (_, slot) => slot * 1_000));
    expect(reasons[0]).toMatchObject({ code: "TIMED_OUT", retryable: true });
    const timedOut = sample(`barnacle_task_runs_total{task="hung",outcome="timed_out"}`);
    expect(timedOut).toBe(reasons.length);
    expect(timedOut).toBeGreaterThan(2);
    expect(sample(`barnacle_task_duration_seconds_sum{task="hung"}`)).toBe(timedOut * 5);
    expect(log.named("task_failed").every((logged) => logged.fields["task"] === "hung")).toBe(true);
  });

  test("A task that throws before its first await fails like any other", async () => {
    const { clock, log, scheduler } = makeBench();
    const other = new RunTrace(clock);
    const run = () => {
      throw new TypeError("mistake");
    };
    scheduler.add({ name: "throws", intervalMs: 1_000, timeoutMs: 500, run });
    scheduler.add({ name: "other", intervalMs: 1_000, timeoutMs: 500, run: other.run });
    scheduler.start();
    await clock.advance(3_000);
    expect(other.startsMs.length).toBe(4);
    expect(scheduler.snapshot()[0]).toMatchObject({ runs: 4, failures: 4, consecutiveFailures: 4 });
    expect(log.named("task_failed")[0]?.kind).toBe("problem error task:throws");
  });
});

describe("S8 backoff", () => {
  test("backoffWaitMs draws between 0 and the doubled bound, up to the cap", () => {
    const random = new SeededRandom(7);
    const backoff = { initialMs: 1_000, maxMs: 300_000 };
    for (let consecutive = 1; consecutive <= 2_000; consecutive++) {
      const boundMs = Math.min(300_000, 1_000 * 2 ** Math.min(consecutive - 1, 60));
      const waitMs = backoffWaitMs(backoff, { consecutive, retryAfterMs: undefined }, random) ?? NaN;
      expect(waitMs).toBeGreaterThanOrEqual(0);
      expect(waitMs).toBeLessThanOrEqual(boundMs);
    }
  });

  test("backoffWaitMs uses the whole range at the cap", () => {
    const random = new SeededRandom(8);
    const draw = () =>
      backoffWaitMs({ initialMs: 1, maxMs: 1_000 }, { consecutive: 50, retryAfterMs: undefined }, random) ?? 0;
    const waits = Array.from({ length: 1_000 }, draw).sort((left, right) => left - right);
    expect(waits[50]).toBeLessThan(120);
    expect(waits[950]).toBeGreaterThan(880);
  });

  test("backoffWaitMs waits no less than asked, and believes no request beyond the limit", () => {
    const random = { unit: () => 0 };
    const backoff = { initialMs: 1_000, maxMs: 2_000 };
    const wait = (retryAfterMs: number, init?: typeof backoff) =>
      backoffWaitMs(init, { consecutive: 1, retryAfterMs }, random);
    expect(wait(7_000, backoff)).toBe(7_000);
    expect(wait(10, backoff)).toBe(10);
    expect(wait(7_000)).toBe(7_000);
    expect(wait(Infinity)).toBe(RETRY_AFTER_MAX_MS);
    expect(wait(NaN)).toBe(null);
    expect(wait(-5)).toBe(null);
  });

  test("backoffWaitMs spreads those told the same wait over up to 10 % more, not beyond the cap", () => {
    const random = new SeededRandom(9);
    const backoff = { initialMs: 1_000, maxMs: 300_000 };
    for (const init of [backoff, undefined]) {
      const draw = () => backoffWaitMs(init, { consecutive: 1, retryAfterMs: 100_000 }, random) ?? NaN;
      const waits = Array.from({ length: 1_000 }, draw).sort((left, right) => left - right);
      expect(waits[0]).toBeGreaterThanOrEqual(100_000);
      expect(waits[50]).toBeLessThan(101_000);
      expect(waits[950]).toBeGreaterThan(109_000);
      expect(waits[999]).toBeLessThanOrEqual(110_000);
    }
    const highest = { unit: () => 1 };
    const wait = (retryAfterMs: number, init?: typeof backoff) =>
      backoffWaitMs(init, { consecutive: 1, retryAfterMs }, highest);
    expect(wait(299_000, backoff)).toBe(300_000);
    expect(wait(300_000, backoff)).toBe(300_000);
    expect(wait(400_000, backoff)).toBe(440_000);
    expect(wait(RETRY_AFTER_MAX_MS - 1)).toBe(RETRY_AFTER_MAX_MS);
  });

  test("Task retries on its own time while it fails, and returns to its grid once it succeeds", async () => {
    const { clock, log, scheduler } = makeBench();
    const startsMs: number[] = [];
    const run = () => {
      startsMs.push(clock.monotonicMs());
      return startsMs.length <= 4 ? Promise.reject(unavailable()) : Promise.resolve();
    };
    scheduler.add({
      name: "publish",
      intervalMs: 30_000,
      timeoutMs: 500,
      backoff: { initialMs: 1_000, maxMs: 300_000 },
      run,
    });
    scheduler.start();
    await clock.advance(120_000);
    const waits = startsMs.slice(1, 5).map((startMs, index) => startMs - (startsMs[index] ?? 0));
    expect(waits.every((waitMs, index) => waitMs <= 1_000 * 2 ** index)).toBe(true);
    expect(startsMs.slice(5)).toEqual([30_000, 60_000, 90_000, 120_000]);
    expect(log.named("task_failed").map((logged) => logged.fields["consecutiveFailures"])).toEqual([1, 2, 3, 4]);
    expect(log.named("task_failed")[0]?.kind).toBe("problem warn task:publish");
    expect(log.named("task_recovered")[0]?.kind).toBe("resolve task:publish");
  });

  test("that logs its failures itself is counted, and logged by the loop only when it hangs", async () => {
    const { clock, log, sample, scheduler } = makeBench();
    let hangs = false;
    scheduler.add({
      name: "tells",
      intervalMs: 1_000,
      timeoutMs: 500,
      logsOwnFailures: true,
      run: () => hangs ? new Promise<void>(() => undefined) : Promise.reject(new Error("told elsewhere")),
    });
    scheduler.start();
    await clock.advance(1_500);
    expect(sample('barnacle_task_runs_total{task="tells",outcome="failed"}')).toBe(2);
    expect(log.named("task_failed")).toEqual([]);
    hangs = true;
    await clock.advance(1_500);
    expect(log.named("task_failed")).toHaveLength(1);
  });

  test("Task waits as long as a failure asks, also one without backoff", async () => {
    const { clock, scheduler } = makeBench();
    const startsMs: Record<string, number[]> = { polite: [], plain: [] };
    const failOnce = (name: string) => () => {
      const starts = startsMs[name] ?? [];
      starts.push(clock.monotonicMs());
      return starts.length === 1 ? Promise.reject(unavailable(45_000)) : Promise.resolve();
    };
    const backoff = { initialMs: 1_000, maxMs: 2_000 };
    scheduler.add({ name: "polite", intervalMs: 30_000, timeoutMs: 500, backoff, run: failOnce("polite") });
    scheduler.add({ name: "plain", intervalMs: 30_000, timeoutMs: 500, run: failOnce("plain") });
    scheduler.start();
    await clock.advance(60_000);
    for (const [firstMs, secondMs, thirdMs] of Object.values(startsMs)) {
      expect(firstMs).toBe(0);
      expect(secondMs).toBeGreaterThanOrEqual(45_000);
      expect(secondMs).toBeLessThanOrEqual(49_500);
      expect(thirdMs).toBe(60_000);
    }
  });

  test("Task without backoff that was asked for less than its interval keeps its slot, nudged or not", async () => {
    const { clock, scheduler } = makeBench();
    const startsMs: number[] = [];
    const run = () => {
      startsMs.push(clock.monotonicMs());
      return startsMs.length === 1 ? Promise.reject(unavailable(10_000)) : Promise.resolve();
    };
    const task = scheduler.add({ name: "plain", intervalMs: 30_000, timeoutMs: 500, run });
    scheduler.start();
    await clock.advance(5_000);
    task.nudge();
    await clock.advance(55_000);
    expect(startsMs).toEqual([0, 30_000, 60_000]);
  });

  test("Task without backoff keeps its interval when it fails", async () => {
    const { clock, scheduler } = makeBench();
    const startsMs: number[] = [];
    const run = () => {
      startsMs.push(clock.monotonicMs());
      return Promise.reject(unavailable());
    };
    scheduler.add({ name: "plain", intervalMs: 10_000, timeoutMs: 500, run });
    scheduler.start();
    await clock.advance(30_000);
    expect(startsMs).toEqual([0, 10_000, 20_000, 30_000]);
  });

  test("Task that only nudges start retries by itself while it fails", async () => {
    const { clock, scheduler } = makeBench();
    const startsMs: number[] = [];
    const run = () => {
      startsMs.push(clock.monotonicMs());
      return startsMs.length === 1 ? Promise.reject(unavailable()) : Promise.resolve();
    };
    const task = scheduler.add({
      name: "n",
      intervalMs: null,
      timeoutMs: 500,
      backoff: { initialMs: 800, maxMs: 800 },
      run,
    });
    scheduler.start();
    task.nudge();
    await clock.advance(60_000);
    expect(startsMs.length).toBe(2);
  });
});

describe("Scheduler.add", () => {
  const init: TaskInit = { name: "a", intervalMs: 1_000, timeoutMs: 500, run: () => Promise.resolve() };

  test("add refuses a taken name, and takes it again after remove", () => {
    const { scheduler } = makeBench();
    const task = scheduler.add(init);
    expect(() => scheduler.add(init)).toThrow(/a name that is taken/);
    task.remove();
    task.remove();
    expect(scheduler.snapshot()).toEqual([]);
    scheduler.add(init);
    expect(scheduler.snapshot().length).toBe(1);
  });

  test.each([
    [{ intervalMs: 0 }],
    [{ intervalMs: NaN }],
    [{ timeoutMs: 0 }],
    [{ timeoutMs: Infinity }],
    [{ firstDelayMs: -1 }],
    [{ toleranceMs: -1 }],
    [{ jitterRatio: 0.6 }],
    [{ jitterRatio: -0.1 }],
    [{ backoff: { initialMs: 0, maxMs: 5 } }],
    [{ backoff: { initialMs: 10, maxMs: 5 } }],
  ])("add refuses %o", (change) => {
    const { scheduler } = makeBench();
    expect(() => scheduler.add({ ...init, ...change })).toThrow(BarnacleError);
  });

  test("setIntervalMs and onStop refuse what add refuses", () => {
    const { scheduler } = makeBench();
    expect(() => scheduler.add(init).setIntervalMs(0)).toThrow(BarnacleError);
    expect(() => scheduler.onStop("act", 0, () => Promise.resolve())).toThrow(BarnacleError);
  });

  test("add refuses more tasks than the limit", () => {
    const { scheduler } = makeBench();
    for (let index = 0; index < TASKS_MAX; index++) scheduler.add({ ...init, name: `t${index}` });
    expect(() => scheduler.add(init)).toThrow(/tasks already/);
  });

  test("remove aborts the run in progress, which is then nobody's failure", async () => {
    const { clock, log, scheduler, sample } = makeBench();
    const run: TaskInit["run"] = ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    const task = scheduler.add({ ...init, run });
    scheduler.start();
    await clock.advance(100);
    task.remove();
    await clock.advance(0);
    expect(sample(`barnacle_task_runs_total{task="a",outcome="aborted"}`)).toBe(1);
    await clock.advance(10_000);
    expect(sample(`barnacle_task_runs_total{task="a",outcome="aborted"}`)).toBe(1);
    expect(log.named("task_failed")).toEqual([]);
  });

  test("remove of a task whose run ignores its signal counts the run as aborted at its time-out", async () => {
    const { clock, log, scheduler, sample } = makeBench();
    const task = scheduler.add({ ...init, run: () => new Promise(() => {}) });
    scheduler.start();
    await clock.advance(100);
    task.remove();
    await clock.advance(10_000);
    expect(sample(`barnacle_task_runs_total{task="a",outcome="aborted"}`)).toBe(1);
    expect(sample(`barnacle_task_runs_total{task="a",outcome="timed_out"}`)).toBe(0);
    expect(log.named("task_failed")).toEqual([]);
  });
});

describe("Scheduler.snapshot", () => {
  test("snapshot tells each task's runs, duration and next run in Unix time", async () => {
    const { clock, scheduler } = makeBench();
    const startWallMs = clock.wallMs();
    const run = () => new Promise<void>((resolve) => clock.setTimer(40, resolve));
    scheduler.add({ name: "a", intervalMs: 1_000, timeoutMs: 500, run });
    const [before] = scheduler.snapshot();
    expect(before).toMatchObject({
      name: "a",
      running: false,
      lastRunAtMs: null,
      nextRunAtMs: null,
      lastDurationMs: null,
      runs: 0,
    });
    scheduler.start();
    await clock.advance(1_020);
    expect(scheduler.snapshot()[0]).toMatchObject({
      running: true,
      lastRunAtMs: startWallMs + 1_000,
      nextRunAtMs: null,
      runs: 2,
    });
    await clock.advance(980);
    await clock.advance(100);
    expect(scheduler.snapshot()).toEqual([{
      name: "a",
      running: false,
      lastRunAtMs: startWallMs + 2_000,
      nextRunAtMs: startWallMs + 3_000,
      lastDurationMs: 40,
      runs: 3,
      failures: 0,
      consecutiveFailures: 0,
    }]);
  });
});
