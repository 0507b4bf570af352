/** Hunts: a simulated disk that is kinder than a real one, so that durability bugs would pass in it. */
import { describe, expect, test } from "vitest";
import type { FileHandle, Files } from "../../src/runtime/port.ts";
import { type CrashOutcome, type Main, NO_FAULTS, type SimHost, SimWorld } from "./mod.ts";

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** A world with one host and the files of a process on it. */
function makeHost(seed = 1): { world: SimWorld; host: SimHost; files: Files } {
  const world = new SimWorld({ seed });
  const host = world.addHost("alpha");
  return { world, host, files: world.createRuntime(host).files };
}

async function openSafely(files: Files, path: string): Promise<FileHandle> {
  const handle = await files.open(path, "append");
  await files.syncDirectory("/work");
  return handle;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(() => "resolved", ({ code }: { code: string }) => code);
}

/** Writes `synced`, syncs, then writes `unsynced` in two pieces, and cuts the power. */
async function writeAndCut(outcome: CrashOutcome, seed: number, reorders = false): Promise<string | undefined> {
  const { world, host, files } = makeHost(seed);
  world.faults = { ...NO_FAULTS, disk: { ...NO_FAULTS.disk, reordersUnsynced: reorders } };
  await world.wait((async () => {
    const log = await openSafely(files, "/work/log");
    await log.write(encode("synced\n"));
    await log.syncData();
    await log.write(encode("first unsynced\n"));
    await log.write(encode("second unsynced\n"));
  })());
  host.powerCut(outcome);
  return host.disk.text("/work/log");
}

describe("a power cut", () => {
  test("takes what was not synced and leaves what was", async () => {
    expect(await writeAndCut("lost", 1)).toBe("synced\n");
    expect(await writeAndCut("kept", 1)).toBe("synced\nfirst unsynced\nsecond unsynced\n");
  });

  test("tears the last write", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const text = await writeAndCut("torn", seed) ?? "";
      expect(text).toMatch(/^synced\nfirst unsynced\ns[^\n]*$/);
    }
  });

  test("drawn, gives every kind of end, and never touches what was synced", async () => {
    const ends = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const text = await writeAndCut("drawn", seed) ?? "";
      expect(text.startsWith("synced\n")).toBe(true);
      ends.add(text);
    }
    expect(ends.has("synced\n")).toBe(true);
    expect(ends.has("synced\nfirst unsynced\nsecond unsynced\n")).toBe(true);
    expect([...ends].some((text) => text.includes("\0"))).toBe(true);
    expect(ends.size).toBeGreaterThan(6);
  });

  test("with reordering, can keep a later write and leave zeros for an earlier one", async () => {
    const ends = [];
    for (let seed = 0; seed < 60; seed++) ends.push(await writeAndCut("drawn", seed, true) ?? "");
    expect(ends.some((text) => /^synced\n\0+second unsynced\n$/.test(text))).toBe(true);
  });

  test("takes a file whose directory was not synced, however well the file was", async () => {
    const { world, host, files } = makeHost();
    await world.wait((async () => {
      const log = await files.open("/work/log", "append");
      await log.write(encode("x"));
      await log.sync();
    })());
    host.powerCut("lost");
    expect(host.disk.names("/work")).toEqual([]);
  });

  test("takes a rename back without syncDirectory, and not with it", async () => {
    for (const isSynced of [false, true]) {
      const { world, host, files } = makeHost();
      host.disk.put("/work/state", "old");
      await world.wait((async () => {
        const next = await openSafely(files, "/work/state.new");
        await next.write(encode("new"));
        await next.syncData();
        await files.rename("/work/state.new", "/work/state");
        if (isSynced) await files.syncDirectory("/work");
      })());
      expect(host.disk.text("/work/state")).toBe("new");
      host.powerCut("lost");
      expect(host.disk.text("/work/state")).toBe(isSynced ? "new" : "old");
    }
  });

  test("drawn, takes a beginning of the changes of a directory", async () => {
    const ends = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const { world, host, files } = makeHost(seed);
      await world.wait((async () => {
        for (const name of ["a", "b", "c"]) await files.open(`/work/${name}`, "create");
      })());
      host.powerCut();
      ends.add(host.disk.names("/work").join(""));
    }
    expect([...ends].sort()).toEqual(["", "a", "ab", "abc"]);
  });

  test("leaves an empty file for one that was renamed but never synced", async () => {
    const { world, host, files } = makeHost();
    host.disk.put("/work/state", "old");
    await world.wait((async () => {
      const next = await files.open("/work/state.new", "create");
      await next.write(encode("new"));
      await files.rename("/work/state.new", "/work/state");
      await files.syncDirectory("/work");
    })());
    host.powerCut("lost");
    expect(host.disk.text("/work/state")).toBe("");
  });

  test("takes what a failed sync was to save, even if a later sync succeeds", async () => {
    const { world, host, files } = makeHost();
    await world.wait((async () => {
      const log = await openSafely(files, "/work/log");
      world.faults = { ...NO_FAULTS, disk: { ...NO_FAULTS.disk, syncFailureRate: 1 } };
      await log.write(encode("doomed\n"));
      expect(await codeOf(log.syncData())).toBe("IO_ERROR");
      world.faults = NO_FAULTS;
      await log.write(encode("safe\n"));
      await log.syncData();
    })());
    expect(host.disk.text("/work/log")).toBe("doomed\nsafe\n");
    host.powerCut("kept");
    expect(host.disk.text("/work/log")).toBe("\0".repeat(7) + "safe\n");
  });
});

