/**
 * Hunts loops whose tasks drift, jitter out of bounds, beat in storms after a jump of the clock, or keep an idle host
 * awake.
 */
import { describe, expect, test } from "vitest";
import { deferred, makeBench, RunTrace, WAKEUPS } from "./support.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe("S1 one timer", () => {
  test("Scheduler holds no timer before start, exactly one while it runs, none after stop", async () => {
    const { clock, scheduler } = makeBench();
    const hang = deferred();
    const task = scheduler.add({ name: "a", intervalMs: 1_000, timeoutMs: 500, run: () => Promise.resolve() });
    scheduler.add({ name: "b", intervalMs: 700, timeoutMs: 500, run: () => hang.promise });
    task.nudge();
    expect(clock.pendingCount).toBe(0);
    scheduler.start();
    for (let step = 0; step < 50; step++) {
      await clock.advance(137);
      if (step % 5 === 0) task.nudge({ withinMs: 300 });
      if (step === 20) task.setIntervalMs(2_000);
      expect(clock.pendingCount).toBe(1);
    }
    await scheduler.stop(100);
    expect(clock.pendingCount).toBe(0);
  });

  test("Scheduler without tasks sleeps no longer than its longest sleep", async () => {
    const { clock, scheduler, sample } = makeBench({ sleepMaxMs: 60_000 });
    scheduler.start();
    expect(clock.nextDueMs).toBe(60_000);
    await clock.advance(HOUR_MS);
    expect(sample(WAKEUPS)).toBe(60);
  });

  test("Scheduler wakes once for a due time between two milliseconds", async () => {
    const { clock, scheduler, sample } = makeBench();
    scheduler.add({ name: "a", intervalMs: 1_000.4, timeoutMs: 500, run: () => Promise.resolve() });
    scheduler.start();
    await clock.advance(10_100);
    expect(sample(WAKEUPS)).toBe(11);
  });

  test("Scheduler does not run what it was given before start", async () => {
    const { clock, scheduler } = makeBench();
    const trace = new RunTrace(clock);
    scheduler.add({ name: "a", intervalMs: 1_000, timeoutMs: 500, run: trace.run });
    await clock.advance(10_000);
    expect(trace.startsMs).toEqual([]);
    scheduler.start();
    scheduler.start();
    await clock.advance(1_000);
    expect(trace.startsMs).toEqual([10_000, 11_000]);
  });
});

