/** Hunts: a secret that is shown, an origin that is wrong, a broken configuration that passes. */
import { describe, expect, test } from "vitest";
import { Bench } from "./support/run.ts";

describe("config check", () => {
  test("says ok and names the file", async () => {
    const bench = new Bench();
    bench.runtime.files.put("/work/barnacle.json", "{}");
    expect(await bench.run("config", "check")).toBe(0);
    expect(bench.output).toBe("configuration ok (/work/barnacle.json)\n");
  });

  test("shows warnings", async () => {
    const bench = new Bench();
    bench.runtime.process.environment = { OPENCLAW_BASE_URLL: "https://claw.example" };
    expect(await bench.run("config", "check")).toBe(0);
    expect(bench.output).toContain("warning: environment OPENCLAW_BASE_URLL is not read");
  });

  test("gives 2 with the path, the value and what was wanted", async () => {
    const bench = new Bench();
    bench.runtime.files.put("/work/barnacle.json", '{"log": {"level": "loud"}}');
    expect(await bench.run("config", "check")).toBe(2);
    for (const text of ["log.level", '"loud"', "barnacle.json:1:"]) expect(bench.errors).toContain(text);
  });

  test("tells every problem, each on a line, and as JSON with --log json", async () => {
    const broken = '{"log": {"level": "loud"}, "nothing": 1}';
    const [text, asJson] = [new Bench(), new Bench()];
    text.runtime.files.put("/work/barnacle.json", broken);
    asJson.runtime.files.put("/work/barnacle.json", broken);
    expect(await text.run("config", "check")).toBe(2);
    expect(text.errors.split("\n").filter((line) => line.startsWith("  ")).length).toBe(2);
    expect(await asJson.run("config", "check", "--log", "json")).toBe(2);
    expect(JSON.parse(asJson.errors).problems.length).toBe(2);
  });
});

describe("config show", () => {
  const environment = { OPENCLAW_API_KEY: "correct-horse-battery", BARNACLE_LOG_LEVEL: "warn" };

  test("shows values with their origins and masks secrets", async () => {
    const bench = new Bench();
    bench.runtime.process.environment = environment;
    expect(await bench.run("config", "show", "--log", "text")).toBe(0);
    expect(bench.output).toMatch(/openclaw\.apiKey +\[secret\] +environment OPENCLAW_API_KEY/);
    expect(bench.output).toMatch(/log\.level +warn +environment BARNACLE_LOG_LEVEL/);
    expect(bench.output).toMatch(/log\.format +text +flag --log/);
    expect(bench.output).toMatch(/http\.listen +127\.0\.0\.1:7410 +default/);
    expect(bench.output.includes("horse")).toBe(false);
  });

  test("prints the same as JSON with --json", async () => {
    const bench = new Bench();
    bench.runtime.process.environment = environment;
    expect(await bench.run("config", "show", "--json")).toBe(0);
    const shown = JSON.parse(bench.output);
    expect(shown.settings["log.level"]).toEqual({ value: "warn", origin: "environment BARNACLE_LOG_LEVEL" });
    expect(shown.settings["openclaw.apiKey"].value).toBe("[secret]");
    expect(shown.settings["http.token"]).toEqual({ value: null, origin: "default" });
  });
});
