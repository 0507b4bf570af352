/** Hunts: an agent that never gives back the memory of its start, does it all the time, or minds when that fails. */
import { expect, test } from "vitest";
import { startHost } from "../../src/agent.ts";
import { runCommandLine } from "../../src/cli/mod.ts";
import "./fleet/preload.ts";
import { SimWorld } from "./mod.ts";

interface Life {
  readonly returnedAtMs: readonly number[];
  readonly isRunning: boolean;
  readonly said: string;
}

/** Runs a command for eleven minutes. */
async function live(words: readonly string[], returnMemory: () => Promise<void>): Promise<Life> {
  const world = new SimWorld({ seed: 7 });
  const returnedAtMs: number[] = [];
  let said = "";
  const process = world.addHost("host").start((platform) => {
    const noted = () => {
      returnedAtMs.push(world.clock.monotonicMs());
      return returnMemory();
    };
    const runtime = { ...platform, process: { ...platform.process, returnMemory: noted } };
    return runCommandLine({
      runtime,
      startHost: (loaded, parts) => startHost(runtime, loaded, parts),
      licences: () => Promise.resolve(undefined),
      plugin: () => Promise.resolve(undefined),
    });
  }, { name: words[0] ?? "", arguments: [...words, "--log", "json", "--log-level", "debug"] });
  process.standardError.onText = (text) => said += text;
  await world.run(660_000);
  return { returnedAtMs, isRunning: process.isRunning, said };
}

test("an agent returns memory once all that is periodic has run, and now and then again", async () => {
  const { returnedAtMs, isRunning, said } = await live(["run"], () => Promise.resolve());
  expect(returnedAtMs.length, said).toBe(2);
  expect(returnedAtMs[0]).toBeGreaterThanOrEqual(45_000);
  expect(returnedAtMs[0]).toBeLessThan(46_000);
  expect(returnedAtMs[1]).toBeGreaterThanOrEqual(645_000);
  expect(isRunning).toBe(true);
});

test("a process with a hub keeps its memory", async () => {
  const { returnedAtMs, said } = await live(["up"], () => Promise.resolve());
  expect(said).toContain('"event":"listening"');
  expect(returnedAtMs).toEqual([]);
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
