/** Hunts: an old Monitor's configuration that is misread, wins over ours, leaks its key, or stops us by what is its own business. */
import { describe, expect, test } from "vitest";
import { errorOf, everythingShownBy, load } from "./support/load.ts";

const PATH = "/etc/harborforge-monitor/config.json";
const KEY = "the-key-of-the-backend";
const FILE = {
  backendUrl: "https://hf.example.com",
  identifier: "vps.t1",
  apiKey: KEY,
  reportIntervalSec: 60,
  logLevel: "WARNING",
  rootFs: "/host",
  monitorPort: 9110,
};

function loadFrom(file: unknown, environment: Readonly<Record<string, string>> = {}) {
  const text = typeof file === "string" ? file : JSON.stringify(file);
  return load({
    contents: { [PATH]: text },
    environment: { BARNACLE_MONITOR_CONFIG_FILE: PATH, ...environment },
  });
}

describe("HarborForge's own configuration file", () => {
  test("gives all its keys, each with its place", async () => {
    const { config, origins, secrets } = await loadFrom(FILE);
    expect(config.monitor).toMatchObject({
      backendUrl: "https://hf.example.com",
      identifier: "vps.t1",
      reportIntervalSec: 60,
      rootFs: "/host",
      port: 9_110,
      allowPlainHttp: false,
    });
    expect(config.monitor.apiKey?.reveal()).toBe(KEY);
    expect(config.log.level).toBe("warn");
    expect(origins.get("monitor.backendUrl")).toEqual({ kind: "file", path: PATH, line: 1, column: 15 });
    expect(secrets).toHaveLength(1);
  });

  test("is weaker than the environment and our own file", async () => {
    const { config } = await load({
      contents: {
        [PATH]: JSON.stringify(FILE),
        "/work/barnacle.json": JSON.stringify({ monitor: { configFile: PATH, identifier: "ours" } }),
      },
      environment: { MONITOR_PORT: "9120", HF_MONITER_API_KEY: "another-key-of-ours" },
    });
    expect(config.monitor).toMatchObject({ identifier: "ours", port: 9_120, reportIntervalSec: 60 });
    expect(config.monitor.apiKey?.reveal()).toBe("another-key-of-ours");
  });

  test("may hold more, and takes empty text and 0 for not set", async () => {
    const { config } = await loadFrom({ ...FILE, identifier: "", reportIntervalSec: 0, monitorPort: 0, gpu: true });
    expect(config.monitor.identifier).toBeUndefined();
    expect(config.monitor).toMatchObject({ reportIntervalSec: 30, port: 9_100 });
  });

  test("may name plain http, which is said, and which we can forbid", async () => {
    const plain = { ...FILE, backendUrl: "http://hf.internal:8000" };
    const { config, warnings } = await loadFrom(plain);
    expect(config.monitor.backendUrl).toBe("http://hf.internal:8000");
    expect(warnings).toEqual([expect.stringContaining("monitor.backendUrl is plain http")]);
    const forbidden = loadFrom(plain, { BARNACLE_MONITOR_ALLOW_PLAIN_HTTP: "false" });
    expect((await errorOf(forbidden)).message).toContain("wanted https");
    expect((await loadFrom({ ...FILE, backendUrl: "http://127.0.0.1:8000" })).warnings).toEqual([]);
  });

  test.each([
    ["no JSON", "{", "got no JSON object"],
    ["a list", "[]", "got no JSON object"],
    ["beyond reason", "[".repeat(200_000), "got no JSON object"],
    ["a port that is none", { ...FILE, monitorPort: 70_000 }, "monitor.port: got 70000"],
    ["a key that is no text", { ...FILE, apiKey: { nested: KEY } }, "monitor.apiKey"],
    ["a level nobody knows", { ...FILE, logLevel: "loud" }, "log.level"],
  ])("is refused with its place when it is %s", async (_what, file, words) => {
    const error = await errorOf(loadFrom(file));
    expect(error.message).toContain(words);
    expect(error.message).toContain(PATH);
    expect(everythingShownBy(error)).not.toContain(KEY);
  });

  test("is refused when it is not there", async () => {
    const error = await errorOf(load({ flags: { "monitor.configFile": "none.json" } }));
    expect(error.message).toContain('monitor.configFile: got "/work/none.json", which is not there');
  });
});
