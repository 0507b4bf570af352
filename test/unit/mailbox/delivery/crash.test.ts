/** Hunts: a message lost, doubled or out of order because the process or the power went at a bad moment. */
import { describe, expect, test } from "vitest";
import { readDeliveries } from "../../../../src/mailbox/delivery/read-deliveries.ts";
import { drawFaults, NO_FAULTS, SeededRandom } from "../../../sim/mod.ts";
import { FarEnd, type FarEndFaults } from "./far-end.ts";
import { type Bench, DIRECTORY, makeBench, makeMail, offer, ScriptedCarrier } from "./support.ts";

const CALM: FarEndFaults = { lostRate: 0, unansweredRate: 0, refusedRate: 0 };
const ROUGH: FarEndFaults = { lostRate: 0.02, unansweredRate: 0.02, refusedRate: 0.02 };
const RECIPIENTS = ["bob", "carol"];
const BATCH = 12;

interface Scenario {
  readonly seed: number;
  readonly messages: number;
  readonly messageCharacters: number;
  /** Whether the journal is written anew all the time, and texts have to be read back. */
  readonly isCramped: boolean;
  readonly faults: FarEndFaults;
}

/** An outbox that notes what was taken only after the whole batch, so that a crash offers the last batch again; and its daemon. */
class Story {
  readonly bench: Bench;
  readonly far: FarEnd;
  readonly carrier: ScriptedCarrier;
  readonly #scenario: Scenario;
  /** Outbox lines that the outbox knows as taken. */
  #noted = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.bench = makeBench(scenario.seed);
    this.far = new FarEnd(scenario.seed, scenario.faults);
    this.carrier = new ScriptedCarrier(this.far.answer);
  }

  /** What a recipient is to find in its inbox. */
  expected(to: string): string[] {
    return this.#offers(1, this.#scenario.messages).filter((wanted) => wanted.to === to).map(({ msg }) => msg);
  }

  start() {
    this.far.dropConnections();
    const { isCramped, messages } = this.#scenario;
    return this.bench.host.start(async (runtime) => {
      const pause = (delayMs: number) => new Promise<void>((resolve) => runtime.clock.setTimer(delayMs, resolve));
      const sizes = isCramped ? { textCharactersMax: 300, historyMessagesMax: 5, compactBytesMin: 200 } : {};
      const mail = makeMail(runtime, { carrier: this.carrier, ...sizes });
      for (;;) {
        if (await mail.journal.open().then(() => true, () => false)) break;
        await pause(100);
      }
      mail.dispatcher.start();
      mail.scheduler.start();
      while (this.#noted < messages) {
        const last = Math.min(this.#noted + BATCH, messages);
        const isTaken = await mail.journal.accept(this.#offers(this.#noted + 1, last)).then(() => true, () => false);
        await pause(isTaken ? 1 : 50);
        if (isTaken) this.#noted = last;
      }
    });
  }

  isDone(): boolean {
    return RECIPIENTS.every((to) => this.far.inbox(to).length >= this.expected(to).length);
  }

  #offers(from: number, to: number) {
    const padding = "x".repeat(this.#scenario.messageCharacters);
    return Array.from({ length: to - from + 1 }, (_, index) => {
      const number = from + index;
      return offer(number, RECIPIENTS[number % RECIPIENTS.length], { msg: `${number} ${padding}` });
    });
  }
}

async function finish(story: Story): Promise<void> {
  story.far.faults = CALM;
  const { bench } = story;
  await bench.world.until(() => story.isDone(), { withinMs: 2 * 3_600_000 });
  await bench.world.run(3_000);
  for (const to of RECIPIENTS) expect(story.far.inbox(to)).toEqual(story.expected(to));
  const files = bench.world.createRuntime(bench.host).files;
  const { deliveries } = await bench.world.wait(readDeliveries(files, DIRECTORY));
  expect(deliveries.length).toBeGreaterThan(0);
  expect(deliveries.filter(({ state }) => state !== "delivered")).toEqual([]);
  expect(new Set(deliveries.map(({ id }) => id)).size).toBe(deliveries.length);
}

/** Runs once without a crash. @returns the disk operations in it */
async function countOperations(scenario: Scenario): Promise<number> {
  const story = new Story(scenario);
  const { world } = story.bench;
  story.start();
  await world.until(() => story.isDone());
  await world.run(3_000);
  return story.bench.host.disk.operationCount;
}

async function crashAt(scenario: Scenario, operation: number, how: "kill" | "power cut"): Promise<void> {
  const story = new Story(scenario);
  const { host, world } = story.bench;
  const process = story.start();
  process.atDiskOperation(operation, () => how === "kill" ? process.kill() : host.powerCut());
  await world.until(() => !process.isRunning);
  await world.run(1_000);
  host.boot();
  story.start();
  await finish(story);
}

describe("a crash at every disk operation", () => {
  const small: Scenario = { seed: 11, messages: 40, messageCharacters: 10, isCramped: false, faults: CALM };
  const cramped: Scenario = { seed: 12, messages: 80, messageCharacters: 50, isCramped: true, faults: CALM };
  for (const how of ["kill", "power cut"] as const) {
    test(`leaves every message exactly once and in order (${how})`, async () => {
      const operations = await countOperations(small);
      expect(operations).toBeGreaterThan(15);
      for (let operation = 1; operation <= operations; operation++) await crashAt(small, operation, how);
    }, 60_000);

    test(`also while the journal is written anew (${how})`, async () => {
      const operations = await countOperations(cramped);
      for (let operation = 1; operation <= operations; operation++) await crashAt(cramped, operation, how);
    }, 120_000);
  }
});

describe("a rough life", () => {
  for (let seed = 1; seed <= 12; seed++) {
    test(`of crashes, faulty disks and faulty recipients ends whole (seed ${seed})`, async () => {
      const random = new SeededRandom(seed);
      const story = new Story({
        seed,
        messages: 400,
        messageCharacters: 50,
        isCramped: random.chance(0.7),
        faults: ROUGH,
      });
      const { host, world } = story.bench;
      const { disk } = drawFaults(random);
      // A sync that fails at a start leaves pages that the next process cannot know of: no program survives that.
      world.faults = {
        ...NO_FAULTS,
        disk: { ...disk, syncFailureRate: 0, latencyMs: [0.02, 2], syncLatencyMs: [0.5, 20] },
      };
      for (let life = 1; life <= 8 && !story.isDone(); life++) {
        const process = story.start();
        await world.run(random.integer(1, 3_000));
        if (random.chance(0.5)) process.kill();
        else host.powerCut();
        await world.run(10);
        host.boot();
      }
      world.faults = NO_FAULTS;
      story.start();
      await finish(story);
    }, 60_000);
  }
});
