/** Hunts: counters that go back, figures that contradict each other, one part that cannot be read taking the others along. */
import assert from "node:assert/strict";
import type { HostReading } from "../../src/runtime/port.ts";
import type { ContractCase, ContractContext } from "./case.ts";
import { bytesOf, pass } from "./helpers.ts";

const ROOT = { rootFs: "/" };

function partsOf(reading: HostReading): string[] {
  return reading.problems.map(({ part }) => part).sort();
}

async function put(context: ContractContext, names: readonly string[], text: string): Promise<void> {
  const file = await context.runtime.files.open(context.path(...names), "create");
  await file.write(bytesOf(text));
  await file.close();
}

const cases: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "read gives every part of a host that works, and no problem",
    async run({ runtime }) {
      const reading = await runtime.host.read(ROOT);
      assert.deepEqual(reading.problems, []);
      const { processor, memory, swap, disk, load, uptimeSeconds } = reading;
      assert.ok(processor !== undefined && processor.busy > 0 && processor.busy <= processor.total);
      assert.ok(memory !== undefined && memory.availableBytes > 0 && memory.availableBytes <= memory.totalBytes);
      assert.ok(swap !== undefined && swap.usedBytes >= 0 && swap.usedBytes <= swap.totalBytes);
      assert.ok(disk !== undefined && disk.usedBytes >= 0 && disk.availableBytes > 0);
      assert.ok(load !== undefined && load.length === 3 && load.every((average) => average >= 0));
      assert.ok(uptimeSeconds !== undefined && uptimeSeconds > 0);
    },
  },
  {
    name: "read's processor time grows, the busy part no faster than the whole",
    async run({ runtime }) {
      const before = await runtime.host.read(ROOT);
      await pass(runtime.clock, 200);
      const after = await runtime.host.read(ROOT);
      const busy = (after.processor?.busy ?? 0) - (before.processor?.busy ?? 0);
      const total = (after.processor?.total ?? 0) - (before.processor?.total ?? 0);
      assert.ok(total > 0, `the whole grew by ${total}`);
      assert.ok(busy >= 0 && busy <= total, `${busy} of ${total}`);
      const seconds = (after.uptimeSeconds ?? 0) - (before.uptimeSeconds ?? 0);
      assert.ok(seconds > 0.1 && seconds < 10, `${seconds} s`);
    },
  },
  {
    name: "read's disk is that of the root it is given",
    async run({ runtime, directory }) {
      const { freeBytes, totalBytes } = await runtime.files.freeSpace(directory);
      const { disk } = await runtime.host.read({ rootFs: directory });
      assert.ok(disk !== undefined);
      // Others write meanwhile, and what is kept for the superuser is in neither.
      assert.ok(Math.abs(disk.availableBytes - freeBytes) < totalBytes / 50);
      assert.ok(disk.usedBytes + disk.availableBytes <= totalBytes);
    },
  },
  {
    name: "read names a root that is not there, and gives the other parts",
    async run({ runtime, path }) {
      const reading = await runtime.host.read({ rootFs: path("nowhere") });
      assert.deepEqual(partsOf(reading), ["disk"]);
      assert.match(reading.problems[0]?.message ?? "", /nowhere.*FILE_NOT_FOUND/);
      assert.equal(reading.disk, undefined);
      assert.ok(reading.memory !== undefined && reading.processor !== undefined);
    },
  },
  {
    name: "read takes the proc of the root it is given where there is one, and survives nonsense in it",
    async run(context) {
      const { runtime, directory } = context;
      // Other platforms have no such directory.
      if (runtime.process.hostFacts().os !== "linux") return;
      await runtime.files.makeDirectory(context.path("proc"));
      await put(context, ["proc", "stat"], "cpu  5 0 5 80 10 0 0 0 0 0\n");
      await put(
        context,
        ["proc", "meminfo"],
        "MemTotal: 1000 kB\nMemAvailable: 250 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
      );
      await put(context, ["proc", "loadavg"], "one two three\n");
      await put(context, ["proc", "uptime"], "\0".repeat(100_000));
      const reading = await runtime.host.read({ rootFs: directory });
      assert.deepEqual(reading.processor, { busy: 10, total: 100 });
      assert.deepEqual(reading.memory, { totalBytes: 1_024_000, availableBytes: 256_000 });
      assert.deepEqual(reading.swap, { totalBytes: 0, usedBytes: 0 });
      assert.deepEqual(partsOf(reading), ["load", "uptime"]);
      assert.equal(reading.load, undefined);
    },
  },
];

export const HOST_CASES: readonly ContractCase[] = cases.map((one) => ({ ...one, capability: "host" }));
