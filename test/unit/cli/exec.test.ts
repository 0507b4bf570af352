/**
 * Hunts: a job that an agent can fail or hold up, a lost exit code or signal, a job that counts as active after its
 * end.
 */
import { describe, expect, test } from "vitest";
import { BarnacleError } from "../../../src/errors.ts";
import { json } from "./support/answers.ts";
import { FakeChild } from "./support/fake-runtime.ts";
import { Bench, until } from "./support/run.ts";

interface RunningJob {
  readonly bench: Bench;
  readonly child: FakeChild;
  readonly done: Promise<number>;
}

async function startJob(words: readonly string[], prepare: (bench: Bench) => void = () => {}): Promise<RunningJob> {
  const bench = new Bench();
  const child = new FakeChild();
  bench.runtime.process.child = child;
  bench.runtime.answer = () => json({ accepted: true, reporter: "w", holds_for_seconds: 60 });
  prepare(bench);
  const done = bench.run(...words);
  await until(() => bench.runtime.process.spawned.length > 0);
  return { bench, child, done };
}

const bodies = (bench: Bench) => bench.runtime.requests.map(({ body }) => body);

describe("exec", () => {
  test("runs the job with its own arguments, flags and all", async () => {
    const { bench, child, done } = await startJob(["--dir", "/data", "exec", "--", "make", "-j4", "--", "--dir", "x"]);
    child.end({ code: 0 });
    expect(await done).toBe(0);
    expect(bench.runtime.process.spawned).toEqual([["make", "-j4", "--", "--dir", "x"]]);
  });

  test("reports the job active while it runs, renews every 20 s, and reports its success", async () => {
    const { bench, child, done } = await startJob(["exec", "--reporter", "nightly", "--", "backup"]);
    await until(() => bench.runtime.requests.length === 1);
    const active = { reporter: "nightly", active_tasks: 1, holds_for_seconds: 60 };
    await bench.runtime.clock.advance(19_999);
    expect(bodies(bench)).toEqual([active]);
    await bench.runtime.clock.advance(1);
    await until(() => bench.runtime.requests.length === 2);
    await bench.runtime.clock.advance(20_000);
    await until(() => bench.runtime.requests.length === 3);
    child.end({ code: 0 });
    expect(await done).toBe(0);
    const last = { reporter: "nightly", active_tasks: 0, succeeded: 1, leaving: true };
    expect(bodies(bench)).toEqual([active, active, active, last]);
    expect(bench.runtime.clock.pendingCount).toBe(0);
  });

  test("names a job after its command and process", async () => {
    const { bench, child, done } = await startJob(["exec", "--", "/usr/bin/ba\x07ckup"]);
    child.end({ code: 0 });
    await done;
    expect(bodies(bench)[0]).toEqual({ reporter: "ba?ckup:777", active_tasks: 1, holds_for_seconds: 60 });
  });

  test("passes the exit code on and reports a failure", async () => {
    const { bench, child, done } = await startJob(["exec", "--", "backup"]);
    child.end({ code: 42 });
    expect(await done).toBe(42);
    expect(bodies(bench).at(-1)).toEqual({ reporter: "backup:777", active_tasks: 0, failed: 1, leaving: true });
  });

  test("passes a death by signal on as 128 and the signal's number", async () => {
    const { child, done } = await startJob(["exec", "--", "backup"]);
    child.end({ signal: "SIGKILL" });
    expect(await done).toBe(137);
  });

  test("forwards signals and waits for the job all the same", async () => {
    const { bench, child, done } = await startJob(["exec", "--", "backup"]);
    await until(() => bench.runtime.requests.length === 1);
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      expect(bench.runtime.process.raise(signal)).toBe(true);
    }
    expect(child.signals).toEqual(["SIGTERM", "SIGINT", "SIGHUP"]);
    child.end({ signal: "SIGTERM" });
    expect(await done).toBe(143);
    expect(bench.runtime.process.raise("SIGTERM")).toBe(false);
  });

  test("leaves SIGINT to the terminal when there is one, and outlives it", async () => {
    const { bench, child, done } = await startJob(["exec", "--", "backup"], (made) => {
      made.runtime.process.stderr.isTerminal = true;
    });
    await until(() => bench.runtime.requests.length === 1);
    expect(bench.runtime.process.raise("SIGINT")).toBe(true);
    expect(child.signals).toEqual([]);
    child.end({ signal: "SIGINT" });
    expect(await done).toBe(130);
  });

  test("runs the job without an agent, with one warning", async () => {
    const { bench, child, done } = await startJob(["exec", "--", "backup"], (made) => {
      made.runtime.answer = (request) =>
        new BarnacleError({ code: "CONNECTION_REFUSED", action: `Fetch ${request.url}` });
    });
    await until(() => bench.runtime.requests.length === 1);
    await bench.runtime.clock.advance(20_000);
    await until(() => bench.runtime.requests.length === 2);
    child.end({ code: 7 });
    expect(await done).toBe(7);
    expect(bench.errors.match(/warning/g)?.length).toBe(1);
    expect(bench.errors).toContain("barnacle: warning: The job runs unreported: Ask http://127.0.0.1:7410/report");
  });

  test("runs the job with a broken configuration, with one warning", async () => {
    const { bench, child, done } = await startJob(["exec", "--", "backup"], (made) => {
      made.runtime.files.put("/work/barnacle.json", "{");
    });
    child.end({ code: 0 });
    expect(await done).toBe(0);
    expect(bench.errors.match(/warning/g)?.length).toBe(1);
  });

  test("holds the end of a job up for at most the time-outs of two reports when the agent hangs", async () => {
    const { bench, child, done } = await startJob(["exec", "--", "backup"], (made) => {
      made.runtime.answer = () => new Promise(() => {});
    });
    await until(() => bench.runtime.requests.length === 1);
    child.end({ code: 0 });
    await bench.runtime.clock.advance(2_000);
    await until(() => bench.runtime.requests.length === 2);
    await bench.runtime.clock.advance(2_000);
    expect(await done).toBe(0);
  });

  test("gives 127 for a missing command and 126 for one that cannot be run, and reports neither", async () => {
    const missing = new Bench();
    expect(await missing.run("exec", "--", "nothing")).toBe(127);
    expect(missing.errors).toContain("hint: check the name");
    const forbidden = new Bench();
    forbidden.runtime.process.spawnError = new BarnacleError({ code: "PERMISSION_DENIED", action: "Start it" });
    expect(await forbidden.run("exec", "--", "/etc/passwd")).toBe(126);
    expect([...missing.runtime.requests, ...forbidden.runtime.requests]).toEqual([]);
  });

  test("wants -- before the job, so that none of its flags is taken for ours", async () => {
    for (
      const words of [["exec", "make"], ["exec", "make", "--", "all"], ["exec", "--"], ["exec"], ["exec", "--", ""]]
    ) {
      const bench = new Bench();
      expect(await bench.run(...words)).toBe(2);
      expect(bench.runtime.process.spawned).toEqual([]);
    }
  });
});
