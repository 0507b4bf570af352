/** Hunts nudges that are lost, that start a task twice, or that let a failing task hammer. */
import { describe, expect, test } from "vitest";
import { BarnacleError } from "../../../src/errors.ts";
import { type Deferred, deferred, makeBench, RunTrace } from "./support.ts";

describe("S7 nudges", () => {
  test("Nudges before a run are one, and do not move the grid", async () => {
    const { clock, scheduler } = makeBench();
    const trace = new RunTrace(clock);
    const task = scheduler.add({ name: "a", intervalMs: 10_000, timeoutMs: 500, run: trace.run });
    scheduler.start();
    await clock.advance(3_000);
    for (let count = 0; count < 5; count++) task.nudge();
    expect(trace.startsMs).toEqual([0]);
    await clock.advance(17_000);
    expect(trace.startsMs).toEqual([0, 3_000, 10_000, 20_000]);
    expect(trace.reasons).toEqual(["due", "nudge", "due", "due"]);
  });

  test("Nudge before start is served by the start", async () => {
    const { clock, scheduler } = makeBench();
    const trace = new RunTrace(clock);
    scheduler.add({ name: "a", intervalMs: null, timeoutMs: 500, run: trace.run }).nudge();
    await clock.advance(1_000);
    scheduler.start();
    await clock.advance(1_000);
    expect(trace.startsMs).toEqual([1_000]);
  });

  test("Nudges during a run cause one more run after it", async () => {
    const { clock, scheduler } = makeBench();
    const gates: Deferred[] = [];
    const run = () => {
      const gate = deferred();
      gates.push(gate);
      return gate.promise;
    };
    const task = scheduler.add({ name: "a", intervalMs: null, timeoutMs: 5_000, run });
    scheduler.start();
    task.nudge();
    await clock.advance(100);
    task.nudge();
    task.nudge({ withinMs: 50 });
    await clock.advance(100);
    expect(gates.length).toBe(1);
    gates[0]?.resolve();
    await clock.advance(0);
    expect(gates.length).toBe(2);
    gates[1]?.resolve();
    await clock.advance(10_000);
    expect(gates.length).toBe(2);
  });

  test("Nudge with withinMs waits for company so long, and no longer", async () => {
    const { clock, scheduler } = makeBench();
    const [alone, accompanied] = [new RunTrace(clock), new RunTrace(clock)];
    const task = scheduler.add({ name: "a", intervalMs: null, timeoutMs: 500, run: alone.run });
    scheduler.start();
    task.nudge({ withinMs: 2_000 });
    await clock.advance(1_500);
    task.nudge({ withinMs: 2_000 });
    await clock.advance(5_000);
    expect(alone.startsMs).toEqual([2_000]);

    scheduler.add({ name: "b", intervalMs: 10_000, firstDelayMs: 1_000, timeoutMs: 500, run: accompanied.run });
    task.nudge({ withinMs: 2_000 });
    await clock.advance(5_000);
    expect(alone.startsMs).toEqual([2_000, 7_500]);
    expect(accompanied.startsMs).toEqual([7_500]);
  });

  test("An urgent nudge is not held up by a patient one", async () => {
    const { clock, scheduler } = makeBench();
    const trace = new RunTrace(clock);
    const task = scheduler.add({ name: "a", intervalMs: null, timeoutMs: 500, run: trace.run });
    scheduler.start();
    task.nudge({ withinMs: 60_000 });
    await clock.advance(100);
    task.nudge();
    task.nudge({ withinMs: 60_000 });
    await clock.advance(120_000);
    expect(trace.startsMs).toEqual([100]);
  });

  test("Nudge leaves a task that waits after a failure waiting, unless forced", async () => {
    const { clock, scheduler } = makeBench();
    const trace = new RunTrace(clock);
    const failure = new BarnacleError({ code: "UNAVAILABLE", action: "Publish", retryAfterMs: 20_000 });
    const run = (context: Parameters<typeof trace.run>[0]) =>
      trace.run(context).then(() => trace.startsMs.length < 3 ? Promise.reject(failure) : undefined);
    const backoff = { initialMs: 1_000, maxMs: 20_000 };
    const task = scheduler.add({ name: "a", intervalMs: 60_000, timeoutMs: 500, backoff, run });
    scheduler.start();
    await clock.advance(5_000);
    task.nudge();
    await clock.advance(5_000);
    expect(trace.startsMs).toEqual([0]);
    task.nudge({ force: true });
    await clock.advance(0);
    expect(trace.startsMs).toEqual([0, 10_000]);
    task.nudge();
    await clock.advance(50_000);
    // The forced attempt failed too: its own wait counts, and the nudge in it is served by the retry.
    expect(trace.startsMs).toEqual([0, 10_000, 30_000, 60_000]);
  });

  test("Nudge during a run that fails waits with it; a forced one does not", async () => {
    const { clock, scheduler } = makeBench();
    const gates: Deferred[] = [];
    const run = () => {
      const gate = deferred();
      gates.push(gate);
      return gate.promise;
    };
    const backoff = { initialMs: 1_000_000, maxMs: 1_000_000 };
    const task = scheduler.add({ name: "a", intervalMs: null, timeoutMs: 5_000, backoff, run });
    scheduler.start();
    task.nudge();
    await clock.advance(0);
    task.nudge({ force: true });
    gates[0]?.reject(new Error("first"));
    await clock.advance(0);
    expect(gates.length).toBe(2);
    task.nudge();
    gates[1]?.reject(new Error("second"));
    await clock.advance(1_000);
    expect(gates.length).toBe(2);
    expect(scheduler.snapshot()[0]).toMatchObject({ failures: 2, consecutiveFailures: 2 });
  });

  test("Nudge of a removed task, or after stop, does nothing", async () => {
    const { clock, scheduler } = makeBench();
    const [removed, kept] = [new RunTrace(clock), new RunTrace(clock)];
    const removedTask = scheduler.add({ name: "a", intervalMs: null, timeoutMs: 500, run: removed.run });
    const keptTask = scheduler.add({ name: "b", intervalMs: null, timeoutMs: 500, run: kept.run });
    scheduler.start();
    removedTask.nudge();
    removedTask.remove();
    removedTask.nudge({ force: true });
    await clock.advance(100);
    await scheduler.stop(100);
    keptTask.nudge({ force: true });
    await clock.advance(100);
    expect([...removed.startsMs, ...kept.startsMs]).toEqual([]);
  });
});