describe("S4 rhythm", () => {
  test("Task keeps its grid for a day although its runs take time", async () => {
    const { clock, scheduler } = makeBench();
    const startsMs: number[] = [];
    const run = async () => {
      startsMs.push(clock.monotonicMs());
      await new Promise<void>((resolve) => clock.setTimer(1_234, resolve));
    };
    scheduler.add({ name: "slow", intervalMs: 300_000, timeoutMs: 10_000, run });
    scheduler.start();
    await clock.advance(DAY_MS);
    expect(startsMs).toEqual(Array.from({ length: 289 }, (_, slot) => slot * 300_000));
  });

  test("Task that runs longer than its interval skips the slots in between", async () => {
    const { clock, scheduler } = makeBench();
    const startsMs: number[] = [];
    const run = async () => {
      startsMs.push(clock.monotonicMs());
      await new Promise<void>((resolve) => clock.setTimer(2_500, resolve));
    };
    scheduler.add({ name: "long", intervalMs: 1_000, timeoutMs: 10_000, run });
    scheduler.start();
    await clock.advance(10_000);
    expect(startsMs).toEqual([0, 3_000, 6_000, 9_000]);
  });

  test("Task jitters within its share of the interval, both ways, without moving its grid", async () => {
    const { clock, scheduler } = makeBench();
    const trace = new RunTrace(clock);
    scheduler.add({ name: "beat", intervalMs: 30_000, jitterRatio: 0.1, timeoutMs: 1_000, run: trace.run });
    scheduler.start();
    await clock.advance(1_000 * 30_000 + 3_000);
    const offsets = trace.startsMs.map((startMs, slot) => startMs - slot * 30_000);
    expect(offsets.length).toBe(1_001);
    expect(offsets[0]).toBe(0);
    expect(Math.max(...offsets)).toBeLessThanOrEqual(3_000);
    expect(Math.min(...offsets)).toBeGreaterThanOrEqual(-3_000);
    expect(Math.max(...offsets)).toBeGreaterThan(2_700);
    expect(Math.min(...offsets)).toBeLessThan(-2_700);
    const meanMs = offsets.reduce((sum, offset) => sum + offset, 0) / offsets.length;
    expect(Math.abs(meanMs)).toBeLessThan(200);
  });

  test("Task waits for its first delay, and one without interval then never runs again", async () => {
    const { clock, scheduler } = makeBench();
    const [periodic, once, never] = [new RunTrace(clock), new RunTrace(clock), new RunTrace(clock)];
    scheduler.add({ name: "p", intervalMs: 1_000, firstDelayMs: 250, timeoutMs: 100, run: periodic.run });
    scheduler.add({ name: "o", intervalMs: null, firstDelayMs: 400, timeoutMs: 100, run: once.run });
    scheduler.add({ name: "n", intervalMs: null, timeoutMs: 100, run: never.run });
    scheduler.start();
    await clock.advance(3_000);
    expect(periodic.startsMs).toEqual([250, 1_250, 2_250]);
    expect(once.startsMs).toEqual([400]);
    expect(never.startsMs).toEqual([]);
  });

  test("Task added to a running loop has its grid from then on", async () => {
    const { clock, scheduler } = makeBench();
    scheduler.start();
    await clock.advance(123);
    const trace = new RunTrace(clock);
    scheduler.add({ name: "late", intervalMs: 1_000, timeoutMs: 100, run: trace.run });
    await clock.advance(2_500);
    expect(trace.startsMs).toEqual([123, 1_123, 2_123]);
  });

  test("setIntervalMs lays the new grid from the last slot", async () => {
    const { clock, scheduler } = makeBench();
    const trace = new RunTrace(clock);
    const task = scheduler.add({ name: "a", intervalMs: 30_000, timeoutMs: 100, run: trace.run });
    scheduler.start();
    await clock.advance(40_000);
    task.setIntervalMs(60_000);
    await clock.advance(120_000);
    task.setIntervalMs(1_000);
    await clock.advance(2_500);
    task.setIntervalMs(null);
    await clock.advance(100_000);
    task.setIntervalMs(5_000);
    await clock.advance(5_000);
    expect(trace.startsMs).toEqual([0, 30_000, 90_000, 150_000, 161_000, 162_000, 267_500]);
  });

  test("setIntervalMs with the interval it has changes nothing", async () => {
    const { clock, scheduler } = makeBench();
    const task = scheduler.add({
      name: "a",
      intervalMs: 30_000,
      jitterRatio: 0.5,
      timeoutMs: 100,
      run: () => Promise.resolve(),
    });
    scheduler.start();
    await clock.advance(1_000);
    const before = scheduler.snapshot();
    task.setIntervalMs(30_000);
    expect(scheduler.snapshot()).toEqual(before);
  });

  test("setIntervalMs before the start changes what the start lays", async () => {
    const { clock, scheduler } = makeBench();
    const trace = new RunTrace(clock);
    const task = scheduler.add({ name: "a", intervalMs: null, timeoutMs: 100, run: trace.run });
    task.setIntervalMs(2_000);
    await clock.advance(500);
    scheduler.start();
    await clock.advance(4_000);
    expect(trace.startsMs).toEqual([500, 2_500, 4_500]);
  });
});

