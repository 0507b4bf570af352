/** Hunts: an agent that never tidies up after its start, does it all the time, or minds when that fails. */
import { expect, test } from "vitest";
import { startHost } from "../../src/agent.ts";
import { runCommandLine } from "../../src/cli/mod.ts";
import "./fleet/preload.ts";
import { SimWorld } from "./mod.ts";

interface Life {
  readonly collectedAtMs: readonly number[];
  readonly returnedAtMs: readonly number[];
  readonly isRunning: boolean;
  readonly said: string;
}

/** Runs a command for eleven minutes. */
async function live(words: readonly string[], returnMemory: () => Promise<void>): Promise<Life> {
  const world = new SimWorld({ seed: 7 });
  const collectedAtMs: number[] = [];
  const returnedAtMs: number[] = [];
  let said = "";
  const process = world.addHost("host").start((platform) => {
    const noted = () => {
      returnedAtMs.push(world.clock.monotonicMs());
      return returnMemory();
    };
    const collectGarbage = () => void collectedAtMs.push(world.clock.monotonicMs());
    const runtime = { ...platform, process: { ...platform.process, collectGarbage, returnMemory: noted } };
    return runCommandLine({
      runtime,
      startHost: (loaded, parts) => startHost(runtime, loaded, parts),
      licences: () => Promise.resolve(undefined),
      plugin: () => Promise.resolve(undefined),
    });
  }, { name: words[0] ?? "", arguments: [...words, "--log", "json", "--log-level", "debug"] });
  process.standardError.onText = (text) => said += text;
  await world.run(660_000);
  return { collectedAtMs, returnedAtMs, isRunning: process.isRunning, said };
}

test("an agent returns memory once all that is periodic has run, and now and then again", async () => {
  const { returnedAtMs, isRunning, said } = await live(["run"], () => Promise.resolve());
  expect(returnedAtMs.length, said).toBe(2);
  expect(returnedAtMs[0]).toBeGreaterThanOrEqual(45_000);
  expect(returnedAtMs[0]).toBeLessThan(46_000);
  expect(returnedAtMs[1]).toBeGreaterThanOrEqual(645_000);
  expect(isRunning).toBe(true);
});

test("an agent collects the garbage of its start once, within a second", async () => {
  const { collectedAtMs, said } = await live(["run"], () => Promise.resolve());
  expect(collectedAtMs.length, said).toBe(1);
  expect(collectedAtMs[0]).toBeGreaterThanOrEqual(800);
  expect(collectedAtMs[0]).toBeLessThan(1_000);
});

test("a process with a hub keeps its memory", async () => {
  const { collectedAtMs, returnedAtMs, said } = await live(["up"], () => Promise.resolve());
  expect(said).toContain('"event":"listening"');
  expect([...collectedAtMs, ...returnedAtMs]).toEqual([]);
});

test("an agent lives on and says so at debug when memory cannot be returned", async () => {
  const { isRunning, said } = await live(["run"], () => Promise.reject(new TypeError("no such means")));
  expect(isRunning).toBe(true);
  const events = said.trim().split("\n").map((line) => JSON.parse(line)).filter(({ event }) =>
    event === "memory_not_returned"
  );
  expect(events.length).toBe(2);
  expect(events[0].level).toBe("debug");
});
