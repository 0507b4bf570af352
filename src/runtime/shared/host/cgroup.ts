/**
 * The control group that this process is in. Source: cgroups(7), and the kernel's Documentation/admin-guide/cgroup-v2.rst.
 *
 * @module
 */
import { isBarnacleError } from "../../../errors.ts";
import type { ControlGroup } from "../../port.ts";
import type { HostFiles } from "./sources.ts";

const BYTES_MAX = 4 * 1024;
/** Limits are set when a container is made, and hardly ever changed: they are looked for each so many readings. */
const LOOK_AGAIN_READINGS = 20;
/** A limit beyond this is none: version 1 writes the largest number of pages. */
const MEMORY_BYTES_MAX = 2 ** 60;
const ROOT = "/sys/fs/cgroup";

/** Where one group's files are, and what they are called. */
interface Group {
  readonly version: 1 | 2;
  readonly memory: string;
  readonly processor: string;
}

interface Limits {
  readonly processorCountMax: number | undefined;
  /** The least of the group's own and those above it, and whose it is. */
  readonly memory: { readonly bytesMax: number; readonly group: Group } | undefined;
}

/** Reads this process's group. Files that are missing are limits that are not set. */
export function createControlGroups(
  files: Pick<HostFiles, "readStart">,
): { read(): Promise<ControlGroup | undefined> } {
  let limits: Limits | undefined;
  let readings = 0;
  return {
    async read() {
      if (readings++ % LOOK_AGAIN_READINGS === 0) limits = await findLimits(files);
      if (limits === undefined) return undefined;
      const { processorCountMax, memory } = limits;
      if (processorCountMax === undefined && memory === undefined) return undefined;
      return {
        processorCountMax,
        memoryBytesMax: memory?.bytesMax,
        memoryUsedBytes: memory === undefined ? undefined : await memoryUsed(files, memory.group),
      };
    },
  };
}

async function findLimits(files: Pick<HostFiles, "readStart">): Promise<Limits> {
  let processorCountMax: number | undefined;
  let memory: Limits["memory"];
  for (const group of groupsOf(await textIfThere(files, "/proc/self/cgroup") ?? "")) {
    const count = await processorLimit(files, group);
    if (count !== undefined) processorCountMax = Math.min(count, processorCountMax ?? count);
    const bytesMax = await memoryLimit(files, group);
    if (bytesMax !== undefined && bytesMax < (memory?.bytesMax ?? MEMORY_BYTES_MAX)) memory = { bytesMax, group };
  }
  return { processorCountMax, memory };
}

/** This process's group and those above it. In a container the path is that of the host, or `/`: then the mounted root is its own. */
function groupsOf(text: string): Group[] {
  const paths = new Map(
    text.split("\n").flatMap((line) => {
      const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
      return controllers === undefined || path === undefined
        ? []
        : controllers.split(",").map((name) => [name, path] as const);
    }),
  );
  const own = paths.get("memory") ?? paths.get("cpu") ?? paths.get("");
  if (own === undefined) return [];
  const version = paths.has("memory") || paths.has("cpu") ? 1 : 2;
  return upwards(own).map((path) =>
    version === 2
      ? { version, memory: ROOT + path, processor: ROOT + path }
      : { version, memory: `${ROOT}/memory${path}`, processor: `${ROOT}/cpu${path}` }
  );
}

/** `/a/b` gives `/a/b`, `/a` and the empty path. */
function upwards(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "");
  return Array.from({ length: parts.length + 1 }, (_, dropped) => {
    const kept = parts.slice(0, parts.length - dropped);
    return kept.map((part) => `/${part}`).join("");
  });
}

async function processorLimit(files: Pick<HostFiles, "readStart">, group: Group): Promise<number | undefined> {
  const text = group.version === 2 ? await textIfThere(files, `${group.processor}/cpu.max`) : [
    await textIfThere(files, `${group.processor}/cpu.cfs_quota_us`),
    await textIfThere(files, `${group.processor}/cpu.cfs_period_us`),
  ].join(" ");
  const [quota = Number.NaN, period = Number.NaN] = (text ?? "").trim().split(/\s+/).map(Number);
  const count = quota / period;
  return Number.isFinite(count) && count > 0 ? count : undefined;
}

async function memoryLimit(files: Pick<HostFiles, "readStart">, group: Group): Promise<number | undefined> {
  const name = group.version === 2 ? "memory.max" : "memory.limit_in_bytes";
  const bytes = Number((await textIfThere(files, `${group.memory}/${name}`))?.trim() || Number.NaN);
  return bytes > 0 && bytes < MEMORY_BYTES_MAX ? bytes : undefined;
}

/** Pages of files that nobody has touched lately are given back before anything suffers, so they are not counted. */
async function memoryUsed(files: Pick<HostFiles, "readStart">, group: Group): Promise<number | undefined> {
  const name = group.version === 2 ? "memory.current" : "memory.usage_in_bytes";
  const text = await textIfThere(files, `${group.memory}/${name}`);
  if (text === undefined || !/^\d+\s*$/.test(text)) return undefined;
  const statistics = await textIfThere(files, `${group.memory}/memory.stat`) ?? "";
  const inactive = Number(/^(?:total_)?inactive_file (\d+)$/m.exec(statistics)?.[1] ?? 0);
  return Math.max(0, Number(text) - inactive);
}

async function textIfThere(files: Pick<HostFiles, "readStart">, path: string): Promise<string | undefined> {
  try {
    return await files.readStart(path, BYTES_MAX);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY")) return undefined;
    throw thrown;
  }
}
