/**
 * Gives back the code that only the start ran, and its constants: once an agent answers, 40 MiB of the executable are mapped, and a
 * heartbeat after they were given back 18 MiB.
 *
 * The kernel is told to unmap all of it, as it does by itself under pressure. The pages stay in its cache, and those that are
 * needed come back from there when they are next run. Of a page that was written to, this would lose what was written; so only
 * mappings are taken that cannot be written and of which the kernel counts no such page.
 *
 * @module
 */
import { toBarnacleError } from "../../errors.ts";
import { bun, loadForeign } from "./bun.ts";

/** From Linux's `mman-common.h`: let go of these pages until they are next touched. */
const MADV_DONTNEED = 4;
/** The C library is in the process already, so this name finds it before any path is searched, under musl too. */
const C_LIBRARY = "libc.so.6";

/** A stretch of memory. */
export interface Mapping {
  readonly address: number;
  readonly lengthBytes: number;
}

/** As {@link Process.returnMemory}; on Linux alone. */
export async function returnMemory(): Promise<void> {
  if (process.platform !== "linux") return;
  try {
    const mappings = untouchedCode(await bun.file("/proc/self/smaps").text(), process.execPath);
    const { symbols } = loadForeign().dlopen(C_LIBRARY, {
      madvise: { args: ["usize", "usize", "int"], returns: "int" },
    });
    // What it answers is not looked at: where advice is refused, everything stays as it was.
    for (const { address, lengthBytes } of mappings) symbols.madvise(address, lengthBytes, MADV_DONTNEED);
  } catch (thrown) {
    throw toBarnacleError(thrown, "Return the memory of the start");
  }
}

/**
 * The mappings of a program's code and constants in which no page differs from the file.
 *
 * @param smaps the text of `/proc/PID/smaps`: per mapping a line with its place, its rights and its file, then its counts; see proc(5)
 * @param program the path of the executable
 */
export function untouchedCode(smaps: string, program: string): Mapping[] {
  return smaps.split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/).flatMap((entry) => {
    const [, start, end, path] = entry.match(/^([0-9a-f]+)-([0-9a-f]+) r-[x-]p [0-9a-f]+ \S+ \d+ +(.+)$/m) ?? [];
    if (start === undefined || end === undefined || path !== program) return [];
    // A page that was written to is anonymous from then on, in memory or swapped out.
    if (!/^Anonymous: +0 kB$/m.test(entry) || !/^Swap: +0 kB$/m.test(entry)) return [];
    const address = Number.parseInt(start, 16);
    return [{ address, lengthBytes: Number.parseInt(end, 16) - address }];
  });
}
