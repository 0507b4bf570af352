/** Hunts ends that hang, that start new work, that lose a closing act, or that leave something running unsaid. */
import { describe, expect, test } from "vitest";
import { BACKGROUND_WORKS_MAX } from "../../../src/limits.ts";
import type { TaskInit } from "../../../src/scheduler/mod.ts";
import type { SimClock } from "../../sim/clock.ts";
import { deferred, makeBench, RunTrace } from "./support.ts";

const forever = () => new Promise<void>(() => {});

/** Ends when told, `afterMs` later. */
function obedient(clock: SimClock, afterMs: number): TaskInit["run"] {
  return ({ signal }) =>
    new Promise((resolve) => signal.addEventListener("abort", () => clock.setTimer(afterMs, resolve)));
}

/**
 * Awaits a stop while time passes.
 * @returns how long it took, in milliseconds, and how many timers were pending at most
 */
async function timed(clock: SimClock, stop: Promise<void>): Promise<{ tookMs: number; pendingMax: number }> {
  const startMs = clock.monotonicMs();
  let tookMs: number | undefined;
  let pendingMax = clock.pendingCount;
  const watched = stop.then(() => {
    tookMs = clock.monotonicMs() - startMs;
  });
  for (let step = 0; step < 2_000 && tookMs === undefined; step++) {
    await clock.advance(10);
    pendingMax = Math.max(pendingMax, clock.pendingCount);
  }
  await watched;
  return { tookMs: tookMs ?? NaN, pendingMax };
}

