/** Hunts: completions that propose what the parser refuses, or nothing where there is something. */
import { describe, expect, test } from "vitest";
import { Bench } from "./support/run.ts";

async function proposals(...line: string[]): Promise<string[]> {
  const bench = new Bench();
  expect(await bench.run("complete", "--", ...line)).toBe(0);
  return bench.output.split("\n").filter((row) => row !== "").map((row) => row.split("\t")[0] ?? "");
}

describe("complete", () => {
  test("proposes commands, but not the hidden one", async () => {
    const all = await proposals("");
    expect(all).toContain("run");
    expect(all).toContain("doctor");
    expect(all.includes("complete")).toBe(false);
    expect(await proposals("st")).toEqual(["status"]);
  });

  test("proposes commands of groups", async () => {
    expect(await proposals("hub", "keys", "re")).toEqual(["revoke"]);
    expect(await proposals("config", "")).toEqual(["check", "show"]);
    expect(await proposals("hub", "k")).toEqual(["keys"]);
  });

  test("proposes flags once one is begun", async () => {
    expect(await proposals("run", "--ht")).toEqual(["--http"]);
    expect(await proposals("report", "--holds")).toEqual(["--holds-for-seconds"]);
    expect(await proposals("run", "")).toEqual([]);
  });

  test("proposes the values that a flag or argument knows", async () => {
    expect(await proposals("run", "--log", "")).toEqual(["json", "text"]);
    expect(await proposals("run", "--log-level", "w")).toEqual(["warn"]);
    expect(await proposals("completions", "f")).toEqual(["fish"]);
  });

  test("sees through global flags before the command", async () => {
    expect(await proposals("--dir", "/data", "st")).toEqual(["status"]);
    expect(await proposals("--log=json", "st")).toEqual(["status"]);
    expect(await proposals("--di")).toEqual(["--dir"]);
  });

  test("leaves a job's command line and a file's name to the shell", async () => {
    expect(await proposals("exec", "--", "ma")).toEqual([]);
    expect(await proposals("exec", "--", "make", "--he")).toEqual([]);
    expect(await proposals("--dir", "/da")).toEqual([]);
    expect(await proposals()).toEqual([]);
  });

  test("proposes nothing for what is no command", async () => {
    expect(await proposals("nothing", "")).toEqual([]);
    expect(await proposals("constructor", "")).toEqual([]);
  });
});

describe("completions", () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    test(`prints a script for ${shell} that asks the program`, async () => {
      const bench = new Bench();
      expect(await bench.run("completions", shell)).toBe(0);
      expect(bench.output).toContain("complete --");
    });
  }

  test("is wrong usage for another shell", async () => {
    const bench = new Bench();
    expect(await bench.run("completions", "tcsh")).toBe(2);
    expect(bench.errors).toContain("bash, zsh, fish");
  });
});
