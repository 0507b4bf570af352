/** Hunts: what macOS and Windows print that is not understood, and a command of theirs that fails taking the reading along. */
import { describe, expect, test } from "vitest";
import { createGeneralHost, memoryOfMacos, memoryOfWindows } from "../../../src/runtime/shared/host/general.ts";
import type { HostSystem } from "../../../src/runtime/shared/host/sources.ts";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** As macOS 14 prints it. */
const VM_STAT = `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               12345.
Pages active:                            350123.
Pages inactive:                          340000.
Pages speculative:                         2345.
Pages throttled:                              0.
Pages wired down:                        120000.
Pages purgeable:                           1500.
"Translation faults":                 123456789.
Pages occupied by compressor:            180000.
`;
const SWAP_USAGE = "total = 2048.00M  used = 1024.25M  free = 1023.75M  (encrypted)\n";

function systemOf(outputs: Readonly<Record<string, string>>, commands: string[] = []): HostSystem {
  return {
    processorTimes: () => [
      { user: 100, nice: 0, sys: 50, idle: 800, irq: 50 },
      { user: 0, nice: 0, sys: 0, idle: 1_000, irq: 0 },
    ],
    memory: () => ({ totalBytes: 16 * GIB, freeBytes: 4 * GIB }),
    load: () => [1.5, 1.25, 1],
    uptimeSeconds: () => 3_600,
    diskUse: () => Promise.resolve({ usedBytes: 1, availableBytes: 3 }),
    run: (command) => {
      commands.push(command);
      const output = outputs[command];
      return output === undefined ? Promise.reject(new Error("no such command")) : Promise.resolve(output);
    },
  };
}

describe("the macOS reader", () => {
  test("takes memory from vm_stat and swap from sysctl", async () => {
    const system = systemOf({ "/usr/bin/vm_stat": VM_STAT, "/usr/sbin/sysctl": SWAP_USAGE });
    expect(await createGeneralHost(system, memoryOfMacos()).read({ rootFs: "/" })).toEqual({
      processor: { busy: 200, total: 2_000 },
      memory: { totalBytes: 16 * GIB, availableBytes: (12_345 + 2_345 + 340_000) * 16_384 },
      swap: { totalBytes: 2_048 * MIB, usedBytes: 1_024.25 * MIB },
      load: [1.5, 1.25, 1],
      uptimeSeconds: 3_600,
      disk: { usedBytes: 1, availableBytes: 3 },
      cgroup: undefined,
      problems: [],
    });
  });

  test("names a command that fails or prints something else, and gives the rest", async () => {
    const reading = await createGeneralHost(systemOf({ "/usr/sbin/sysctl": "none" }), memoryOfMacos()).read({
      rootFs: "/",
    });
    expect(reading.problems.map(({ part }) => part)).toEqual(["memory", "swap"]);
    expect(reading.processor).toBeDefined();
  });
});

describe("the Windows reader", () => {
  const OUTPUT = "1024 256\r\n2048 0\r\n";

  test("takes swap from all page files, and asks for them only now and then", async () => {
    const commands: string[] = [];
    const host = createGeneralHost(systemOf({ "powershell.exe": OUTPUT }, commands), memoryOfWindows());
    for (let reading = 0; reading < 20; reading++) {
      expect(await host.read({ rootFs: "C:\\" })).toMatchObject({
        memory: { totalBytes: 16 * GIB, availableBytes: 4 * GIB },
        swap: { totalBytes: 3_072 * MIB, usedBytes: 256 * MIB },
        problems: [],
      });
    }
    expect(commands).toHaveLength(1);
    await host.read({ rootFs: "C:\\" });
    expect(commands).toHaveLength(2);
  });

  test("does not ask again at once when asking failed, for it is dear", async () => {
    const commands: string[] = [];
    const host = createGeneralHost(systemOf({}, commands), memoryOfWindows());
    for (let reading = 0; reading < 20; reading++) {
      expect((await host.read({ rootFs: "C:\\" })).problems.map(({ part }) => part)).toEqual(["swap"]);
    }
    expect(commands).toHaveLength(1);
  });

  test("knows no swap where there is no page file", async () => {
    const host = createGeneralHost(systemOf({ "powershell.exe": "\r\n" }), memoryOfWindows());
    expect((await host.read({ rootFs: "C:\\" })).swap).toEqual({ totalBytes: 0, usedBytes: 0 });
  });

  test("names what it cannot read", async () => {
    const system = { ...systemOf({}), processorTimes: () => [] };
    const { problems } = await createGeneralHost(system, memoryOfWindows()).read({ rootFs: "C:\\" });
    expect(problems.map(({ part }) => part)).toEqual(["processor", "swap"]);
  });
});
