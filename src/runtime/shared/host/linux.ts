/**
 * Linux, by `/proc`. Source: proc(5), and the kernel's Documentation/filesystems/proc.rst.
 *
 * @module
 */
import { isBarnacleError } from "../../../errors.ts";
import type { Host, HostReading } from "../../port.ts";
import { createControlGroups } from "./cgroup.ts";
import { checkedDisk, figures, Problems, Unreadable } from "./parts.ts";
import type { HostFiles } from "./sources.ts";

/** What is looked for stands at the beginning; on a host of many processors `/proc/stat` goes on for long. */
const START_BYTES = 16 * 1024;
const KIB = 1024;

/** Reads Linux's counters from these files. */
export function createLinuxHost(files: HostFiles): Host {
  const groups = createControlGroups(files);
  return {
    async read({ rootFs }): Promise<HostReading> {
      const problems = new Problems();
      const proc = new ProcFiles(files, rootFs);
      const processor = await problems.attempt("processor", async () => readProcessor(await proc.text("stat"), proc));
      const memory = await problems.attempt("memory", async () => readMemory(await proc.text("meminfo"), proc));
      return {
        processor,
        memory: memory?.memory,
        swap: memory === undefined ? undefined : await problems.attempt("swap", () => readSwap(memory.fields, proc)),
        load: await problems.attempt("load", async () => readLoad(await proc.text("loadavg"), proc)),
        uptimeSeconds: await problems.attempt("uptime", async () => readUptime(await proc.text("uptime"), proc)),
        disk: await problems.attempt("disk", async () => checkedDisk(rootFs, await files.diskUse(rootFs))),
        cgroup: await problems.attempt("cgroup", () => groups.read()),
        problems: problems.list,
      };
    },
  };
}

/** The files of one `/proc`: the host's, where its root is mounted with it; else our own, which in a container tells of the host too. */
class ProcFiles {
  readonly #files: HostFiles;
  #directory: string;

  constructor(files: HostFiles, rootFs: string) {
    this.#files = files;
    this.#directory = `${rootFs === "/" ? "" : rootFs}/proc`;
  }

  path(name: string): string {
    return `${this.#directory}/${name}`;
  }

  async text(name: string): Promise<string> {
    try {
      return await this.#files.readStart(this.path(name), START_BYTES);
    } catch (thrown) {
      if (this.#directory === "/proc" || !isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY")) throw thrown;
      this.#directory = "/proc";
      return await this.#files.readStart(this.path(name), START_BYTES);
    }
  }
}

/** Waiting for a disk is not being busy; what a guest uses is part of `user` already. */
function readProcessor(text: string, proc: ProcFiles): NonNullable<HostReading["processor"]> {
  const line = /^cpu +([\d ]+)$/m.exec(text)?.[1];
  const [user, nice, system, idle, iowait = "0", irq = "0", softirq = "0", steal = "0"] = line?.trim().split(/ +/) ??
    [];
  const times = figures(proc.path("stat"), user, nice, system, idle, iowait, irq, softirq, steal);
  const total = times.reduce((sum, time) => sum + time, 0);
  const [waits = 0, waitsForDisk = 0] = times.slice(3);
  return { busy: total - waits - waitsForDisk, total };
}

type MemoryFields = ReadonlyMap<string, string>;

function readMemory(text: string, proc: ProcFiles): {
  readonly memory: NonNullable<HostReading["memory"]>;
  readonly fields: MemoryFields;
} {
  const fields = new Map(
    Array.from(text.matchAll(/^(\w+): +(\d+) kB$/gm), ([, name = "", value = ""]) => [name, value]),
  );
  const source = proc.path("meminfo");
  const [total = 0] = figures(source, fields.get("MemTotal"));
  if (total === 0) throw new Unreadable(`${source} says that there is no memory`);
  return {
    memory: { totalBytes: total * KIB, availableBytes: Math.min(total, availableOf(fields, source)) * KIB },
    fields,
  };
}

/** Kernels before 3.14 do not tell what is available; what they call free and cached is the nearest to it. */
function availableOf(fields: MemoryFields, source: string): number {
  const available = fields.get("MemAvailable");
  const told = available === undefined
    ? [fields.get("MemFree"), fields.get("Buffers"), fields.get("Cached")]
    : [available];
  return figures(source, ...told).reduce((sum, part) => sum + part, 0);
}

function readSwap(fields: MemoryFields, proc: ProcFiles): NonNullable<HostReading["swap"]> {
  const [total = 0, free = 0] = figures(proc.path("meminfo"), fields.get("SwapTotal"), fields.get("SwapFree"));
  return { totalBytes: total * KIB, usedBytes: Math.max(0, total - free) * KIB };
}

function readLoad(text: string, proc: ProcFiles): NonNullable<HostReading["load"]> {
  const [one = 0, five = 0, fifteen = 0] = figures(proc.path("loadavg"), ...wordsOf(text, 3));
  return [one, five, fifteen];
}

function readUptime(text: string, proc: ProcFiles): number {
  const [seconds = 0] = figures(proc.path("uptime"), ...wordsOf(text, 1));
  return seconds;
}

/** Exactly so many words, `undefined` in the place of one that is missing. */
function wordsOf(text: string, count: number): (string | undefined)[] {
  const words = text.trim().split(/\s+/);
  return Array.from({ length: count }, (_, at) => words[at]);
}
