/**
 * Hunts: a key that is shown twice or kept readable, a revoked key that is still listed as good, a directory made by
 * merely looking.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRuntime } from "#runtime";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCommandLine } from "../../../src/cli/mod.ts";
import { FakeProcess } from "./support/fake-runtime.ts";

let directory: string;
beforeEach(() => directory = mkdtempSync(join(tmpdir(), "barnacle-keys-")));
afterEach(() => rmSync(directory, { recursive: true }));

/** Real files and database: what is tested is that the commands and the hub's table meet. */
async function run(...words: string[]): Promise<{ exit: number; output: string; errors: string }> {
  const process = new FakeProcess();
  const exit = await runCommandLine({
    runtime: { ...createRuntime(), process: process.asPort(["--dir", directory, "hub", "keys", ...words]) },
    startHost: () => Promise.reject(new Error("Start a host: this test has none")),
    licences: () => Promise.resolve(undefined),
    plugin: () => Promise.resolve(undefined),
  });
  return { exit, output: process.stdout.text, errors: process.stderr.text };
}

describe("hub keys", () => {
  test("add prints the key alone on standard output and keeps only its hash", async () => {
    const { exit, output, errors } = await run("add", "host-17");
    expect(exit).toBe(0);
    expect(output).toMatch(/^bk_[A-Za-z0-9_-]{43}\n$/);
    expect(errors).toContain("host-17");
    const database = ["hub.sqlite", "hub.sqlite-wal"].map((name) => join(directory, ".barnacle", name)).filter(
      existsSync,
    );
    for (const file of database) expect(readFileSync(file, "latin1").includes(output.trim())).toBe(false);
    expect((await run("list")).output.includes(output.trim())).toBe(false);
  });

  test("list shows names, makings and revocations", async () => {
    await run("add", "host-17");
    await run("add", "host-18");
    const revoked = await run("revoke", "host-17");
    expect([revoked.exit, revoked.output]).toEqual([0, expect.stringMatching(/^revoked [0-9a-f]+ \(host-17\)\n$/)]);
    const { keys } = JSON.parse((await run("list", "--json")).output);
    const rows = (keys as { name: string; revoked: string | null }[]).map((
      { name, revoked },
    ) => [name, revoked !== null]);
    expect(rows.sort(([left], [right]) => String(left).localeCompare(String(right)))).toEqual([["host-17", true], [
      "host-18",
      false,
    ]]);
    expect((await run("list")).output).toMatch(/host-18 +\d{4}-\d\d-\d\dT.*Z +-\n/);
  });

  test("list makes nothing where no hub ever ran", async () => {
    const { exit, output } = await run("list");
    expect([exit, output]).toEqual([0, "no keys: barnacle hub keys add NAME makes one\n"]);
    expect(existsSync(join(directory, ".barnacle"))).toBe(false);
  });

  test("revoke gives 1 for a key that is not there", async () => {
    expect((await run("revoke", "nobody")).exit).toBe(1);
    await run("add", "host-17");
    expect((await run("revoke", "nobody")).errors).toContain("hint: ");
  });

  test("add gives 2 for a name that is none", async () => {
    for (const name of ["", "a\nb", "anonymous"]) expect((await run("add", name)).exit).toBe(2);
    expect((await run("add")).exit).toBe(2);
  });
});
