/** Hunts: a mapping given back that holds what no file has, whose loss would end the process. */
import { expect, test } from "vitest";
import { untouchedCode } from "../../../src/runtime/bun/memory.ts";

const PROGRAM = "/usr/local/bin/barnacle";

interface Entry {
  readonly place?: string;
  readonly rights?: string;
  readonly path?: string;
  readonly anonymousKb?: number;
  readonly swapKb?: number;
}

function smapsOf(...entries: readonly Entry[]): string {
  return entries.map((entry) => {
    const { place = "01a40000-0684a000", rights = "r-xp", path = PROGRAM, anonymousKb = 0, swapKb = 0 } = entry;
    return `${place} ${rights} 01838000 fe:00 2236546                            ${path}
Size:              79912 kB
Rss:               31496 kB
Anonymous:     ${String(anonymousKb).padStart(9)} kB
AnonHugePages:         0 kB
Swap:          ${String(swapKb).padStart(9)} kB
SwapPss:               0 kB
VmFlags: rd ex mr mw me
`;
  }).join("");
}

test("untouchedCode finds the program's code and constants among its other mappings", () => {
  const smaps = smapsOf(
    { place: "00200000-01a39000", rights: "r--p" },
    {},
    { place: "0684a000-06867000", rights: "r--p", anonymousKb: 116 },
    { place: "06867000-06be1000", rights: "rw-p", anonymousKb: 128 },
    { place: "7f78c1ea8000-7f78c1ffe000", path: "/usr/lib/x86_64-linux-gnu/libc.so.6" },
    { place: "7ffee2100000-7ffee2102000", path: "[vdso]" },
  );
  expect(untouchedCode(smaps, PROGRAM)).toEqual([
    { address: 0x0020_0000, lengthBytes: 0x0183_9000 },
    { address: 0x01a4_0000, lengthBytes: 0x04e0_a000 },
  ]);
});

test("untouchedCode finds code at a high address", () => {
  const smaps = smapsOf({ place: "7ffff0000000-7ffff0001000" });
  expect(untouchedCode(smaps, PROGRAM)).toEqual([{ address: 0x7fff_f000_0000, lengthBytes: 4_096 }]);
});

test("untouchedCode leaves code alone when a page of it was written to", () => {
  expect(untouchedCode(smapsOf({ anonymousKb: 4 }), PROGRAM)).toEqual([]);
  expect(untouchedCode(smapsOf({ swapKb: 4 }), PROGRAM)).toEqual([]);
});

test("untouchedCode leaves alone what can be written, is shared or has another name", () => {
  for (const rights of ["rwxp", "r-xs", "r--s", "rw-p", "---p"]) {
    expect(untouchedCode(smapsOf({ rights }), PROGRAM), rights).toEqual([]);
  }
  expect(untouchedCode(smapsOf({ path: `${PROGRAM} (deleted)` }), PROGRAM)).toEqual([]);
});

test("untouchedCode finds nothing where the kernel does not count", () => {
  expect(untouchedCode("", PROGRAM)).toEqual([]);
  expect(untouchedCode(smapsOf({}).replace(/^Anonymous:.*\n/m, ""), PROGRAM)).toEqual([]);
  expect(untouchedCode(smapsOf({}).replace(/^Swap:.*\n/m, ""), PROGRAM)).toEqual([]);
});