describe("S9 stop", () => {
  test("stop tells the running ones, awaits them, then acts in order; no run starts", async () => {
    const { clock, scheduler, sample } = makeBench();
    const order: string[] = [];
    const other = new RunTrace(clock);
    const run: TaskInit["run"] = (context) => obedient(clock, 200)(context).then(() => void order.push("run ended"));
    scheduler.add({ name: "busy", intervalMs: 1_000, timeoutMs: 60_000, run });
    const task = scheduler.add({ name: "other", intervalMs: 100, timeoutMs: 500, run: other.run });
    scheduler.spawn("background", (signal) =>
      new Promise((resolve) =>
        signal.addEventListener("abort", () => {
          order.push("background ended");
          resolve();
        })
      ));
    const act = (name: string) => () => {
      order.push(name);
      return new Promise<void>((resolve) => clock.setTimer(50, resolve));
    };
    scheduler.onStop("draining", 1_000, act("draining"));
    scheduler.onStop("flush", 1_000, act("flush"));
    scheduler.onStop("offline", 1_000, act("offline"));
    scheduler.start();
    await clock.advance(450);
    const runsBefore = other.startsMs.length;
    task.nudge();
    const { tookMs } = await timed(clock, scheduler.stop(5_000));
    expect(order).toEqual(["background ended", "run ended", "draining", "flush", "offline"]);
    expect(tookMs).toBe(350);
    expect(other.startsMs.length).toBe(runsBefore);
    expect(clock.pendingCount).toBe(0);
    expect(sample(`barnacle_task_runs_total{task="busy",outcome="succeeded"}`)).toBe(1);
  });

  test("stop under load ends within its bound whatever hangs, and every closing act still has its turn", async () => {
    const { clock, log, scheduler } = makeBench();
    for (let index = 0; index < 50; index++) {
      const run = index % 2 === 0 ? forever : obedient(clock, index);
      scheduler.add({ name: `t${index}`, intervalMs: 1_000, timeoutMs: 60_000, run });
      scheduler.spawn(`w${index}`, forever);
    }
    const told: string[] = [];
    for (const name of ["draining", "flush", "offline"]) {
      scheduler.onStop(name, 4_000, (signal) => {
        signal.addEventListener("abort", () => told.push(name));
        return forever();
      });
    }
    scheduler.start();
    await clock.advance(100);
    const { tookMs } = await timed(clock, scheduler.stop(5_000));
    expect(tookMs).toBeGreaterThan(4_900);
    expect(tookMs).toBeLessThanOrEqual(5_010);
    expect(told).toEqual(["draining", "flush", "offline"]);
    expect(log.named("closing_act_failed").map((logged) => logged.fields["act"])).toEqual(told);
    expect(log.named("stop_left_running")[0]?.fields["names"]).toHaveLength(75);
    expect(clock.pendingCount).toBe(0);
  });

  test("A closing act that fails or throws is logged, and the next follows", async () => {
    const { clock, log, scheduler } = makeBench();
    const order: string[] = [];
    scheduler.onStop("rejects", 1_000, () => Promise.reject(new Error("no")));
    scheduler.onStop("throws", 1_000, () => {
      throw new Error("no");
    });
    scheduler.onStop("last", 1_000, () => {
      order.push("last");
      return Promise.resolve();
    });
    scheduler.start();
    await timed(clock, scheduler.stop(5_000));
    expect(order).toEqual(["last"]);
    expect(log.named("closing_act_failed").map((logged) => logged.fields["act"])).toEqual(["rejects", "throws"]);
  });

  test("A hung closing act costs its own bound only", async () => {
    const { clock, scheduler } = makeBench();
    let endedAtMs = NaN;
    scheduler.onStop("hung", 300, forever);
    scheduler.onStop("last", 300, () => {
      endedAtMs = clock.monotonicMs();
      return Promise.resolve();
    });
    scheduler.start();
    const { pendingMax } = await timed(clock, scheduler.stop(5_000));
    expect(endedAtMs).toBe(300);
    expect(pendingMax).toBeLessThanOrEqual(1);
  });

  test("stop during stop waits for the same end, and a shorter bound draws it nearer", async () => {
    const { clock, scheduler } = makeBench();
    let acts = 0;
    scheduler.onStop("hung", 10_000, () => {
      acts++;
      return forever();
    });
    scheduler.start();
    const first = scheduler.stop(10_000);
    await clock.advance(1_000);
    const second = scheduler.stop(500);
    const third = scheduler.stop(60_000);
    const { tookMs } = await timed(clock, Promise.all([first, second, third]).then(() => {}));
    expect(tookMs).toBe(500);
    expect(acts).toBe(1);
    await scheduler.stop(1_000);
  });

  test("stop from within a run does not wait for itself beyond the bound", async () => {
    const { clock, scheduler } = makeBench();
    const order: string[] = [];
    scheduler.onStop("offline", 1_000, () => {
      order.push("offline");
      return Promise.resolve();
    });
    scheduler.add({ name: "a", intervalMs: 1_000, timeoutMs: 60_000, run: () => scheduler.stop(2_000) });
    scheduler.add({
      name: "b",
      intervalMs: 1_000,
      timeoutMs: 60_000,
      run: () => Promise.resolve(void order.push("b")),
    });
    scheduler.start();
    await clock.advance(2_000);
    expect(order).toEqual(["offline"]);
  });

  test("stop from the signal of a run that is timed out starts nothing that is due at that moment", async () => {
    const { clock, scheduler } = makeBench();
    const trace = new RunTrace(clock);
    const stops: Promise<void>[] = [];
    const run: TaskInit["run"] = ({ signal }) =>
      new Promise((resolve) =>
        signal.addEventListener("abort", () => {
          stops.push(scheduler.stop(1_000));
          resolve();
        })
      );
    scheduler.add({ name: "a", intervalMs: null, firstDelayMs: 0, timeoutMs: 500, run });
    scheduler.add({ name: "b", intervalMs: null, firstDelayMs: 500, timeoutMs: 500, run: trace.run });
    scheduler.start();
    await clock.advance(2_000);
    await Promise.all(stops);
    expect([stops.length, trace.startsMs.length]).toEqual([1, 0]);
  });

  test("stop with no time at all skips the acts and resolves", async () => {
    const { clock, log, scheduler } = makeBench();
    scheduler.onStop("offline", 1_000, forever);
    scheduler.start();
    await timed(clock, scheduler.stop(0));
    expect(log.named("closing_act_failed").length).toBe(1);
  });

  test("stop of a loop that never started performs no act, and start after it does nothing", async () => {
    const { clock, scheduler } = makeBench();
    const trace = new RunTrace(clock);
    let acts = 0;
    scheduler.onStop("offline", 1_000, () => Promise.resolve(void acts++));
    scheduler.add({ name: "a", intervalMs: 1_000, timeoutMs: 500, run: trace.run });
    await scheduler.stop(1_000);
    scheduler.start();
    await clock.advance(5_000);
    expect([acts, trace.startsMs.length]).toEqual([0, 0]);
  });

  test("stop does not wait for a run that was given up before", async () => {
    const { clock, scheduler } = makeBench();
    scheduler.add({ name: "deaf", intervalMs: 60_000, timeoutMs: 100, run: forever });
    scheduler.start();
    await clock.advance(1_000);
    const { tookMs } = await timed(clock, scheduler.stop(5_000));
    expect(tookMs).toBeLessThanOrEqual(10);
  });

  test("A run that fails because it was told to end is counted as aborted and not logged as a failure", async () => {
    const { clock, log, scheduler, sample } = makeBench();
    const run: TaskInit["run"] = ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    scheduler.add({ name: "a", intervalMs: 1_000, timeoutMs: 60_000, run });
    scheduler.start();
    await clock.advance(10);
    await scheduler.stop(1_000);
    expect(sample(`barnacle_task_runs_total{task="a",outcome="aborted"}`)).toBe(1);
    expect(log.named("task_failed")).toEqual([]);
  });
});

