/**
 * Hunts: a damaged state file that crashes the agent, is lost without a word, or is overwritten; saves that overtake
 * each other.
 */
import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { JsonStateFile } from "../../../src/store/mod.ts";
import { SimWorld } from "../../sim/mod.ts";
import { SeededRandom } from "../../sim/random.ts";
import { MemoryFiles } from "./support/memory-files.ts";
import { RecordingLogger } from "./support/recording-logger.ts";

const PATH = "/d/state.json";
const SCHEMA = z.strictObject({ count: z.int() });

function setUp(contents: Readonly<Record<string, string>> = {}) {
  const files = new MemoryFiles(contents);
  files.putDirectory("/d");
  const logger = new RecordingLogger();
  const file = new JsonStateFile({ files, random: new SeededRandom(1), logger }, {
    path: PATH,
    schema: SCHEMA,
    bytesMax: 100,
  });
  return { files, logger, file };
}

describe("JsonStateFile", () => {
  test("load gives what save was given", async () => {
    const { files, file } = setUp();
    expect(await file.load()).toBeUndefined();
    await file.save({ count: 3 });
    expect(await file.load()).toEqual({ count: 3 });
    expect(files.text(PATH)).toBe('{\n  "count": 3\n}\n');
    expect((await files.stat(PATH)).mode).toBe(0o600);
  });

  test("load gives no state that a power cut could take back", async () => {
    const world = new SimWorld({ seed: 1 });
    const host = world.addHost("one");
    const open = () => {
      const { process, runtime } = host.startIdle();
      const init = { path: "/work/state.json", schema: SCHEMA, bytesMax: 100 };
      return { process, file: new JsonStateFile({ ...runtime, logger: new RecordingLogger() }, init) };
    };
    const first = open();
    await world.wait(first.file.save({ count: 1 }));
    const saving = first.file.save({ count: 2 });
    saving.catch(() => undefined);
    // Killed once the new state has its name, and before that is durable.
    await world.until(() => host.disk.text("/work/state.json")?.includes("2") === true);
    first.process.kill();
    expect(await world.wait(open().file.load())).toEqual({ count: 2 });
    host.powerCut("lost");
    host.boot();
    expect(await world.wait(open().file.load())).toEqual({ count: 2 });
  });

  test.each([
    ["empty", ""],
    ["a torn write", '{"count": '],
    ["no JSON", "count: 3"],
    ["zeros, as some file systems leave after a power cut", "\0\0\0\0"],
    ["of another shape", '{"count": "three"}'],
    ["with an unknown key", '{"count": 3, "more": 1}'],
    ["too large", `{"count": 3}${" ".repeat(100)}`],
  ])("load moves a file aside and reports it when it is %s", async (_, text) => {
    const { files, logger, file } = setUp({ [PATH]: text });
    expect(await file.load()).toBeUndefined();
    expect(files.paths()).toEqual([`${PATH}.damaged-1`]);
    expect(files.text(`${PATH}.damaged-1`)).toBe(text);
    expect(logger.events).toMatchObject([{ level: "warn", event: "state_file_damaged", fields: { file: PATH } }]);
  });

  test("load does not quote the damaged content in its report", async () => {
    const { logger, file } = setUp({ [PATH]: '{"private": "words" oops' });
    await file.load();
    expect(JSON.stringify(logger.events)).not.toContain("words");
  });

  test("load keeps the first eight damaged files and replaces the ninth", async () => {
    const { files, file } = setUp();
    for (let round = 1; round <= 12; round++) {
      files.put(PATH, `damage ${round}`);
      await file.load();
    }
    const kept = files.paths().map((path) => files.text(path));
    expect(kept).toEqual([...[1, 2, 3, 4, 5, 6, 7, 8].map((round) => `damage ${round}`), "damage 12"]);
  });

  test("load leaves a file in its place and fails when it cannot be read", async () => {
    const { files, file } = setUp({ [PATH]: '{"count":3}' });
    files.fault = (operation) => operation.startsWith("read") ? "IO_ERROR" : undefined;
    await expect(file.load()).rejects.toMatchObject({ code: "IO_ERROR" });
    expect(files.paths()).toEqual([PATH]);
  });

  test("save removes what an interrupted save left behind", async () => {
    const { files, file } = setUp({ [PATH]: '{"count":3}', "/d/.state.json.barnacle-0011.tmp": "{" });
    await file.save({ count: 4 });
    expect(await file.load()).toEqual({ count: 4 });
    expect(files.paths()).toEqual([PATH]);
  });

  test("save leaves the old state whole and serves the next save when the disk is full", async () => {
    const { files, file } = setUp({ [PATH]: '{"count":3}' });
    files.fault = (operation) => operation.startsWith("write") ? "DISK_FULL" : undefined;
    await expect(file.save({ count: 4 })).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(await file.load()).toEqual({ count: 3 });
    files.fault = () => undefined;
    await file.save({ count: 5 });
    expect(await file.load()).toEqual({ count: 5 });
  });

  test("saves at the same time end in the order of their calls", async () => {
    const { files, file } = setUp();
    await Promise.all([1, 2, 3].map((count) => file.save({ count })));
    expect(await file.load()).toEqual({ count: 3 });
    const renames = files.operations.filter((operation) => operation.startsWith("rename"));
    const opens = files.operations.filter((operation) => operation.startsWith("open"));
    expect(renames).toHaveLength(3);
    expect(files.operations.indexOf(renames[0] ?? "")).toBeLessThan(files.operations.indexOf(opens[1] ?? ""));
  });

  test("save refuses a state that load would call damaged", async () => {
    const { file } = setUp();
    await expect(file.save({ count: 1.5 })).rejects.toMatchObject({ code: "INTERNAL" });
    const wide = new JsonStateFile(
      { files: new MemoryFiles(), random: new SeededRandom(1), logger: new RecordingLogger() },
      { path: PATH, schema: z.string(), bytesMax: 10 },
    );
    await expect(wide.save("more than ten")).rejects.toMatchObject({ code: "INTERNAL" });
  });
});