describe("a kill", () => {
  test("keeps what was written and lets go of the locks", async () => {
    const { world, host } = makeHost();
    const holder = host.start(async ({ files, clock }) => {
      await files.lock("/work/lock");
      const log = await files.open("/work/log", "append");
      await log.write(encode("unsynced"));
      clock.setTimer(1e9, () => undefined);
    });
    await world.run(100);
    const { files } = world.createRuntime(host);
    expect(await world.wait(codeOf(files.lock("/work/lock")))).toBe("LOCK_HELD");
    holder.kill();
    expect(await world.wait(codeOf(files.lock("/work/lock")))).toBe("resolved");
    expect(host.disk.text("/work/log")).toBe("unsynced");
  });

  test("at every disk operation loses nothing that was acknowledged", async () => {
    const acknowledged: string[] = [];
    const main: Main = async ({ files }) => {
      const log = await openSafely(files, "/work/log");
      for (let count = 0; count < 5; count++) {
        await log.write(encode(`record ${count}\n`));
        await log.syncData();
        acknowledged.push(`record ${count}\n`);
      }
    };
    const states = new Set<string>();
    for (let operation = 1; operation <= 12; operation++) {
      acknowledged.length = 0;
      const { world, host } = makeHost(operation);
      const process = host.start(main);
      process.atDiskOperation(operation, () => host.powerCut());
      await world.run(1_000);
      expect(process.end).toEqual({ signal: "SIGKILL" });
      const text = host.disk.text("/work/log") ?? "";
      expect(text.startsWith(acknowledged.join(""))).toBe(true);
      states.add(text);
    }
    expect(states.size).toBeGreaterThan(5);
  });

  test("in the middle of a write leaves none, all or a beginning of it", async () => {
    const ends = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const { world, host } = makeHost(seed);
      const process = host.start(async ({ files }) => {
        const log = await files.open("/work/log", "append");
        await log.write(encode("0123456789"));
      });
      process.atDiskOperation(2);
      await world.run(100);
      ends.add(host.disk.text("/work/log") ?? "missing");
    }
    expect(ends.has("")).toBe(true);
    expect(ends.has("0123456789")).toBe(true);
    expect(ends.size).toBeGreaterThan(4);
  });
});

describe("faults of a disk", () => {
  test("a disk that fills up takes what fits, says DISK_FULL and takes more once there is room", async () => {
    const { world, host, files } = makeHost();
    await world.wait((async () => {
      const log = await files.open("/work/log", "append");
      host.disk.limitFree(6);
      expect(await codeOf(log.write(encode("0123456789")))).toBe("DISK_FULL");
      expect(host.disk.text("/work/log")).toBe("012345");
      expect(await codeOf(files.open("/work/other", "create"))).toBe("DISK_FULL");
      expect((await files.freeSpace("/work")).freeBytes).toBe(0);
      await log.truncate(0);
      await log.write(encode("fits"));
      await files.remove("/work/log");
      expect((await files.freeSpace("/work")).freeBytes).toBe(6);
    })());
  });

  test("a broken path fails until it is mended", async () => {
    const { world, host, files } = makeHost();
    host.disk.put("/work/file", "content");
    host.disk.break("/work/file", { read: "IO_ERROR" });
    expect(await world.wait(codeOf(files.read("/work/file", 100)))).toBe("IO_ERROR");
    host.disk.mend("/work/file");
    expect(await world.wait(codeOf(files.read("/work/file", 100)))).toBe("resolved");
  });

  test("reads fail at the drawn rate", async () => {
    const { world, host, files } = makeHost();
    host.disk.put("/work/file", "content");
    world.faults = { ...NO_FAULTS, disk: { ...NO_FAULTS.disk, readErrorRate: 0.5 } };
    const codes = await world.wait(
      Promise.all(Array.from({ length: 40 }, () => codeOf(files.read("/work/file", 100)))),
    );
    expect(new Set(codes)).toEqual(new Set(["IO_ERROR", "resolved"]));
  });

  test("a watcher misses changes at the drawn rate", async () => {
    const { world, host, files } = makeHost();
    let calls = 0;
    files.watch("/work/file", () => calls++);
    host.disk.put("/work/file", "one");
    await world.run(100);
    expect(calls).toBe(1);
    world.faults = { ...NO_FAULTS, disk: { ...NO_FAULTS.disk, watchMissRate: 1 } };
    host.disk.put("/work/file", "two");
    await world.run(100);
    expect(calls).toBe(1);
  });
});