describe("S5 merging", () => {
  test("setToleranceMs lets a task wait for company from then on, and no longer", async () => {
    const { clock, scheduler } = makeBench();
    const [patient, regular] = [new RunTrace(clock), new RunTrace(clock)];
    const task = scheduler.add({ name: "a", intervalMs: 5_000, timeoutMs: 500, run: patient.run });
    scheduler.add({ name: "b", intervalMs: 8_000, timeoutMs: 500, run: regular.run });
    scheduler.start();
    await clock.advance(1_000);
    task.setToleranceMs(4_000);
    await clock.advance(18_000);
    expect(patient.startsMs).toEqual([0, 8_000, 14_000, 16_000]);
    task.setToleranceMs(0);
    await clock.advance(6_500);
    expect(patient.startsMs.slice(4)).toEqual([20_000, 25_000]);
    expect(() => task.setToleranceMs(-1)).toThrow("toleranceMs");
  });

  test("Scheduler wakes once for tasks that tolerate it, and starts each within its tolerance", async () => {
    const { clock, scheduler, sample } = makeBench();
    const traces = [30_000, 30_000, 60_000, 20_000].map((intervalMs, index) => {
      const trace = new RunTrace(clock);
      const [firstDelayMs, toleranceMs] = [index * 900, index === 0 ? 0 : 10_000];
      scheduler.add({ name: `t${index}`, intervalMs, firstDelayMs, toleranceMs, timeoutMs: 5_000, run: trace.run });
      return { trace, intervalMs, firstDelayMs, toleranceMs };
    });
    scheduler.start();
    await clock.advance(HOUR_MS - 1);
    for (const { trace, intervalMs, firstDelayMs, toleranceMs } of traces) {
      expect(trace.startsMs.length).toBeGreaterThanOrEqual(HOUR_MS / intervalMs - 1);
      for (const startMs of trace.startsMs) {
        const latenessMs = (startMs - firstDelayMs + intervalMs) % intervalMs;
        expect(latenessMs).toBeLessThanOrEqual(toleranceMs);
      }
    }
    // Eight due times a minute, none at the same instant, in five wakings.
    expect(sample(WAKEUPS)).toBe(300);
  });

  test("Tasks that share a waking start in the order of their due times", async () => {
    const { clock, scheduler } = makeBench();
    const order: string[] = [];
    for (const [name, firstDelayMs] of [["last", 300], ["first", 100], ["second", 200]] as const) {
      const run = () => Promise.resolve(void order.push(name));
      scheduler.add({ name, intervalMs: null, firstDelayMs, toleranceMs: 1_000, timeoutMs: 500, run });
    }
    scheduler.start();
    await clock.advance(2_000);
    expect(order).toEqual(["first", "second", "last"]);
  });

  test("Idle loop with a heartbeat wakes no oftener than the heartbeat", async () => {
    const { clock, scheduler, sample } = makeBench();
    const quick = () => Promise.resolve();
    const jitterRatio = 0.1;
    scheduler.add({
      name: "heartbeat",
      intervalMs: 30_000,
      jitterRatio,
      toleranceMs: 0,
      timeoutMs: 10_000,
      run: quick,
    });
    scheduler.add({ name: "watch", intervalMs: 30_000, toleranceMs: 36_000, timeoutMs: 10_000, run: quick });
    scheduler.add({ name: "sweep", intervalMs: 60_000, toleranceMs: 40_000, timeoutMs: 10_000, run: quick });
    scheduler.start();
    await clock.advance(HOUR_MS - 5_000);
    expect(sample(WAKEUPS)).toBe(120);
  });
});

