/** Hunts: an edit that is not noticed, or one that takes the agents away. "The agent registration config: re-read when it changes". */
import { describe, expect, test } from "vitest";
import { BarnacleError } from "../../../src/errors.ts";
import { Registration } from "../../../src/status/registration.ts";
import { MemoryFiles } from "../../support/memory-files.ts";
import { makeBench } from "../scheduler/support.ts";
import { agent, REGISTRATION_PATH as PATH } from "./support.ts";

const GOOD = JSON.stringify({ agents: [{ name: "downloader", capabilities: ["download"], slots: 2 }] });
const OTHER = JSON.stringify({ agents: [{ name: "painter" }] });

/** Started, and looked once: from there on the platform tells of changes. */
async function setUp(text?: string) {
  const bench = makeBench();
  const files = new MemoryFiles();
  if (text !== undefined) files.put(PATH, text);
  let changes = 0;
  const registration = new Registration({ ...bench, files }, { path: PATH, onChange: () => void changes++ });
  await registration.start();
  bench.scheduler.start();
  await bench.clock.advance(1_000);
  return {
    ...bench,
    files,
    registration,
    names: () => registration.agents.map(({ name }) => name),
    changes: () => changes,
  };
}

describe("Registration", () => {
  test("has read the file when start returns", async () => {
    const { registration } = await setUp(GOOD);
    expect(registration.agents).toEqual([agent("downloader", { capabilities: ["download"], slots: 2 })]);
    expect(registration.problem).toBe(undefined);
  });

  test("takes comments and trailing commas", async () => {
    const { names } = await setUp('{ // who lives here\n "agents": [ {"name": "a",}, /* and */ ], }');
    expect(names()).toEqual(["a"]);
  });

  test("a missing file means no agents, and is no problem", async () => {
    const { registration, log } = await setUp();
    expect(registration.agents).toEqual([]);
    expect(registration.problem).toBe(undefined);
    expect(log.events.filter(({ event }) => event.startsWith("registration_"))).toEqual([]);
  });

  test("a change is read within a second when the platform tells of it", async () => {
    const { files, clock, names, changes } = await setUp(GOOD);
    files.put(PATH, OTHER);
    await clock.advance(1_000);
    expect(names()).toEqual(["painter"]);
    expect(changes()).toBe(2);
  });

  test("a change is read within 40 s when the platform tells nothing", async () => {
    const { files, clock, names } = await setUp(GOOD);
    files.put(PATH, OTHER, { silently: true });
    await clock.advance(40_000);
    expect(names()).toEqual(["painter"]);
  });

  test("a file that appears later is found, and one that goes takes its agents along", async () => {
    const { files, clock, names } = await setUp();
    files.put(PATH, GOOD);
    await clock.advance(1_000);
    expect(names()).toEqual(["downloader"]);
    files.delete(PATH);
    await clock.advance(1_000);
    expect(names()).toEqual([]);
  });

  test("is read again only when it changed", async () => {
    const { files, clock, changes } = await setUp(GOOD);
    await clock.advance(3_600_000);
    expect(files.readCount).toBe(1);
    files.put(PATH, GOOD);
    await clock.advance(1_000);
    expect(files.readCount).toBe(2);
    expect(changes()).toBe(1);
  });

  test.each([
    ["a wrong type", '{"agents": [{"name": 7}]}', "agents[0].name: got 7, wanted text"],
    [
      "an unknown key",
      '{"agents": [{"name": "a", "slot": 2}]}',
      'agents[0]: got {"name":"a","slot":2}, wanted no key "slot"',
    ],
    ["two agents of one name", '{"agents": [{"name": "a"}, {"name": "a"}]}', "agents: "],
    ["torn JSON", '{"agents": [\n  {"name": ', "line 2, column"],
    ["nothing in it", "", "line 1, column 1"],
    ["no object", "[]", "the whole: got [], wanted an object"],
    [
      "too many capabilities",
      JSON.stringify({
        agents: ["a", "b"].map((name) => ({
          name,
          capabilities: Array.from({ length: 200 }, (_, index) => `${name}${index}`),
        })),
      }),
      "agents: got 400 different capabilities, wanted at most 256",
    ],
    [
      "capabilities that do not fit a document",
      JSON.stringify({
        agents: ["a", "b"].map((name) => ({
          name,
          capabilities: Array.from({ length: 120 }, (_, index) => `${name}${"ü".repeat(120)}${index}`),
        })),
      }),
      "bytes of capabilities, wanted at most 49152",
    ],
  ])("a broken edit (%s) keeps the last good one and says so", async (_what, text, words) => {
    const { files, clock, names, registration, log } = await setUp(GOOD);
    files.put(PATH, text);
    await clock.advance(1_000);
    expect(names()).toEqual(["downloader"]);
    expect(registration.problem).toMatchObject({ code: "REGISTRATION_INVALID" });
    const [event] = log.named("registration_invalid");
    expect(String(event?.fields["message"])).toContain(words);
    await clock.advance(600_000);
    expect(log.named("registration_invalid")).toHaveLength(1);
  });

  test("bytes that are no text are refused", async () => {
    const { files, clock, registration } = await setUp(GOOD);
    files.put(PATH, GOOD);
    files.entries.get(PATH)?.bytes.fill(0xff, 0, 3);
    await clock.advance(1_000);
    expect(registration.problem?.message).toContain("no UTF-8");
  });

  test("the mended file counts again, and that is said too", async () => {
    const { files, clock, names, registration, log } = await setUp("{");
    expect(registration.problem).not.toBe(undefined);
    files.put(PATH, GOOD);
    await clock.advance(1_000);
    expect(names()).toEqual(["downloader"]);
    expect(registration.problem).toBe(undefined);
    expect(log.named("registration_recovered")).toHaveLength(1);
  });

  test("a disk that fails keeps the agents, and is tried again at each look", async () => {
    const { files, clock, names, registration } = await setUp(GOOD);
    files.put(PATH, OTHER);
    files.readFault = new BarnacleError({ code: "IO_ERROR", action: "Read" });
    await clock.advance(1_000);
    expect(names()).toEqual(["downloader"]);
    expect(registration.problem?.code).toBe("IO_ERROR");
    files.readFault = undefined;
    await clock.advance(40_000);
    expect(names()).toEqual(["painter"]);
  });

  test("a platform that cannot watch is no reason not to start", async () => {
    const bench = makeBench();
    const files = new MemoryFiles();
    files.put(PATH, GOOD);
    files.watch = () => {
      throw new BarnacleError({ code: "IO_ERROR", action: "Watch" });
    };
    const registration = new Registration({ ...bench, files }, { path: PATH, onChange: () => undefined });
    await registration.start();
    expect(registration.agents).toHaveLength(1);
  });

  test("stop ends the watch and the looking, twice without harm", async () => {
    const { files, registration, scheduler } = await setUp(GOOD);
    expect(files.watchCount).toBe(1);
    registration.stop();
    registration.stop();
    expect(files.watchCount).toBe(0);
    expect(scheduler.snapshot()).toEqual([]);
  });
});
