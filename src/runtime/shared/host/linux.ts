/**
 * Linux, by `/proc`. Source: proc(5), and the kernel's Documentation/filesystems/proc.rst.
 *
 * @module
 */
import { isBarnacleError } from "../../../errors.ts";
import type { Host, HostReading } from "../../port.ts";
import { createControlGroups } from "./cgroup.ts";
import { checkedDisk, figures, PartReader, Unreadable, type WaitingParts } from "./parts.ts";
import type { HostFiles } from "./sources.ts";

/** What is looked for stands at the beginning; on a host of many processors `/proc/stat` goes on for long. */
const START_BYTES = 16 * 1024;
const KIB = 1024;

/** Reads Linux's counters from these files, all at once: one that does not answer keeps no other waiting. */
export function createLinuxHost(files: HostFiles): Host {
  const groups = createControlGroups(files);
  const waiting: WaitingParts = new Set();
  return {
    async read({ rootFs, signal }): Promise<HostReading> {
      const parts = new PartReader(waiting, signal);
      const proc = new ProcFiles(files, rootFs);
      const [processor, memoryAndSwap, load, uptimeSeconds, disk, cgroup] = await Promise.all([
        parts.attempt("processor", async () => readProcessor(await proc.text("stat"))),
        readMemoryAndSwap(parts, proc),
        parts.attempt("load", async () => readLoad(await proc.text("loadavg"))),
        parts.attempt("uptime", async () => readUptime(await proc.text("uptime"))),
        parts.attempt("disk", async () => checkedDisk(rootFs, await files.diskUse(rootFs))),
        parts.attempt("cgroup", () => groups.read()),
      ]);
      return { processor, ...memoryAndSwap, load, uptimeSeconds, disk, cgroup, problems: parts.problems };
    },
  };
}

async function readMemoryAndSwap(parts: PartReader, proc: ProcFiles): Promise<Pick<HostReading, "memory" | "swap">> {
  const read = await parts.attempt("memory", async () => readMemory(await proc.text("meminfo")));
  if (read === undefined) return { memory: undefined, swap: undefined };
  return { memory: read.memory, swap: await parts.attempt("swap", () => readSwap(read)) };
}

/** The beginning of a file, and where it was. */
interface Source {
  readonly path: string;
  readonly text: string;
}

/** The files of one `/proc`: the host's, where its root is mounted with it; else our own, which in a container tells of the host too. */
class ProcFiles {
  readonly #files: HostFiles;
  readonly #directory: string;

  constructor(files: HostFiles, rootFs: string) {
    this.#files = files;
    this.#directory = `${rootFs.replace(/\/+$/, "")}/proc`;
  }

  async text(name: string): Promise<Source> {
    try {
      return await this.#read(`${this.#directory}/${name}`);
    } catch (thrown) {
      if (this.#directory === "/proc" || !isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY")) throw thrown;
      return await this.#read(`/proc/${name}`);
    }
  }

  async #read(path: string): Promise<Source> {
    return { path, text: await this.#files.readStart(path, START_BYTES) };
  }
}

/** Waiting for a disk is not being busy; what a guest uses is part of `user` already. */
function readProcessor({ path, text }: Source): NonNullable<HostReading["processor"]> {
  const line = /^cpu +([\d ]+)$/m.exec(text)?.[1];
  const [user, nice, system, idle, iowait = "0", irq = "0", softirq = "0", steal = "0"] = line?.trim().split(/ +/) ??
    [];
  const times = figures(path, user, nice, system, idle, iowait, irq, softirq, steal);
  const total = times.reduce((sum, time) => sum + time, 0);
  const [waits = 0, waitsForDisk = 0] = times.slice(3);
  return { busy: total - waits - waitsForDisk, total };
}

type MemoryFields = ReadonlyMap<string, string>;

interface MemoryFile {
  readonly path: string;
  readonly fields: MemoryFields;
  readonly memory: NonNullable<HostReading["memory"]>;
}

function readMemory({ path, text }: Source): MemoryFile {
  const fields = new Map(
    Array.from(text.matchAll(/^(\w+): +(\d+) kB$/gm), ([, name = "", value = ""]) => [name, value]),
  );
  const [total = 0] = figures(path, fields.get("MemTotal"));
  if (total === 0) throw new Unreadable(`${path} says that there is no memory`);
  return {
    path,
    fields,
    memory: { totalBytes: total * KIB, availableBytes: Math.min(total, availableOf(fields, path)) * KIB },
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

function readSwap({ path, fields }: MemoryFile): NonNullable<HostReading["swap"]> {
  const [total = 0, free = 0] = figures(path, fields.get("SwapTotal"), fields.get("SwapFree"));
  return { totalBytes: total * KIB, usedBytes: Math.max(0, total - free) * KIB };
}

function readLoad({ path, text }: Source): NonNullable<HostReading["load"]> {
  const [one = 0, five = 0, fifteen = 0] = figures(path, ...wordsOf(text, 3));
  return [one, five, fifteen];
}

function readUptime({ path, text }: Source): number {
  const [seconds = 0] = figures(path, ...wordsOf(text, 1));
  return seconds;
}

/** Exactly so many words, `undefined` in the place of one that is missing. */
function wordsOf(text: string, count: number): (string | undefined)[] {
  const words = text.trim().split(/\s+/);
  return Array.from({ length: count }, (_, at) => words[at]);
}