describe("Scheduler.spawn", () => {
  test("spawn logs a failure and the recovery under the work's name", async () => {
    const { clock, log, scheduler } = makeBench();
    scheduler.spawn("load", () => Promise.reject(new Error("no")));
    scheduler.spawn("load", () => {
      throw new Error("no");
    });
    await clock.advance(0);
    scheduler.spawn("load", () => Promise.resolve());
    await clock.advance(0);
    expect(log.events.map((logged) => `${logged.kind} ${logged.event}`)).toEqual([
      "problem error background:load background_failed",
      "problem error background:load background_failed",
      "resolve background:load background_recovered",
    ]);
  });

  test("spawn does not report work that ended because it was told to", async () => {
    const { clock, log, scheduler } = makeBench();
    scheduler.spawn(
      "watch",
      (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
    );
    await clock.advance(0);
    await scheduler.stop(1_000);
    expect(log.events).toEqual([]);
  });

  test("spawn has room again for each work that ended", async () => {
    const { clock, scheduler } = makeBench();
    let started = 0;
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < BACKGROUND_WORKS_MAX; index++) {
        scheduler.spawn("short", () => Promise.resolve(void started++));
      }
      await clock.advance(0);
    }
    expect(started).toBe(2 * BACKGROUND_WORKS_MAX);
  });

  test("spawn refuses work after stop and beyond its limit, and says so", async () => {
    const { clock, log, scheduler } = makeBench();
    const gate = deferred();
    let started = 0;
    for (let index = 0; index <= BACKGROUND_WORKS_MAX; index++) {
      scheduler.spawn("many", () => {
        started++;
        return gate.promise;
      });
    }
    await clock.advance(0);
    expect(started).toBe(BACKGROUND_WORKS_MAX);
    gate.resolve();
    await scheduler.stop(1_000);
    scheduler.spawn("late", () => Promise.resolve(void started++));
    await clock.advance(0);
    expect(started).toBe(BACKGROUND_WORKS_MAX);
    expect(log.named("background_refused").map((logged) => logged.fields["name"])).toEqual(["many", "late"]);
  });
});
