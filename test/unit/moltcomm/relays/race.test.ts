/** Hunts: a way that is tried too late or too soon, a failure that is lost, a race that never ends. */
import { describe, expect, test } from "vitest";
import { Memory } from "../../../../src/moltcomm/relays/memory.ts";
import { type Outcome, race, type Starter } from "../../../../src/moltcomm/relays/race.ts";
import { SimClock } from "../../../sim/clock.ts";

const INIT = { headStartMs: 300, timeoutMs: 5_000 };

/** Runners that end when they are told to. */
function makeRunners(count: number) {
  const clock = new SimClock();
  const startedAtMs: (number | undefined)[] = Array.from({ length: count }, () => undefined);
  const ends: ((outcome: Outcome<string, string>) => void)[] = [];
  const states: { readonly isOver: boolean }[] = [];
  const starters = Array.from({ length: count }, (_, index): Starter<string, string> => (state) => {
    startedAtMs[index] = clock.monotonicMs();
    states[index] = state;
    return new Promise((resolve) => ends[index] = resolve);
  });
  const startMs = clock.monotonicMs();
  const run = () => race(clock, starters, INIT);
  const started = () => startedAtMs.map((atMs) => atMs === undefined ? undefined : atMs - startMs);
  return { clock, run, ends, started, states };
}

describe("race", () => {
  test("gives each way a head start before the next", async () => {
    const { clock, run, ends, started, states } = makeRunners(3);
    const outcome = run();
    expect(started()).toEqual([0, undefined, undefined]);
    await clock.advance(300);
    await clock.advance(300);
    expect(started()).toEqual([0, 300, 600]);
    ends[2]?.({ found: "third" });
    expect(await outcome).toEqual({ found: "third" });
    expect(states[0]?.isOver).toBe(true);
  });

  test("goes on at once when a way fails, and starts none once one has won", async () => {
    const { clock, run, ends, started } = makeRunners(3);
    const outcome = run();
    await clock.advance(10);
    ends[0]?.({ failures: ["first"] });
    await clock.advance(0);
    expect(started()).toEqual([0, 10, undefined]);
    ends[1]?.({ found: "second" });
    expect(await outcome).toEqual({ found: "second" });
    await clock.advance(1_000);
    expect(started()).toEqual([0, 10, undefined]);
  });

  test("tells all failures in the order of the ways, whichever came first", async () => {
    const { clock, run, ends } = makeRunners(2);
    const outcome = run();
    await clock.advance(300);
    ends[1]?.({ failures: ["b"] });
    await clock.advance(1);
    ends[0]?.({ failures: ["a1", "a2"] });
    expect(await outcome).toEqual({ failures: ["a1", "a2", "b"] });
  });

  test("ends when nobody does, when there is nobody, and with a mistake of ours", async () => {
    const { clock, run } = makeRunners(1);
    const outcome = run();
    await clock.advance(5_000);
    expect(await outcome).toEqual({ failures: [] });
    expect(await race(clock, [], INIT)).toEqual({ failures: [] });
    await expect(race(clock, [() => Promise.reject(new Error("ours"))], INIT)).rejects.toThrow("ours");
  });
});

test("Memory forgets what was longest untouched", () => {
  const memory = new Memory<number>({ entriesMax: 2 });
  memory.set("a", 1);
  memory.set("b", 2);
  memory.set("a", 3);
  memory.set("c", 4);
  expect(memory.entries).toEqual([["a", 3], ["c", 4]]);
  memory.delete("a");
  expect(memory.get("a")).toBe(undefined);
});
