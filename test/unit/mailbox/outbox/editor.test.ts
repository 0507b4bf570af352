/**
 * Hunts: an edit, a crash, or both together, after which a message is lost, sent twice, or a text rejected twice. What is meant is in
 * `editor.ts`.
 */
import { describe, expect, test } from "vitest";
import type { NewMessage } from "../../../../src/mailbox/outbox/mod.ts";
import { type Main, SeededRandom, type SimHost, type SimProcess, SimWorld } from "../../../sim/mod.ts";
import { Editor } from "./editor.ts";
import { DIRECTORY, FakeJournal, lines, makeOutbox, OUTBOX, rejectedOf } from "./support.ts";

const LOOP_MS = 5_000;
const SEEDS = 60;
const EDITS = 25;

/** The daemon: looks when it is told of a change, when it was asked to, and each loop. Restarted whenever it has ended. */
class Daemon {
  readonly journal = new FakeJournal();
  isResting = false;
  process: SimProcess;
  readonly #host: SimHost;
  readonly #random: SeededRandom;

  constructor(host: SimHost, random: SeededRandom) {
    this.#host = host;
    this.#random = random;
    this.process = host.start(this.#main);
  }

  restart(): void {
    this.process.kill();
    this.isResting = false;
    this.process = this.#host.start(this.#main);
  }

  readonly #main: Main = async (runtime) => {
    const outbox = makeOutbox(runtime);
    let nudge = (): void => undefined;
    outbox.watch(() => nudge());
    // A real journal takes time before and after the moment from which it knows the messages.
    const accept = async (messages: readonly NewMessage[]): Promise<void> => {
      await runtime.files.stat(DIRECTORY);
      this.journal.accept(messages);
      await runtime.files.stat(DIRECTORY);
    };
    for (;;) {
      const takeMax = this.#random.chance(0.2) ? this.#random.integer(0, 3) : 1_000;
      const { hasMore, lookAgainInMs } = await outbox.look(accept, { takeMax });
      this.isResting = !hasMore && lookAgainInMs === undefined;
      await new Promise<void>((resolve) => {
        nudge = resolve;
        runtime.clock.setTimer(hasMore ? 20 : Math.min(lookAgainInMs ?? LOOP_MS, LOOP_MS), resolve);
      });
    }
  };
}

function counted(texts: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

const sorted = (counts: ReadonlyMap<string, number>): [string, number][] =>
  [...counts].sort(([a], [b]) => a < b ? -1 : 1);

interface Scene {
  readonly world: SimWorld;
  readonly host: SimHost;
  readonly editor: Editor;
  readonly daemon: Daemon;
}

function makeScene(seed: number): Scene {
  const world = new SimWorld({ seed });
  const host = world.addHost("alpha");
  host.disk.putDirectory(DIRECTORY);
  const editor = new Editor(world, world.random.fork());
  return { world, host, editor, daemon: new Daemon(host, world.random.fork()) };
}

/** Lets the outbox come to rest with the file as it is. */
async function rest({ world, host, editor, daemon }: Scene): Promise<void> {
  for (let loops = 0; loops < 3 || !daemon.isResting; loops++) {
    if (loops > 50) throw new Error("the outbox never comes to rest");
    host.boot();
    if (!daemon.process.isRunning) daemon.restart();
    await world.run(2 * LOOP_MS);
  }
  editor.rested();
}

function check({ host, editor, daemon }: Scene): void {
  expect(sorted(counted(daemon.journal.texts))).toEqual(sorted(editor.meant));
  const rejected = rejectedOf(host).map((each) => each.text.replace("this is ", ""));
  const meant = new Map([...editor.meantRejections].map(([name, count]) => [name.replaceAll("\n", " "), count]));
  expect(sorted(counted(rejected))).toEqual(sorted(meant));
}

/** Edits for a while, with crashes of the daemon at any of its disk operations and of the power between edits. */
async function editAndCrash(seed: number): Promise<Scene> {
  const scene = makeScene(seed);
  const { daemon, host, world } = scene;
  const { random } = world;
  const crashRate = random.pick([0, 0.2, 0.6]);
  for (let edit = 0; edit < EDITS; edit++) {
    const { runtime } = host.startIdle({ name: "editor" });
    if (random.chance(crashRate)) daemon.process.atDiskOperation(random.integer(1, 40));
    await world.wait(scene.editor.edit(runtime.files));
    await world.run(random.pick([0, 5, 500, 4_000]));
    if (random.chance(crashRate / 3)) {
      host.powerCut();
      host.boot();
    }
    if (!daemon.process.isRunning || random.chance(0.05)) daemon.restart();
    if (random.chance(0.3)) await rest(scene);
  }
  await rest(scene);
  return scene;
}

describe("an outbox edited at random is sent as it was meant", () => {
  test.each(Array.from({ length: SEEDS }, (_, seed) => seed))("with seed %i", async (seed) => {
    check(await editAndCrash(seed));
  });
});

describe("a crash at any disk operation", () => {
  const first = `hello\n${lines("one", "one", "two")}`;
  const second = `${lines("zero", "one")}hello\n${lines("one", "one")}oops\n${lines("two")}`;
  const third = `${lines("zero", "three")}oops\n`;

  /** Three edits and what lies between, the last two after the outbox has come to rest or in a hurry. */
  async function run(crash: { operation: number; outcome: "kill" | "powerCut"; pauseMs: number }): Promise<boolean> {
    const scene = makeScene(crash.operation);
    const { daemon, host, world } = scene;
    await world.run(1);
    daemon.process.atDiskOperation(
      crash.operation,
      () => crash.outcome === "kill" ? daemon.process.kill() : host.powerCut(),
    );
    const running = daemon.process;
    for (const text of [first, second, third]) {
      host.boot();
      host.disk.put(OUTBOX, text);
      await world.run(crash.pauseMs);
      if (!daemon.process.isRunning) {
        host.boot();
        daemon.restart();
        await world.run(crash.pauseMs);
      }
    }
    await rest(scene);
    expect(daemon.journal.texts.sort()).toEqual(["one", "one", "one", "three", "two", "zero"]);
    expect(rejectedOf(host).map((each) => each.text).sort()).toEqual(["hello", "oops"]);
    return running.isRunning;
  }

  for (const outcome of ["kill", "powerCut"] as const) {
    for (const pauseMs of [1_500, 30_000]) {
      test(`loses and repeats nothing (${outcome}, edits ${pauseMs} ms apart)`, async () => {
        let operation = 1;
        while (!await run({ operation, outcome, pauseMs })) operation++;
        expect(operation).toBeGreaterThan(30);
      });
    }
  }
});
