/** Hunts: a task that package.json has and deno.json lacks, or the other way round; two configurations that drift apart. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./sources.ts";

function readJson(name: string): Record<string, Record<string, unknown>> {
  return JSON.parse(readFileSync(join(ROOT, name), "utf8"));
}

/** What only Deno can do has no counterpart among npm's scripts. */
const DENO_ONLY = ["compile"];

test("deno.json and package.json have the same tasks", () => {
  const npm = Object.keys(readJson("package.json")["scripts"] ?? {}).sort();
  const deno = Object.keys(readJson("deno.json")["tasks"] ?? {}).filter((task) => !DENO_ONLY.includes(task)).sort();
  expect(deno).toEqual(npm);
});

test("the closed-network configuration differs from deno.json by its link and its own name only", () => {
  const open = readJson("deno.json");
  const closed = readJson(".deno-closed.json");
  expect(closed["imports"]).toEqual(open["imports"]);
  expect(closed["nodeModulesDir"]).toEqual(open["nodeModulesDir"]);
  expect(closed["tasks"]).toEqual({
    start: String(open["tasks"]?.["start"]).replace("deno run", "deno run --config .deno-closed.json"),
  });
});

test("runtimes and packages are pinned exactly", () => {
  const manifest = readJson("package.json");
  const versions = Object.entries({ ...manifest["dependencies"], ...manifest["devDependencies"] });
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)))).toEqual([]);
});
