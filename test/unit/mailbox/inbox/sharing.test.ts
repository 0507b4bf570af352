/** Hunts: a sync paid for a handful of messages while others stand behind them, and messages that wait for others who do not come. */
import { expect, test } from "vitest";
import { Backlog } from "../../../../src/mailbox/inbox/backlog.ts";
import { Directories } from "../../../../src/mailbox/inbox/directories.ts";
import { Intake } from "../../../../src/mailbox/inbox/intake.ts";
import { DeliveredMemory } from "../../../../src/mailbox/inbox/memory/memory.ts";
import { createMetrics } from "../../../../src/metrics/mod.ts";
import { RecordingLogger } from "../../store/support/recording-logger.ts";
import { INIT, message, setUp } from "./support/lives.ts";

const PER_TURN = 16;

/** Messages that arrive 16 a turn, where a sync takes a turn. @returns how many lines each sync had */
async function linesPerSync(turns: number, isFollowed: (index: number) => boolean): Promise<number[]> {
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
    for (let count = 0; turn < turns && count < PER_TURN; count++) {
      all.push(intake.deliver({ ...message(all.length), isFollowed: isFollowed(all.length) }));
    }
    for (const callback of callbacks.splice(0)) callback();
    for (let job = 0; job < 50; job++) await Promise.resolve();
  }
  await Promise.all(all);
  return syncs;
}

test("Intake shares a sync among up to 128 while many have arrived behind them", async () => {
  const [first, ...others] = await linesPerSync(60, () => true);
  expect(first).toBe(PER_TURN);
  expect(others.slice(0, -1).every((lines) => lines === 128)).toBe(true);
});

test("Intake waits for nobody when few have arrived behind a message", async () => {
  expect(new Set(await linesPerSync(60, () => false))).toEqual(new Set([PER_TURN]));
});

test("Intake waits for nobody once a turn brings nothing, whatever was said before", async () => {
  expect(await linesPerSync(3, () => true)).toEqual([16, 32]);
});

test("Intake goes by the message that came last", async () => {
  expect(await linesPerSync(6, (index) => index < 40)).toEqual([16, 32, 16, 16, 16]);
});
