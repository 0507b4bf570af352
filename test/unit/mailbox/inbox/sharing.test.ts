/** Hunts: a sync paid for a handful of messages while others stand behind them, and messages that wait for others who do not come. */
import { expect, test } from "vitest";
import { Backlog } from "../../../../src/mailbox/inbox/backlog.ts";
import { Directories } from "../../../../src/mailbox/inbox/directories.ts";
import { Intake } from "../../../../src/mailbox/inbox/intake.ts";
import { DeliveredMemory } from "../../../../src/mailbox/inbox/memory/memory.ts";
import { createMetrics } from "../../../../src/metrics/mod.ts";
import { RecordingLogger } from "../../store/support/recording-logger.ts";
import { INIT, message, setUp } from "./support/lives.ts";

/** Messages that arrive so many a turn, where a sync takes a turn. @returns how many lines each sync had */
async function linesPerSync(perTurn: number, turns: number): Promise<number[]> {
  const { runtime: { clock, crypto, files } } = setUp().host.startIdle();
  const callbacks: (() => void)[] = [];
  const memory = new DeliveredMemory({
    files,
    log: new RecordingLogger(),
    directories: new Directories(files, "/work"),
  }, {
    directory: "/work/memory",
    rememberForMs: 1_000,
  });
  const syncs: number[] = [];
  const intake = new Intake({
    clock: { ...clock, nextTurn: (callback) => void callbacks.push(callback) },
    crypto,
    metrics: createMetrics(),
    memory,
    backlog: new Backlog(),
  }, {
    ...INIT,
    store: (rests) => {
      syncs.push(rests.length);
      const stored = { seqs: rests.map((_, index) => index + 1), error: undefined };
      return new Promise((resolve) => callbacks.push(() => resolve(stored)));
    },
    lookAtCursor: () => undefined,
    onMemoryFull: () => undefined,
  });
  const all: Promise<unknown>[] = [];
  for (let turn = 0; turn < turns || callbacks.length > 0; turn++) {
    for (let count = 0; turn < turns && count < perTurn; count++) all.push(intake.deliver(message(all.length)));
    for (const callback of callbacks.splice(0)) callback();
    for (let job = 0; job < 50; job++) await Promise.resolve();
  }
  await Promise.all(all);
  return syncs;
}

test.each([
  ["up to 128 that come in full turns", 16, 128],
  ["32 that come in smaller ones", 8, 32],
])("Intake shares a sync among %s", async (_, perTurn, perSync) => {
  const [first, ...others] = await linesPerSync(perTurn, 64);
  expect(first).toBe(perTurn);
  expect(Math.max(...others)).toBe(perSync);
  expect(others.slice(0, -1).every((lines) => lines === perSync)).toBe(true);
});

test("Intake waits for nobody once a turn brings nothing", async () => {
  expect(await linesPerSync(16, 3)).toEqual([16, 32]);
});
