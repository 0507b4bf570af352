/**
 * macOS and Windows, by `node:os` and, for memory, the commands that these platforms bring.
 *
 * @module
 */
import type { Host, HostReading } from "../../port.ts";
import { checkedDisk, figures, PartReader, type WaitingParts } from "./parts.ts";
import type { HostSystem } from "./sources.ts";

/** How memory and swap are found out on one platform. */
export interface MemoryReader {
  memory(system: HostSystem): Promise<NonNullable<HostReading["memory"]>>;
  swap(system: HostSystem): Promise<NonNullable<HostReading["swap"]>>;
}

/** Reads the counters that the platform gives every program. There are no control groups here. */
export function createGeneralHost(system: HostSystem, reader: MemoryReader): Host {
  const waiting: WaitingParts = new Set();
  return {
    async read({ rootFs, signal }): Promise<HostReading> {
      const parts = new PartReader(waiting, signal);
      const [processor, memory, swap, load, uptimeSeconds, disk] = await Promise.all([
        parts.attempt("processor", () => readProcessor(system)),
        parts.attempt("memory", () => reader.memory(system)),
        parts.attempt("swap", () => reader.swap(system)),
        parts.attempt("load", () => readLoad(system)),
        parts.attempt("uptime", () => figures("the system's uptime", system.uptimeSeconds())[0]),
        parts.attempt("disk", async () => checkedDisk(rootFs, await system.diskUse(rootFs))),
      ]);
      return { processor, memory, swap, load, uptimeSeconds, disk, cgroup: undefined, problems: parts.problems };
    },
  };
}

function readProcessor(system: HostSystem): NonNullable<HostReading["processor"]> {
  let busy = 0;
  let total = 0;
  for (const { user, nice, sys, idle, irq } of system.processorTimes()) {
    const sum = user + nice + sys + idle + irq;
    total += sum;
    busy += sum - idle;
  }
  figures("the system's list of processors", total > 0 ? total : undefined);
  return { busy, total };
}

function readLoad(system: HostSystem): NonNullable<HostReading["load"]> {
  const [one = 0, five = 0, fifteen = 0] = figures("the system's load", ...system.load());
  return [one, five, fifteen];
}

/**
 * macOS: available is what is free, read ahead or inactive, as psutil counts it (`psutil/_psosx.py`); `vm_stat` leaves out of its free
 * pages what was read ahead.
 */
export function memoryOfMacos(): MemoryReader {
  return {
    async memory(system) {
      const text = await system.run("/usr/bin/vm_stat", []);
      const pages = (name: string) => new RegExp(`^Pages ${name}: +(\\d+)\\.$`, "m").exec(text)?.[1];
      const [pageBytes = 0, free = 0, speculative = 0, inactive = 0] = figures(
        "vm_stat",
        /page size of (\d+) bytes/.exec(text)?.[1],
        pages("free"),
        pages("speculative"),
        pages("inactive"),
      );
      const { totalBytes } = system.memory();
      return { totalBytes, availableBytes: Math.min(totalBytes, (free + speculative + inactive) * pageBytes) };
    },
    async swap(system) {
      const text = await system.run("/usr/sbin/sysctl", ["-n", "vm.swapusage"]);
      const mebibytes = (name: string) => new RegExp(`${name} = ([\\d.]+)M`).exec(text)?.[1];
      const [total = 0, used = 0] = figures("sysctl vm.swapusage", mebibytes("total"), mebibytes("used"));
      return { totalBytes: total * MIB, usedBytes: used * MIB };
    },
  };
}

const MIB = 1024 * 1024;
/** Asking takes half a second of a processor there, so it is not done at each reading. */
const PAGE_FILES_READINGS = 20;
const PAGE_FILES_COMMAND =
  "Get-CimInstance Win32_PageFileUsage | ForEach-Object { '{0} {1}' -f $_.AllocatedBaseSize, $_.CurrentUsage }";

/** Windows: what it calls available memory; for swap its page files, asked for only now and then. */
export function memoryOfWindows(): MemoryReader {
  let swap: ReturnType<typeof readPageFiles> | undefined;
  let readings = 0;
  return {
    memory(system) {
      const { totalBytes, freeBytes } = system.memory();
      return Promise.resolve({ totalBytes, availableBytes: freeBytes });
    },
    swap(system) {
      if (readings++ % PAGE_FILES_READINGS === 0) swap = undefined;
      return swap ??= readPageFiles(system);
    },
  };
}

async function readPageFiles(system: HostSystem): Promise<NonNullable<HostReading["swap"]>> {
  const text = await system.run("powershell.exe", ["-NoProfile", "-NonInteractive", "-Command", PAGE_FILES_COMMAND]);
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const sizes = lines.map((line) => figures("Win32_PageFileUsage", ...line.trim().split(" ").slice(0, 2)));
  const sum = (at: number) => sizes.reduce((total, size) => total + (size[at] ?? 0), 0) * MIB;
  return { totalBytes: sum(0), usedBytes: sum(1) };
}
