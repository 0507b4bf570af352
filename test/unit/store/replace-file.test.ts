/**
 * Hunts: a replacement that a full disk, a failure or a power cut at any step turns into a part of a file or none;
 * temporary files that pile up; a private file that becomes public.
 */
import { describe, expect, test } from "vitest";
import type { ErrorCode } from "../../../src/errors.ts";
import { removeLeftovers, replaceFile } from "../../../src/store/mod.ts";
import { SeededRandom } from "../../sim/random.ts";
import { MemoryFiles } from "./support/memory-files.ts";

const PATH = "/d/state.json";
const OLD = "old content";
const NEW = "new content, longer than the old";

function setUp() {
  const files = new MemoryFiles({ [PATH]: OLD });
  const replace = (options = {}) =>
    replaceFile({ files, random: new SeededRandom(1) }, PATH, new TextEncoder().encode(NEW), options);
  return { files, replace };
}

/** The steps that a replacement takes on this platform, found by doing one. */
async function stepsOfReplacement(): Promise<string[]> {
  const { files, replace } = setUp();
  await replace();
  return files.operations;
}

describe("replaceFile", () => {
  test("writes, syncs, closes, renames and syncs the directory, in that order", async () => {
    const steps = (await stepsOfReplacement()).map((step) => step.split(" ")[0]);
    expect(steps).toEqual(["stat", "open", "write", "sync", "close", "setMode", "rename", "syncDirectory"]);
  });

  test("makes the file when there was none", async () => {
    const files = new MemoryFiles();
    files.putDirectory("/d");
    await replaceFile({ files, random: new SeededRandom(1) }, PATH, new TextEncoder().encode(NEW));
    expect(files.text(PATH)).toBe(NEW);
    expect((await files.stat(PATH)).mode).toBe(0o644);
  });

  test.each<ErrorCode>(["DISK_FULL", "IO_ERROR", "PERMISSION_DENIED"])(
    "leaves the old content whole and no temporary file when any step fails with %s",
    async (code) => {
      const steps = await stepsOfReplacement();
      for (let failing = 0; failing < steps.length; failing++) {
        const { files, replace } = setUp();
        files.fault = (_, index) => index === failing ? code : undefined;
        await expect(replace()).rejects.toMatchObject({ code });
        // After the rename the new content is there, whole; that it may not survive a power cut is what the error says.
        const renamed = failing > steps.findIndex((step) => step.startsWith("rename"));
        expect(files.text(PATH)).toBe(renamed ? NEW : OLD);
        expect(files.paths()).toEqual([PATH]);
      }
    },
  );

  test("reports the first error when the temporary file cannot be removed either", async () => {
    const { files, replace } = setUp();
    files.fault = (operation) =>
      operation.startsWith("write") ? "DISK_FULL" : operation.startsWith("remove") ? "IO_ERROR" : undefined;
    await expect(replace()).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(files.text(PATH)).toBe(OLD);
  });

  test.each(["kept", "lost"] as const)(
    "shows old or new content, never a part, when power is cut at any step and names are %s",
    async (names) => {
      const steps = await stepsOfReplacement();
      for (let last = 0; last <= steps.length; last++) {
        const { files, replace } = setUp();
        files.fault = (_, index) => index >= last ? "IO_ERROR" : undefined;
        await replace().catch(() => undefined);
        files.cutPower(names);
        expect([OLD, NEW]).toContain(files.text(PATH));
        if (last === steps.length) expect(files.text(PATH)).toBe(NEW);
      }
    },
  );

  test("keeps the mode of the file it replaces, whatever the umask", async () => {
    const { files, replace } = setUp();
    await files.setMode(PATH, 0o666);
    await replace();
    expect((await files.stat(PATH)).mode).toBe(0o666);
  });

  test("never shows a private file's new content to others, not even in the temporary file", async () => {
    const { files, replace } = setUp();
    await files.setMode(PATH, 0o600);
    const modes: (number | undefined)[] = [];
    files.fault = (operation) => {
      const [step, path = ""] = operation.split(" ");
      if (step === "write" || step === "rename") modes.push(files.modeOf(path));
      return undefined;
    };
    await replace();
    expect(modes).toEqual([0o600, 0o600]);
    expect((await files.stat(PATH)).mode).toBe(0o600);
  });

  test("takes the mode that is asked for", async () => {
    const { files, replace } = setUp();
    await replace({ mode: 0o600 });
    expect((await files.stat(PATH)).mode).toBe(0o600);
  });

  test("keeps the owner when asked, and only then", async () => {
    const { files, replace } = setUp();
    files.put(PATH, OLD, { userId: 7, groupId: 8 });
    await replace();
    expect(await files.stat(PATH)).toMatchObject({ userId: 1000, groupId: 1000 });
    files.put(PATH, OLD, { userId: 7, groupId: 8 });
    await replace({ keepOwner: true });
    expect(await files.stat(PATH)).toMatchObject({ userId: 7, groupId: 8 });
  });

  test("replaces nothing when the owner cannot be kept", async () => {
    const { files, replace } = setUp();
    files.put(PATH, OLD, { userId: 0, groupId: 0 });
    files.fault = (operation) => operation.startsWith("setOwner") ? "PERMISSION_DENIED" : undefined;
    await expect(replace({ keepOwner: true })).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    expect(files.text(PATH)).toBe(OLD);
  });
});

describe("removeLeftovers", () => {
  test("removes what a power cut left of this file's replacement, and nothing else", async () => {
    const { files, replace } = setUp();
    files.fault = (operation) =>
      operation.startsWith("rename") || operation.startsWith("remove") ? "IO_ERROR" : undefined;
    await replace().catch(() => undefined);
    files.fault = () => undefined;
    expect(files.paths()).toHaveLength(2);
    const others = ["/d/.other.json.barnacle-00ff.tmp", "/d/state.json.tmp", "/d/.state.json.tmp"];
    for (const path of others) files.put(path, "");
    await removeLeftovers(files, PATH);
    expect(files.paths()).toEqual([...others, PATH].sort());
  });

  test("does nothing when the directory is missing", async () => {
    await removeLeftovers(new MemoryFiles(), "/nowhere/state.json");
  });
});
