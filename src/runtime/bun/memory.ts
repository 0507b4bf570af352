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
import { promiseOf } from "../shared/promise-of.ts";
import { loadForeign } from "./bun.ts";

/** From Linux's `mman-common.h`: let go of these pages until they are next touched. */
const MADV_DONTNEED = 4;
/** The C library is in the process already, so this name finds it before any path is searched, under musl too. */
const C_LIBRARY = "libc.so.6";

/** A stretch of memory. */
export interface Mapping {
  readonly address: number;
  readonly lengthBytes: number;
}

/** The kernel hands out less than a page of text at a time. */
const PIECE_BYTES = 4_096;

/** As {@link Process.returnMemory}; on Linux alone. */
export function returnMemory(): Promise<void> {
  return promiseOf(() => {
    if (process.platform === "linux") returnUntouchedCode();
  });
}

function returnUntouchedCode(): void {
  try {
    const mappings = untouchedCode(readMappings(process.execPath), process.execPath);
    const { symbols } = loadForeign().dlopen(C_LIBRARY, {
      madvise: { args: ["usize", "usize", "int"], returns: "int" },
    });
    // What it answers is not looked at: where advice is refused, everything stays as it was.
    for (const { address, lengthBytes } of mappings) symbols.madvise(address, lengthBytes, MADV_DONTNEED);
  } catch (thrown) {
    throw toBarnacleError(thrown, "Return the memory of the start");
  }
}

/** The text of our `smaps` up to the end of the program's mappings, which lie together: for the rest the kernel counts page by page too. */
function readMappings(program: string): string {
  const { closeSync, openSync, readSync } = process.getBuiltinModule("node:fs");
  const descriptor = openSync("/proc/self/smaps", "r");
  try {
    const piece = new Uint8Array(PIECE_BYTES);
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const read = readSync(descriptor, piece);
      text += decoder.decode(piece.subarray(0, read), { stream: true });
      const places = text.match(/^[0-9a-f]+-[0-9a-f]+ .*(?=\n)/gm) ?? [];
      const isPast = places.some((place) => place.endsWith(program)) && !places.at(-1)?.endsWith(program);
      if (read === 0 || isPast) return text;
    }
  } finally {
    closeSync(descriptor);
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
