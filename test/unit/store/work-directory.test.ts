/**
 * Hunts: two agents on one directory, an instance id that changes, state that others can read or that gets into version
 * control.
 */
import { describe, expect, test } from "vitest";
import { WorkDirectory, workDirectoryPaths } from "../../../src/store/mod.ts";
import { SeededRandom } from "../../sim/random.ts";
import { MemoryFiles } from "./support/memory-files.ts";
import { RecordingLogger } from "./support/recording-logger.ts";

function setUp(files = new MemoryFiles({ "/work/README": "" }), seed = 1) {
  const logger = new RecordingLogger();
  const directory = new WorkDirectory({ files, random: new SeededRandom(seed), logger }, { directory: "/work" });
  return { files, logger, directory };
}

describe("WorkDirectory", () => {
  test("does nothing before prepare", () => {
    const { files, directory } = setUp();
    expect(directory.paths.stateDirectory).toBe("/work/.barnacle");
    expect(files.operations).toEqual([]);
  });

  test("prepare makes a private state directory that version control ignores", async () => {
    const { files, logger, directory } = setUp();
    await directory.prepare();
    expect((await files.stat("/work/.barnacle")).mode).toBe(0o700);
    expect(files.text("/work/.barnacle/.gitignore")).toBe("*\n");
    expect(files.operations).toContain("syncDirectory /work");
    expect(logger.events).toEqual([]);
  });

  test("prepare twice changes nothing the second time", async () => {
    const { files, directory } = setUp();
    await directory.prepare();
    files.put("/work/.barnacle/.gitignore", "changed by its owner\n");
    await directory.prepare();
    expect(files.text("/work/.barnacle/.gitignore")).toBe("changed by its owner\n");
  });

  test("prepare leaves a state directory that others may enter as it is, and says so", async () => {
    const { files, logger, directory } = setUp();
    files.putDirectory("/work/.barnacle", 0o755);
    await directory.prepare();
    expect((await files.stat("/work/.barnacle")).mode).toBe(0o755);
    expect(logger.events).toMatchObject([{ level: "warn", event: "state_directory_open", fields: { mode: "755" } }]);
  });

  test("prepare refuses a work directory that is missing rather than making a mistyped one", async () => {
    const { files, directory } = setUp(new MemoryFiles());
    await expect(directory.prepare()).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      hint: expect.stringContaining("--dir"),
    });
    expect(files.paths()).toEqual([]);
  });

  test.each(["/work", "/work/.barnacle"])("prepare refuses a file at %s", async (path) => {
    const { directory } = setUp(new MemoryFiles({ [path]: "" }));
    await expect(directory.prepare()).rejects.toMatchObject({ code: "NOT_A_DIRECTORY" });
  });

  test("lock refuses a second agent and tells what to do", async () => {
    const { files, directory } = setUp();
    await directory.prepare();
    const lock = await directory.lock();
    await expect(setUp(files).directory.lock()).rejects.toMatchObject({
      code: "LOCK_HELD",
      message: expect.stringContaining('"/work"'),
      hint: expect.stringContaining("another agent runs on this directory"),
    });
    await lock.release();
    await setUp(files).directory.lock();
  });

  test("writeEndpoint replaces the endpoint file and clears away what a crash left", async () => {
    const leftover = "/work/.barnacle/.agent.json.barnacle-0123456789ab.tmp";
    const { files, directory } = setUp();
    await directory.prepare();
    files.put(leftover, "{");
    files.put("/work/.barnacle/agent.json", "old");
    await directory.writeEndpoint("new");
    expect(files.text(leftover)).toBeUndefined();
    expect(files.text("/work/.barnacle/agent.json")).toBe("new");
  });

  test("instanceId is made once and is the same after a restart", async () => {
    const { files, directory } = setUp();
    await directory.prepare();
    const made = await directory.instanceId();
    expect(made).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    files.cutPower("lost");
    expect(await setUp(files, 2).directory.instanceId()).toBe(made);
  });

  test("instanceId waits for no sync of what is there, and sync makes it durable", async () => {
    const { files, directory } = setUp();
    await directory.prepare();
    await directory.instanceId();
    const before = files.operations.length;
    await directory.instanceId();
    expect(files.operations.slice(before).filter((operation) => operation.startsWith("sync"))).toEqual([]);
    await directory.sync();
    expect(files.operations.slice(before)).toContain("syncDirectory /work/.barnacle");
  });

  test("instanceId is made anew, with a report, when its file is damaged", async () => {
    const { files, logger, directory } = setUp();
    await directory.prepare();
    const made = await directory.instanceId();
    files.put("/work/.barnacle/instance.json", '{"instance_id": ""}');
    const again = setUp(files, 2);
    expect(await again.directory.instanceId()).not.toBe(made);
    expect(again.logger.events).toMatchObject([{ event: "state_file_damaged" }]);
    expect(logger.events).toEqual([]);
  });

  test("instanceId fails and keeps no half-made id when the disk is full", async () => {
    const { files, directory } = setUp();
    await directory.prepare();
    files.fault = (operation) => operation.startsWith("write") ? "DISK_FULL" : undefined;
    await expect(directory.instanceId()).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(files.text("/work/.barnacle/instance.json")).toBeUndefined();
  });
});

test("workDirectoryPaths names every file of a work directory", () => {
  expect(workDirectoryPaths("/work")).toEqual({
    directory: "/work",
    stateDirectory: "/work/.barnacle",
    endpointFile: "/work/.barnacle/agent.json",
    instanceFile: "/work/.barnacle/instance.json",
    hubDatabaseFile: "/work/.barnacle/hub.sqlite",
  });
});
