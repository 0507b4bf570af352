/**
 * Hunts: a crash at any write there is, after which a message that was acknowledged is gone, one stands twice, or a
 * number is missing or given again. Invariants 1, 2 and 3.
 */
import { describe, expect, test } from "vitest";
import type { IncomingMessage } from "../../../../src/mailbox/types.ts";
import { type CrashOutcome, NO_FAULTS, type SimProcess } from "../../../sim/mod.ts";
import { ARCHIVE, begin, CURSOR, type Life, lines, message, type Setting, setUp } from "./support/lives.ts";

type End = "kill" | CrashOutcome;

/** What senders were told, and what they asked for, over all lives. */
interface Ledger {
  readonly acknowledged: Set<string>;
  readonly sent: IncomingMessage[];
}

/** Takes a process's life in the middle of a disk operation, and in the worse cases the power with it. */
function crashAt({ host }: Setting, process: SimProcess, operation: number, how: End): void {
  process.atDiskOperation(operation, () => how === "kill" ? process.kill() : host.powerCut(how));
}

/** Runs work in a process that may die in the middle of it. @returns whether it came to its end */
async function survive({ world }: Setting, life: Life, work: () => Promise<void>): Promise<boolean> {
  let isOver = false;
  const running = work().then(() => void (isOver = true));
  await world.until(() => isOver || !life.process.isRunning);
  if (isOver) await running;
  return isOver;
}

async function send({ inbox }: Life, { acknowledged, sent }: Ledger, ...messages: readonly IncomingMessage[]) {
  sent.push(...messages.filter(({ id }) => !sent.some((one) => one.id === id)));
  await Promise.all(messages.map(async (one) => {
    const { outcome } = await inbox.deliver(one);
    if (outcome !== "refused") acknowledged.add(one.id);
  }));
}

/** A short life with everything in it: a start, batches, a read cursor, an archive, a new file, an end. */
async function fullLife(setting: Setting, life: Life, ledger: Ledger, label: string): Promise<void> {
  const name = (index: number) => message(`${label}${index}`);
  await life.inbox.open();
  await Promise.all([send(life, ledger, name(1)), send(life, ledger, name(2), name(3)), send(life, ledger, name(4))]);
  await life.inbox.refresh();
  await send(life, ledger, name(5), name(1));
  setting.host.disk.put(CURSOR, `${life.inbox.view.lastSeq}\n`);
  await life.inbox.archive();
  await send(life, ledger, name(6), name(7));
  await life.inbox.close();
}

/** What stands in all files, in the order of its numbers. */
function everything(setting: Setting) {
  const archives = setting.host.disk.names(ARCHIVE).map((name) => lines(setting, `${ARCHIVE}/${name}`));
  return [...archives.flat(), ...lines(setting)].sort((left, right) => left.seq - right.seq);
}

/** Senders try everything again that was not acknowledged; then the invariants hold. */
async function settleAndCheck(setting: Setting, ledger: Ledger, what: string): Promise<void> {
  setting.world.faults = NO_FAULTS;
  setting.host.boot();
  const life = begin(setting);
  await setting.world.wait(life.inbox.open());
  const before = new Set(everything(setting).map(({ id }) => id));
  const lost = [...ledger.acknowledged].filter((id) => !before.has(id));
  expect(lost, `${what}: acknowledged and lost`).toEqual([]);
  await setting.world.wait(send(life, ledger, ...ledger.sent));
  await setting.world.wait(life.inbox.close());
  life.process.kill();
  const all = everything(setting);
  expect(all.map(({ id }) => id).sort(), `${what}: each once`).toEqual(ledger.sent.map(({ id }) => id).sort());
  expect(all.map(({ seq }) => seq), `${what}: no gap, no repeat`).toEqual(all.map((_, index) => index + 1));
}

/** A few in every run; any number by hand. */
const SEEDS = 60;
const TIMEOUT = { timeout: 60_000 };

const ENDS: readonly End[] = ["kill", "lost", "kept", "torn", "drawn"];

/** Operations of one full life, from its start to its end. */
async function countOperations(): Promise<number> {
  const setting = setUp();
  const life = begin(setting);
  const before = setting.host.disk.operationCount;
  await setting.world.wait(fullLife(setting, life, { acknowledged: new Set(), sent: [] }, "a"));
  return setting.host.disk.operationCount - before;
}

describe("Inbox", () => {
  for (const how of ENDS) {
    test(
      `keeps every acknowledged message, once and in a row, whatever operation is the last (${how})`,
      TIMEOUT,
      async () => {
        const operations = await countOperations();
        for (let operation = 1; operation <= operations; operation++) {
          const setting = setUp({ seed: operation });
          const ledger: Ledger = { acknowledged: new Set(), sent: [] };
          const life = begin(setting);
          crashAt(setting, life.process, operation, how);
          await survive(setting, life, () => fullLife(setting, life, ledger, "a"));
          await settleAndCheck(setting, ledger, `${how} at ${operation}`);
        }
      },
    );
  }

  test("keeps them over a life after a life that ended anywhere", TIMEOUT, async () => {
    const operations = await countOperations();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const setting = setUp({ seed });
      const { random } = setting.world;
      const ledger: Ledger = { acknowledged: new Set(), sent: [] };
      for (const label of ["a", "b", "c", "d"]) {
        setting.host.boot();
        const life = begin(setting);
        crashAt(setting, life.process, random.integer(1, operations), random.pick(ENDS));
        await survive(setting, life, () => fullLife(setting, life, ledger, label));
        life.process.kill();
      }
      await settleAndCheck(setting, ledger, `seed ${seed}`);
    }
  });

  test("keeps them when syncs and reads fail besides, and after a power cut that follows", TIMEOUT, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const setting = setUp({ seed });
      const { random } = setting.world;
      const ledger: Ledger = { acknowledged: new Set(), sent: [] };
      for (const label of ["a", "b", "c"]) {
        setting.host.boot();
        const syncFailureRate = random.pick([0, 0.1, 0.4]);
        const readErrorRate = random.pick([0, 0.05]);
        setting.world.faults = { ...NO_FAULTS, disk: { ...NO_FAULTS.disk, syncFailureRate, readErrorRate } };
        const life = begin(setting);
        crashAt(setting, life.process, random.integer(1, 80), random.pick(ENDS));
        await survive(setting, life, () => fullLife(setting, life, ledger, label));
        life.process.kill();
      }
      setting.host.powerCut(random.pick(["lost", "kept", "torn", "drawn"] as const));
      await settleAndCheck(setting, ledger, `seed ${seed}`);
    }
  });
});