describe("S6 clock jumps", () => {
  test("Task keeps its rhythm when the wall clock is set back an hour", async () => {
    const { clock, scheduler } = makeBench();
    const trace = new RunTrace(clock);
    scheduler.add({ name: "beat", intervalMs: 30_000, timeoutMs: 1_000, run: trace.run });
    scheduler.start();
    await clock.advance(45_000);
    clock.jumpWall(-HOUR_MS);
    await clock.advance(75_000);
    expect(trace.startsMs).toEqual([0, 30_000, 60_000, 90_000, 120_000]);
    expect(trace.reasons).toEqual(["due", "due", "due", "due", "due"]);
    expect(scheduler.snapshot()[0]?.nextRunAtMs).toBe(clock.wallMs() + 30_000);
  });

  test("Tasks make one catch-up run after a day asleep in which monotonic time ran", async () => {
    const { clock, scheduler } = makeBench();
    const [beat, hourly] = [new RunTrace(clock), new RunTrace(clock)];
    scheduler.add({ name: "beat", intervalMs: 30_000, timeoutMs: 1_000, run: beat.run });
    scheduler.add({ name: "hourly", intervalMs: HOUR_MS, timeoutMs: 1_000, run: hourly.run });
    scheduler.start();
    await clock.advance(40_000);
    clock.suspend(DAY_MS, "runs");
    await clock.advance(30_000);
    expect(beat.startsMs).toEqual([0, 30_000, DAY_MS + 40_000, DAY_MS + 60_000]);
    expect(beat.reasons).toEqual(["due", "due", "catch-up", "due"]);
    expect(hourly.startsMs).toEqual([0, DAY_MS + 40_000]);
    expect(hourly.reasons).toEqual(["due", "catch-up"]);
  });

  test("Tasks make one catch-up run after a day asleep in which monotonic time stood still", async () => {
    const { clock, scheduler } = makeBench();
    const [beat, hourly] = [new RunTrace(clock), new RunTrace(clock)];
    scheduler.add({ name: "beat", intervalMs: 30_000, timeoutMs: 1_000, run: beat.run });
    scheduler.add({ name: "hourly", intervalMs: HOUR_MS, timeoutMs: 1_000, run: hourly.run });
    scheduler.start();
    await clock.advance(40_000);
    clock.suspend(DAY_MS, "stands");
    await clock.advance(60_000);
    // The pending timer rings at 60 s; what it finds is that the day has passed, in which both have been due.
    expect(beat.startsMs).toEqual([0, 30_000, 60_000, 90_000]);
    expect(beat.reasons).toEqual(["due", "due", "catch-up", "due"]);
    expect(hourly.startsMs).toEqual([0, 60_000]);
    expect(hourly.reasons).toEqual(["due", "catch-up"]);
  });

  test("Task that is due rarely catches up within the longest sleep after monotonic time stood still", async () => {
    const { clock, scheduler } = makeBench({ sleepMaxMs: 60_000 });
    const hourly = new RunTrace(clock);
    scheduler.add({ name: "hourly", intervalMs: HOUR_MS, timeoutMs: 1_000, run: hourly.run });
    scheduler.start();
    await clock.advance(10_000);
    clock.suspend(2 * HOUR_MS, "stands");
    await clock.advance(50_000);
    expect(hourly.startsMs).toEqual([0, 60_000]);
  });

  test("snapshot that is the first to see a jump brings the catch-up forward", async () => {
    const { clock, scheduler } = makeBench();
    const hourly = new RunTrace(clock);
    scheduler.add({ name: "hourly", intervalMs: HOUR_MS, timeoutMs: 1_000, run: hourly.run });
    scheduler.start();
    await clock.advance(10_000);
    clock.suspend(2 * HOUR_MS, "stands");
    scheduler.snapshot();
    await clock.advance(0);
    expect(hourly.startsMs).toEqual([0, 10_000]);
  });

  test("Small steps of the wall clock do not touch the rhythm", async () => {
    const { clock, scheduler } = makeBench();
    const trace = new RunTrace(clock);
    scheduler.add({ name: "beat", intervalMs: 10_000, timeoutMs: 1_000, run: trace.run });
    scheduler.start();
    for (let step = 0; step < 10; step++) {
      clock.jumpWall(step % 2 === 0 ? 900 : -900);
      await clock.advance(10_000);
    }
    expect(trace.startsMs).toEqual(Array.from({ length: 11 }, (_, slot) => slot * 10_000));
  });

  test("A run's time-out is measured in time that passed, not by a wall clock set forward", async () => {
    const { clock, scheduler } = makeBench();
    const gate = deferred();
    scheduler.add({ name: "a", intervalMs: 30_000, timeoutMs: 20_000, run: () => gate.promise });
    scheduler.start();
    await clock.advance(1_000);
    clock.jumpWall(DAY_MS);
    await clock.advance(10_000);
    gate.resolve();
    await clock.advance(0);
    expect(scheduler.snapshot()[0]).toMatchObject({ failures: 0, running: false });
  });
});
