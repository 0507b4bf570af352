/** Hunts: a version that scripts cannot read, licences that are missing from the binary's words. */
import { describe, expect, test } from "vitest";
import { VERSION } from "../../../src/version.ts";
import { Bench } from "./support/run.ts";

describe("version", () => {
  test("prints the version alone, by either name", async () => {
    for (const words of [["version"], ["--version"], ["--dir", "/data", "version"]]) {
      const bench = new Bench();
      expect(await bench.run(...words)).toBe(0);
      expect(bench.output).toBe(`${VERSION}\n`);
    }
  });

  test("adds commit, target, runtime and licences with --verbose", async () => {
    const bench = new Bench();
    bench.licences = "hono 4 (MIT)";
    expect(await bench.run("version", "--verbose")).toBe(0);
    for (const text of [VERSION, "commit", "target", "sim 1.2.3", "linux x64", "hono 4 (MIT)"]) {
      expect(bench.output).toContain(text);
    }
  });

  test("says where licences are when run from sources", async () => {
    const bench = new Bench();
    await bench.run("version", "--verbose");
    expect(bench.output).toContain("Licences: ");
  });
});
