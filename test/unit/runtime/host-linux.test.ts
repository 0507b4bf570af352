/**
 * Hunts: strange or missing files of `/proc` that end a reading or give figures out of thin air, a container's limits that are missed
 * or taken from the wrong group.
 */
import { describe, expect, test } from "vitest";
import { failure } from "../../../src/runtime/shared/errno.ts";
import { createLinuxHost } from "../../../src/runtime/shared/host/linux.ts";

const GOOD: Readonly<Record<string, string>> = {
  "/proc/stat": "cpu  100 20 30 800 40 5 5 0 7 0\ncpu0 100 20 30 800 40 5 5 0 7 0\nintr 12345\n",
  "/proc/meminfo": [
    "MemTotal:       24684096 kB",
    "MemFree:        15707476 kB",
    "MemAvailable:   18513072 kB",
    "Buffers:             100 kB",
    "Cached:           100000 kB",
    "SwapTotal:       1000000 kB",
    "SwapFree:         750000 kB",
    "HugePages_Total:       0",
    "",
  ].join("\n"),
  "/proc/loadavg": "2.48 1.47 1.36 2/113 28532\n",
  "/proc/uptime": "22925.75 18883.95\n",
};

/** Lets what is ready go on. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

interface Asked {
  readonly paths: string[];
}

function hostOf(changed: Readonly<Record<string, string | undefined>>, asked: Asked = { paths: [] }) {
  const files: Readonly<Record<string, string | undefined>> = { ...GOOD, ...changed };
  return createLinuxHost({
    readStart: (path, bytesMax) => {
      asked.paths.push(path);
      const text = files[path];
      return text === undefined
        ? Promise.reject(failure("FILE_NOT_FOUND", `Read ${path}`))
        : Promise.resolve(text.slice(0, bytesMax));
    },
    diskUse: () => Promise.resolve({ usedBytes: 300, availableBytes: 100 }),
  });
}

const read = (changed: Readonly<Record<string, string | undefined>> = {}, rootFs = "/") =>
  hostOf(changed).read({ rootFs });

describe("the Linux reader", () => {
  test("reads what proc(5) describes", async () => {
    expect(await read()).toEqual({
      processor: { busy: 160, total: 1_000 },
      memory: { totalBytes: 24_684_096 * 1_024, availableBytes: 18_513_072 * 1_024 },
      swap: { totalBytes: 1_000_000 * 1_024, usedBytes: 250_000 * 1_024 },
      load: [2.48, 1.47, 1.36],
      uptimeSeconds: 22_925.75,
      disk: { usedBytes: 300, availableBytes: 100 },
      cgroup: undefined,
      problems: [],
    });
  });

  test("takes a kernel that tells less: four processor times, no MemAvailable", async () => {
    const reading = await read({
      "/proc/stat": "cpu 10 0 10 80\n",
      "/proc/meminfo":
        "MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 20 kB\nCached: 30 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
    });
    expect(reading).toMatchObject({
      processor: { busy: 20, total: 100 },
      memory: { availableBytes: 150 * 1_024 },
      swap: { totalBytes: 0, usedBytes: 0 },
      problems: [],
    });
  });

  const NONSENSE = ["", "\0\0\0", "cpu", "cpu x y z", "-1 -1 -1", "NaN NaN NaN", "<html>", "9".repeat(400)];
  test.each([
    ["/proc/stat", "processor", ["processor"]],
    ["/proc/meminfo", "memory", ["memory"]],
    ["/proc/loadavg", "load", ["load"]],
    ["/proc/uptime", "uptimeSeconds", ["uptime"]],
  ])("names %s when it is missing or nonsense, and gives the rest", async (path, part, problems) => {
    for (const text of [undefined, ...NONSENSE]) {
      const reading = await read({ [path]: text });
      expect(reading.problems.map((problem) => problem.part)).toEqual(problems);
      expect(reading.problems[0]?.message).toContain(path);
      expect(reading[part as "load"]).toBeUndefined();
      const whole = Object.values(reading).filter((value) => value !== undefined);
      expect(whole.length).toBeGreaterThanOrEqual(5);
    }
  });

  test.each([
    ["no memory at all", "MemTotal: 0 kB\nMemAvailable: 0 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n", ["memory"]],
    ["no line on swap", "MemTotal: 10 kB\nMemAvailable: 5 kB\n", ["swap"]],
    ["no line on what is free", "MemTotal: 10 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n", ["memory"]],
  ])("names a meminfo with %s", async (_what, text, problems) => {
    expect((await read({ "/proc/meminfo": text })).problems.map(({ part }) => part)).toEqual(problems);
  });

  test("believes no figure that contradicts another", async () => {
    const { memory, swap } = await read({
      "/proc/meminfo": "MemTotal: 10 kB\nMemAvailable: 50 kB\nSwapTotal: 10 kB\nSwapFree: 50 kB\n",
    });
    expect(memory).toEqual({ totalBytes: 10_240, availableBytes: 10_240 });
    expect(swap).toEqual({ totalBytes: 10_240, usedBytes: 0 });
  });

  test("reads the proc of a root mounted elsewhere, and our own where that has none", async () => {
    const own = await read({ "/host/proc/meminfo": GOOD["/proc/meminfo"] }, "/host");
    expect(own.problems).toEqual([]);
    const asked: Asked = { paths: [] };
    await hostOf({ "/host/proc/stat": "cpu 1 1 1 1\n" }, asked).read({ rootFs: "/host" });
    const procs = asked.paths.filter((path) => /(stat|meminfo)$/.test(path));
    expect(procs).toEqual(["/host/proc/stat", "/host/proc/meminfo", "/proc/meminfo"]);
  });
});

describe("a file that does not answer", () => {
  test("costs its own part only, and is not read a second time while it hangs", async () => {
    const never = new Promise<never>(() => undefined);
    let diskAsked = 0;
    const host = createLinuxHost({
      readStart: (path) => Promise.resolve(GOOD[path] ?? ""),
      diskUse: () => {
        diskAsked++;
        return never;
      },
    });
    for (const words of ["does not answer", "still does not answer"]) {
      const controller = new AbortController();
      const reading = host.read({ rootFs: "/", signal: controller.signal });
      await turns();
      controller.abort();
      expect(await reading).toMatchObject({
        disk: undefined,
        load: [2.48, 1.47, 1.36],
        problems: [{ part: "disk", message: `What it is read from ${words}` }],
      });
    }
    expect(diskAsked).toBe(1);
  });

  test("is no trouble for another reading at the same time", async () => {
    const host = hostOf({});
    const [one, two] = await Promise.all([host.read({ rootFs: "/" }), host.read({ rootFs: "/" })]);
    expect(one.problems).toEqual([]);
    expect(two).toEqual(one);
  });

  test("counts again once it has answered", async () => {
    let answer: (use: { usedBytes: number; availableBytes: number }) => void = () => undefined;
    const host = createLinuxHost({
      readStart: (path) => Promise.resolve(GOOD[path] ?? ""),
      diskUse: () => new Promise((resolve) => answer = resolve),
    });
    const aborted = new AbortController();
    aborted.abort();
    expect((await host.read({ rootFs: "/", signal: aborted.signal })).disk).toBeUndefined();
    answer({ usedBytes: 1, availableBytes: 1 });
    await turns();
    const again = host.read({ rootFs: "/" });
    answer({ usedBytes: 3, availableBytes: 1 });
    expect((await again).disk).toEqual({ usedBytes: 3, availableBytes: 1 });
  });
});

describe("the control group", () => {
  const GIB = 1024 ** 3;

  test("of version 2 is read with its limits, inactive files counted as free", async () => {
    const { cgroup } = await read({
      "/proc/self/cgroup": "0::/\n",
      "/sys/fs/cgroup/cpu.max": "150000 100000\n",
      "/sys/fs/cgroup/memory.max": `${GIB}\n`,
      "/sys/fs/cgroup/memory.current": `${GIB / 2}\n`,
      "/sys/fs/cgroup/memory.stat": `anon 1\ninactive_anon 5\ninactive_file ${GIB / 4}\nactive_file 7\n`,
    });
    expect(cgroup).toEqual({ processorCountMax: 1.5, memoryBytesMax: GIB, memoryUsedBytes: GIB / 4 });
  });

  test("has the least limit of itself and those above it", async () => {
    const { cgroup } = await read({
      "/proc/self/cgroup": "0::/a.slice/b.service\n",
      "/sys/fs/cgroup/a.slice/b.service/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/a.slice/b.service/memory.max": `${4 * GIB}\n`,
      "/sys/fs/cgroup/a.slice/cpu.max": "200000 100000\n",
      "/sys/fs/cgroup/a.slice/memory.max": `${GIB}\n`,
      "/sys/fs/cgroup/a.slice/memory.current": "1000\n",
    });
    expect(cgroup).toEqual({ processorCountMax: 2, memoryBytesMax: GIB, memoryUsedBytes: 1_000 });
  });

  test("of version 1 is read too, where no limit is the largest number of pages", async () => {
    const files = {
      "/proc/self/cgroup": "9:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n1:name=systemd:/docker/x\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    };
    expect((await read(files)).cgroup).toEqual({
      processorCountMax: 0.5,
      memoryBytesMax: undefined,
      memoryUsedBytes: undefined,
    });
    const limited = await read({
      ...files,
      "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes": `${GIB}\n`,
      "/sys/fs/cgroup/memory/docker/x/memory.usage_in_bytes": "5000\n",
      "/sys/fs/cgroup/memory/docker/x/memory.stat": "inactive_file 7\ntotal_inactive_file 7000\n",
    });
    expect(limited.cgroup).toEqual({ processorCountMax: undefined, memoryBytesMax: GIB, memoryUsedBytes: 4_993 });
  });

  test.each([undefined, "", "nonsense", "0::relative", "0::/gone\n"])("is none when its file is %j", async (text) => {
    const reading = await read({ "/proc/self/cgroup": text, "/sys/fs/cgroup/memory.max": "max\n" });
    expect(reading.cgroup).toBeUndefined();
    expect(reading.problems).toEqual([]);
  });

  test("is not looked for again at each reading where there is no limit", async () => {
    const asked: Asked = { paths: [] };
    const host = hostOf({ "/proc/self/cgroup": "0::/\n" }, asked);
    for (let reading = 0; reading < 20; reading++) await host.read({ rootFs: "/" });
    expect(asked.paths.filter((path) => path === "/proc/self/cgroup")).toHaveLength(1);
    await host.read({ rootFs: "/" });
    expect(asked.paths.filter((path) => path === "/proc/self/cgroup")).toHaveLength(2);
  });
});
