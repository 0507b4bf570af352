/**
 * The figures of this very host beside those of `top`, `free` and `df`, with the load that the test makes.
 *
 * Hunts: a figure that is off by more than a point, in a way that no made-up `/proc` would show.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { figuresOf, NO_FIGURES } from "../../../src/monitor/telemetry/figures.ts";
import type { HostReading } from "../../../src/runtime/port.ts";
import { createHost } from "../../../src/runtime/shared/host/mod.ts";

const TIMEOUT = { timeout: 60_000 };
const POINTS_MAX = 1;
/** Two programs never look at the very same moment, and others work on this host too. */
const ATTEMPTS_MAX = 5;
const MIB = 1024 * 1024;
/** The commands are Linux's. */
const lacksCommands = process.platform !== "linux" || !existsSync("/usr/bin/top") || !existsSync("/usr/bin/free");

const host = createHost();
const read = (rootFs = "/") => host.read({ rootFs });
const children: ChildProcess[] = [];
const undo: (() => void)[] = [];

function undoAll(): void {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const act of undo.splice(0).reverse()) act();
}

afterEach(undoAll);

/** Ours and theirs over the same time: each of top's two pages makes us look as well. */
async function processorBesideTop(): Promise<{ readonly ours: number; readonly theirs: number }> {
  const child = spawn("/usr/bin/top", ["-b", "-d", "2", "-n", "2"], { env: { LC_ALL: "C" } });
  children.push(child);
  const readings: Promise<HostReading>[] = [];
  const shares: number[] = [];
  let text = "";
  await new Promise<void>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const lines = [...text.matchAll(/^%Cpu.*ni, *([\d.]+) id, *([\d.]+) wa/gm)];
      for (const [, idle, waiting] of lines.slice(shares.length)) {
        readings.push(read());
        shares.push(100 - Number(idle) - Number(waiting));
      }
    });
    child.once("close", () => resolve());
  });
  const [before, after] = await Promise.all(readings);
  if (before === undefined || after === undefined) throw new Error(`top said nothing of the processor:\n${text}`);
  return { ours: figuresOf(after, before.processor, NO_FIGURES).cpu_pct, theirs: shares[1] ?? Number.NaN };
}

async function expectAgreement(
  compare: () => Promise<{ readonly ours: number; readonly theirs: number }>,
): Promise<number> {
  const seen: string[] = [];
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const { ours, theirs } = await compare();
    if (Math.abs(ours - theirs) <= POINTS_MAX) return ours;
    seen.push(`${ours} and ${theirs}`);
  }
  throw new Error(`ours and theirs differ by more than a point: ${seen.join("; ")}`);
}

function makeLoad(): void {
  for (let one = 0; one < availableParallelism(); one++) {
    children.push(spawn("sh", ["-c", "while :; do :; done"], { stdio: "ignore" }));
  }
}

function besideFree(row: "Mem" | "Swap"): () => Promise<{ readonly ours: number; readonly theirs: number }> {
  return async () => {
    const text = execFileSync("/usr/bin/free", ["-b"], { encoding: "utf8", env: { LC_ALL: "C" } });
    const figures = figuresOf(await read(), undefined, NO_FIGURES);
    const columns = (new RegExp(`^${row}: +(.*)$`, "m").exec(text)?.[1] ?? "").split(/ +/).map(Number);
    const [total = 0, used = 0] = columns;
    if (row === "Swap") return { ours: figures.swap_pct, theirs: total === 0 ? 0 : (100 * used) / total };
    return { ours: figures.mem_pct, theirs: 100 * (1 - (columns[5] ?? Number.NaN) / total) };
  };
}

function besideDf(path: string): () => Promise<{ readonly ours: number; readonly theirs: number }> {
  return async () => {
    const text = execFileSync("df", ["-P", path], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], LC_ALL: "C" },
    });
    const theirs = Number(/(\d+)% /.exec(text)?.[1] ?? Number.NaN);
    return { ours: figuresOf(await read(path), undefined, NO_FIGURES).disk_pct, theirs };
  };
}

function mountSmall(): string {
  const directory = mkdtempSync(join(tmpdir(), "barnacle-disk-"));
  undo.push(() => rmSync(directory, { recursive: true, force: true }));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", directory], { stdio: "ignore" });
  undo.push(() => execFileSync("umount", [directory]));
  return directory;
}

/** Whether this user may mount a file system to fill: found out by doing so. */
const mayMount = ((): boolean => {
  try {
    mountSmall();
    return true;
  } catch {
    return false;
  } finally {
    undoAll();
  }
})();

describe.skipIf(lacksCommands)("figures within one point", () => {
  test("of top as the host is", TIMEOUT, async () => {
    await expectAgreement(processorBesideTop);
  });

  test("of top and free under load", TIMEOUT, async () => {
    makeLoad();
    const busy = await expectAgreement(processorBesideTop);
    expect(busy).toBeGreaterThan(90);
    const held = new Uint8Array(256 * MIB).fill(1);
    await expectAgreement(besideFree("Mem"));
    expect(held[held.length - 1]).toBe(1);
  });

  test("of free and df as the host is", TIMEOUT, async () => {
    await expectAgreement(besideFree("Mem"));
    await expectAgreement(besideFree("Swap"));
    await expectAgreement(besideDf("/"));
  });

  test.skipIf(!mayMount)(
    "of df with a disk that is half full, and full (for users that may mount one)",
    TIMEOUT,
    async () => {
      const directory = mountSmall();
      writeFileSync(join(directory, "half"), new Uint8Array(4 * MIB));
      await expectAgreement(besideDf(directory));
      try {
        writeFileSync(join(directory, "rest"), new Uint8Array(8 * MIB));
      } catch (error) {
        expect((error as { readonly code?: string }).code).toBe("ENOSPC");
      }
      expect(await expectAgreement(besideDf(directory))).toBe(100);
    },
  );
});
