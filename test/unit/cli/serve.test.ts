/**
 * Hunts: a flag that does not reach the configuration, a signal that is lost during the start, a second one that is
 * ignored.
 */
import { describe, expect, test } from "vitest";
import { BarnacleError } from "../../../src/errors.ts";
import { Bench, until } from "./support/run.ts";

/** Runs until it is up, ends it by SIGTERM. */
async function runAndStop(bench: Bench, ...words: string[]): Promise<number> {
  const done = bench.run(...words);
  await until(() => bench.started.length > 0 || bench.errors !== "");
  bench.runtime.process.raise("SIGTERM");
  return await done;
}

describe("run", () => {
  test("starts the agent alone and stops it on SIGTERM with 0", async () => {
    const bench = new Bench();
    expect(await runAndStop(bench, "run")).toBe(0);
    const [host] = bench.started;
    expect([host?.parts, host?.stops]).toEqual([{ agent: true, hub: false }, ["SIGTERM"]]);
    expect(host?.loaded.config.http.listen).toBe("127.0.0.1:7410");
    expect(host?.loaded.directory).toBe("/work");
  });

  test("passes --http, --dir, --log and --log-level on", async () => {
    const bench = new Bench();
    await runAndStop(bench, "run", "--http", "127.0.0.1:0", "--dir", "/data", "--log", "json", "--log-level", "debug");
    const { config, directory } = bench.started[0]?.loaded ?? {};
    expect([config?.http.listen, config?.log.format, config?.log.level, directory]).toEqual([
      "127.0.0.1:0",
      "json",
      "debug",
      "/data",
    ]);
  });

  test("takes --dir before the command, relative to the current directory", async () => {
    const bench = new Bench();
    await runAndStop(bench, "--dir", "sub", "run");
    expect(bench.started[0]?.loaded.directory).toBe("/work/sub");
  });

  test("reads the file that --config names", async () => {
    const bench = new Bench();
    bench.runtime.files.put("/work/other.json", '{"service": {"name": "chimera"}}');
    await runAndStop(bench, "run", "--config", "other.json");
    expect(bench.started[0]?.loaded.config.service.name).toBe("chimera");
  });

  test("gives 2 and starts nothing when a flag's value is wrong, naming the flag", async () => {
    const bench = new Bench();
    expect(await bench.run("run", "--http", "nonsense")).toBe(2);
    expect(bench.started).toEqual([]);
    expect(bench.errors).toContain("flag --http");
    expect(await bench.run("run", "--log", "xml")).toBe(2);
    expect(await bench.run("run", "--log-level", "loud")).toBe(2);
  });

  test("gives 5 when the address or the directory is taken", async () => {
    for (const code of ["ADDRESS_IN_USE", "LOCK_HELD"] as const) {
      const bench = new Bench();
      bench.startError = new BarnacleError({ code, action: "Listen on 127.0.0.1:7410", hint: "choose another" });
      expect(await bench.run("run")).toBe(5);
      expect(bench.errors).toContain("barnacle: Listen on 127.0.0.1:7410");
      expect(bench.errors).toContain("hint: choose another\n");
      expect(bench.runtime.process.raise("SIGTERM")).toBe(false);
    }
  });

  test("stops what it started when the signal comes during the start", async () => {
    const bench = new Bench();
    const done = bench.run("run");
    await until(() => bench.runtime.process.raise("SIGINT"));
    expect(await done).toBe(0);
    expect(bench.started[0]?.stops).toEqual(["SIGINT"]);
  });

  test("ends at once with 130 on a second signal", async () => {
    const bench = new Bench();
    const done = bench.run("run");
    await until(() => bench.runtime.process.raise("SIGTERM"));
    bench.runtime.process.raise("SIGINT");
    expect(bench.runtime.process.exits).toEqual([130]);
    await done;
  });
});

describe("hub", () => {
  test("starts the hub alone, with --listen", async () => {
    const bench = new Bench();
    expect(await runAndStop(bench, "hub", "--listen", "127.0.0.1:0")).toBe(0);
    expect(bench.started[0]?.parts).toEqual({ agent: false, hub: true });
    expect(bench.started[0]?.loaded.config.hub.listen).toBe("127.0.0.1:0");
  });
});

describe("up", () => {
  test("starts both, with --http and --listen, and says nothing to whoever reads events", async () => {
    const bench = new Bench();
    await runAndStop(bench, "up", "--http", "127.0.0.1:1", "--listen", "127.0.0.1:2", "--log", "json");
    const [host] = bench.started;
    expect(host?.parts).toEqual({ agent: true, hub: true });
    expect([host?.loaded.config.http.listen, host?.loaded.config.hub.listen]).toEqual(["127.0.0.1:1", "127.0.0.1:2"]);
    expect(bench.output).toBe("");
  });

  test("takes the flags of mail as run does: what --listen names with tcp:// is the node's address", async () => {
    const bench = new Bench();
    const mail = [
      "--listen",
      "tcp://0.0.0.0:3",
      "--bootstrap",
      "tcp://203.0.113.10:9001",
      "--advertise",
      "tcp://a.example:4",
    ];
    await runAndStop(bench, "up", ...mail, "--listen", "127.0.0.1:2");
    const { hub, moltcomm } = bench.started[0]?.loaded.config ?? {};
    expect(hub?.listen).toBe("127.0.0.1:2");
    expect(moltcomm?.listen).toBe("tcp://0.0.0.0:3");
    expect([moltcomm?.bootstrap, moltcomm?.advertise]).toEqual([["tcp://203.0.113.10:9001"], ["tcp://a.example:4"]]);
  });

  test("refuses two addresses of one kind", async () => {
    const bench = new Bench();
    expect(await bench.run("up", "--listen", "127.0.0.1:1", "--listen", "127.0.0.1:2")).toBe(2);
    expect(bench.errors).toContain("one --listen HOST:PORT for the hub at most");
    expect(bench.started).toEqual([]);
  });

  test("says what to open or ask next, with the real ports", async () => {
    const bench = new Bench();
    bench.addresses = { agentAddress: { host: "0.0.0.0", port: 41 }, hubAddress: { host: "::1", port: 42 } };
    await runAndStop(bench, "up", "--dir", "/data");
    expect(bench.output).toContain("http://127.0.0.1:41/status");
    expect(bench.output).toContain("http://[::1]:42/v1/instances");
    expect(bench.output).toContain("barnacle status --dir /data --watch");
  });
});
