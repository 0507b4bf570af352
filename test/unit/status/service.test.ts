/** Hunts: parts that are right alone and wrong together. Rows of "Local health" and "To be asked". */
import { describe, expect, test } from "vitest";
import { capabilitiesAnswer, reportAnswer, statusAnswer, workReport } from "../../../src/contract/mod.ts";
import type { WorkReport } from "../../../src/contract/mod.ts";
import { VERSION } from "../../../src/version.ts";
import {
  accepted,
  agent,
  KEY,
  makeStatusBench,
  MINUTE_MS,
  plain,
  REGISTRATION_PATH,
  SECOND_MS,
  stop,
} from "./support.ts";

const AGENTS = [agent("b", { capabilities: ["transcribe"], slots: 2, version: "1.2.3" }), agent("a", { paused: true })];

describe("Local health, and where it comes from", () => {
  test("POST /report takes absolute numbers, and says how long they hold", async () => {
    const bench = makeStatusBench({ agents: AGENTS });
    await bench.start();
    const answer = await bench.ask("/report", { reporter: "w", active_tasks: 2, queue_length: 7 });
    expect(answer).toEqual({ accepted: true, reporter: "w", holds_for_seconds: 90 });
    expect(reportAnswer.safeParse(answer).success).toBe(true);
    expect(await bench.ask("/status")).toMatchObject({
      status: "Busy",
      active_jobs: 2,
      details: { capacity: { concurrent_tasks: 2, active_tasks: 2, queue_length: 7 }, availability: "busy" },
    });
  });

  test("POST /report takes finished work", async () => {
    const bench = makeStatusBench();
    await bench.start();
    expect(await bench.ask("/report", { reporter: "w", succeeded: 3, failed: 1 })).toMatchObject({
      holds_for_seconds: null,
    });
    expect(bench.sample('barnacle_task_results_total{result="succeeded"}')).toBe(3);
    expect(bench.sample('barnacle_task_results_total{result="failed"}')).toBe(1);
    await bench.clock.advance(42 * SECOND_MS);
    expect(bench.service.document().health.details).toEqual({ last_task_success_seconds: 42 });
  });

  test("exec: a job is active while it runs, then its outcome counts and its numbers are gone", async () => {
    const bench = makeStatusBench({ agents: [agent("a")] });
    await bench.start();
    const job: WorkReport = { reporter: "exec:1", active_tasks: 1, holds_for_seconds: 60 };
    for (let renewal = 0; renewal < 10; renewal++) {
      bench.service.accept(job);
      await bench.clock.advance(20 * SECOND_MS);
      expect(await bench.ask("/status")).toMatchObject({ status: "Busy", active_jobs: 1 });
    }
    bench.service.accept({ reporter: "exec:1", failed: 1, leaving: true });
    expect(await bench.ask("/status")).toMatchObject({ status: "Available", active_jobs: 0 });
    expect(bench.sample('barnacle_task_results_total{result="failed"}')).toBe(1);
    await bench.clock.advance(10 * MINUTE_MS);
    expect(await bench.ask("/status")).toMatchObject({ status: "Available" });
  });

  test("the registration: re-read when it changes, published soon; a broken edit keeps the last good one and says so", async () => {
    const bench = makeStatusBench({ agents: AGENTS });
    await bench.start();
    expect(bench.receiver.last.document.capabilities).toEqual(["transcribe"]);
    bench.files.put(REGISTRATION_PATH, JSON.stringify({ agents: [agent("painter", { capabilities: ["paint"] })] }));
    await bench.clock.advance(3 * SECOND_MS);
    expect(bench.receiver.last.document).toMatchObject({ capabilities: ["paint"], capacity: { concurrent_tasks: 1 } });
    bench.files.put(REGISTRATION_PATH, '{"agents": [{"name": 7}]}');
    await bench.clock.advance(3 * SECOND_MS);
    expect(bench.log.named("registration_invalid")).toHaveLength(1);
    expect(bench.receiver.last.document).toMatchObject({
      capabilities: ["paint"],
      health: { status: "healthy", details: { registration: "last_good_kept" } },
    });
  });

  test.each<[string, WorkReport[], string]>([
    ["error rate", [{ reporter: "w", failed: 3, succeeded: 2 }], "error_rate"],
    ["silent reporter", [{ reporter: "w", active_tasks: 0, holds_for_seconds: 5 }], "reporter_silent"],
    ["queue", [{ reporter: "w", queue_length: 3, holds_for_seconds: 3_600 }], "queue_over_capacity"],
  ])("degraded by the %s: the details say which rule fired", async (_what, reports, rule) => {
    const bench = makeStatusBench({ agents: AGENTS });
    await bench.start();
    for (const report of reports) bench.service.accept(report);
    await bench.clock.advance(3 * MINUTE_MS);
    expect(bench.receiver.last.document.health).toMatchObject({ status: "degraded", details: { rules: [rule] } });
    expect(await bench.ask("/status")).toMatchObject({ status: "Degraded", explanation: [{ rule }] });
    expect(bench.log.named("status_changed")[0]?.fields).toMatchObject({ health: "degraded" });
  });

  test("a script that reports once does not degrade the host, and an exec that was killed does for ten minutes", async () => {
    const bench = makeStatusBench();
    await bench.start();
    bench.service.accept({ reporter: "script", active_tasks: 1 });
    await bench.clock.advance(5 * MINUTE_MS);
    expect(bench.log.named("status_changed")).toEqual([]);
    bench.service.accept({ reporter: "exec:1", active_tasks: 1, holds_for_seconds: 60 });
    await bench.clock.advance(2 * MINUTE_MS);
    expect(bench.service.document().health.status).toBe("degraded");
    await bench.clock.advance(11.5 * MINUTE_MS);
    expect(bench.service.document().health.status).toBe("healthy");
  });

  test("an agent that must report and does not degrades", async () => {
    const bench = makeStatusBench({ agents: [agent("worker", { report_within_seconds: 60 })] });
    await bench.start();
    await bench.clock.advance(58 * SECOND_MS);
    expect(bench.service.document().health.status).toBe("healthy");
    await bench.clock.advance(8 * SECOND_MS);
    expect(bench.service.document().health.status).toBe("degraded");
    expect(JSON.stringify(await bench.ask("/status"))).toContain("worker");
    expect(JSON.stringify(bench.service.document().health)).not.toContain("worker");
  });

  test("degraded by a part of the agent that fails, and left after the recovery time", async () => {
    const bench = makeStatusBench();
    let ok = true;
    bench.service.addCheck("inbox", () => ({ ok, message: "cannot write /home/me/inbox" }));
    await bench.start();
    ok = false;
    await bench.clock.advance(32 * SECOND_MS);
    const { health } = bench.receiver.last.document;
    expect(health).toMatchObject({
      status: "degraded",
      details: { rules: ["part_failing"], failing_parts: ["inbox"] },
    });
    expect(JSON.stringify(bench.receiver.documents)).not.toContain("/home");
    ok = true;
    await bench.clock.advance(110 * SECOND_MS);
    expect(bench.receiver.last.document.health.status).toBe("degraded");
    await bench.clock.advance(25 * SECOND_MS);
    expect(bench.receiver.last.document.health.status).toBe("healthy");
  });

  test("a check that throws has failed, and takes no other with it", async () => {
    const bench = makeStatusBench();
    bench.service.addCheck("broken", () => {
      throw new Error("oops");
    });
    bench.service.addCheck("fine", () => ({ ok: true }));
    await bench.start();
    expect(bench.service.document().health.details).toMatchObject({ failing_parts: ["broken"] });
    expect(() => bench.service.addCheck("fine", () => ({ ok: true }))).toThrow();
  });

  test("degraded by a receiver unreachable for long, which nobody but this host can know until it is back", async () => {
    const bench = makeStatusBench();
    await bench.start();
    bench.receiver.behave = () => new Response("", { status: 503 });
    await bench.clock.advance(9 * MINUTE_MS);
    expect(await bench.ask("/status")).toMatchObject({ status: "Available", publishing: { state: "failing" } });
    await bench.clock.advance(2 * MINUTE_MS);
    expect(await bench.ask("/status")).toMatchObject({
      status: "Degraded",
      details: { health: { details: { failing_parts: ["receiver"] } } },
    });
    expect(Object.values(bench.service.readinessChecks()).every((check) => check().ok)).toBe(true);
  });

  test.each([[61_000, "degraded"], [-61_000, "degraded"], [30_000, "healthy"]])(
    "a clock %i ms from the receiver's: %s",
    async (offMs, status) => {
      const bench = makeStatusBench();
      bench.receiver.behave = () => {
        const date = new Date(bench.clock.wallMs() + offMs).toUTCString();
        return new Response("{}", { status: 202, headers: { date } });
      };
      await bench.start();
      await bench.clock.advance(10 * SECOND_MS);
      expect(bench.service.document().health.status).toBe(status);
    },
  );
});

describe("To be asked", () => {
  test("GET /status: the four fields, and beside them the full document, the publisher and the loop", async () => {
    const bench = makeStatusBench({ agents: AGENTS });
    await bench.start();
    const answer = await bench.ask("/status");
    expect(statusAnswer.safeParse(answer).success).toBe(true);
    expect(answer).toMatchObject({
      agent_name: "Chimera",
      status: "Available",
      active_jobs: 0,
      timestamp: "2026-02-06T12:00:01.000Z",
      details: { service_name: "project-chimera", timestamp: "2026-02-06T12:00:01.000Z", uptime_seconds: 1 },
      publishing: {
        state: "published",
        endpoint: "https://receiver.example/openclaw/status",
        last_success: "2026-02-06T12:00:00.200Z",
        consecutive_failures: 0,
        last_error: null,
      },
    });
    const tasks = answer["tasks"] as { name: string }[];
    expect(tasks.map(({ name }) => name).sort()).toEqual(["health", "publish", "registration"]);
  });

  test("GET /status tells why publishing fails, and when it is tried again", async () => {
    const bench = makeStatusBench();
    bench.receiver.behave = () => new Response("", { status: 401 });
    await bench.start();
    const answer = await bench.ask("/status");
    expect(statusAnswer.safeParse(answer).success).toBe(true);
    expect(answer["publishing"]).toMatchObject({
      state: "failing",
      last_success: null,
      next_attempt: "2026-02-06T12:05:00.200Z",
      consecutive_failures: 1,
      last_error: { code: "UNAUTHORIZED", hint: expect.stringMatching(/OPENCLAW_API_KEY/) },
    });
    expect(JSON.stringify(answer)).not.toContain(KEY);
  });

  test("GET /status without a receiver says that publishing is off", async () => {
    const bench = makeStatusBench({ isPublishing: false });
    await bench.start();
    const answer = await bench.ask("/status");
    expect(statusAnswer.safeParse(answer).success).toBe(true);
    expect(answer["publishing"]).toMatchObject({ state: "off", endpoint: null, next_attempt: null });
    expect(bench.receiver.received).toEqual([]);
  });

  test("GET /status before the start answers too", async () => {
    const bench = makeStatusBench();
    expect(await bench.ask("/status")).toMatchObject({ status: "Available", publishing: { state: "waiting" } });
  });

  test("GET /readyz says no, and why, until the registration is read", async () => {
    const bench = makeStatusBench({ agents: AGENTS });
    const lifecycle = bench.service.readinessChecks()["lifecycle"];
    expect(lifecycle?.()).toEqual({ ok: false, message: "starting" });
    const started = bench.service.start();
    expect(lifecycle?.()).toEqual({ ok: false, message: "starting" });
    await started;
    expect(lifecycle?.()).toEqual({ ok: true });
  });

  test("a service told to drain while it starts is draining once it has started", async () => {
    const bench = makeStatusBench({ agents: AGENTS });
    const started = bench.service.start();
    bench.service.drain();
    await started;
    expect(bench.service.readinessChecks()["lifecycle"]?.()).toEqual({ ok: false, message: "draining" });
    expect(await bench.ask("/status")).toMatchObject({ status: "Draining" });
  });

  test("GET /status is never older than a report, and its time goes on", async () => {
    const bench = makeStatusBench();
    await bench.start();
    const first = await bench.ask("/status");
    expect(await bench.ask("/status")).toEqual(first);
    bench.service.accept({ reporter: "w", active_tasks: 1 });
    expect(await bench.ask("/status")).toMatchObject({ active_jobs: 1 });
    await bench.clock.advance(10);
    expect((await bench.ask("/status"))["timestamp"]).toBe("2026-02-06T12:00:01.010Z");
  });

  test.each<[string, WorkReport | undefined, string]>([
    ["idle", undefined, "Available"],
    ["full", { reporter: "w", active_tasks: 2 }, "Busy"],
    ["ill", { reporter: "w", failed: 9 }, "Degraded"],
  ])("status of a host that is %s: %j gives %s", async (_how, report, word) => {
    const bench = makeStatusBench({ agents: AGENTS });
    await bench.start();
    if (report !== undefined) bench.service.accept(report);
    expect((await bench.ask("/status"))["status"]).toBe(word);
  });

  test("status is Draining from the first moment of the stop, and Offline at its end", async () => {
    const bench = makeStatusBench();
    await bench.start();
    bench.service.drain();
    bench.service.drain();
    expect((await bench.ask("/status"))["status"]).toBe("Draining");
    const readiness = bench.service.readinessChecks();
    expect(readiness["lifecycle"]?.()).toEqual({ ok: false, message: "draining" });
    await stop(bench);
    bench.service.drain();
    expect((await bench.ask("/status"))["status"]).toBe("Offline");
    expect(bench.receiver.documents.map(({ health }) => health.status)).toEqual(["healthy", "draining", "offline"]);
  });

  test("GET /capabilities: names, versions, capabilities, per agent its capabilities and slots, capacity now", async () => {
    const bench = makeStatusBench({ agents: AGENTS });
    await bench.start();
    bench.service.accept({ reporter: "w", active_tasks: 1, queue_length: 2 });
    const answer = await bench.ask("/capabilities");
    expect(capabilitiesAnswer.safeParse(answer).success).toBe(true);
    expect(answer).toEqual({
      agent_name: "Chimera",
      service_name: "project-chimera",
      version: "0.4.2",
      schema_version: "1.0.0",
      barnacle_version: VERSION,
      capabilities: ["transcribe"],
      agents: [
        { name: "b", version: "1.2.3", capabilities: ["transcribe"], slots: 2, paused: false },
        { name: "a", capabilities: [], slots: 1, paused: true },
      ],
      capacity: { concurrent_tasks: 2, active_tasks: 1, queue_length: 2 },
      availability: "available",
    });
  });

  test("GET /capabilities names an agent's capabilities once, sorted", async () => {
    const bench = makeStatusBench({ agents: [agent("a", { capabilities: ["paint", "draw", "paint"] })] });
    await bench.start();
    expect(await bench.ask("/capabilities")).toMatchObject({
      capabilities: ["draw", "paint"],
      agents: [{ name: "a", capabilities: ["draw", "paint"] }],
    });
  });

  test("POST /report names the field that is wrong", () => {
    const result = workReport.safeParse({ reporter: "a", active_tasks: "many" });
    expect(result.error?.issues[0]?.path).toEqual(["active_tasks"]);
  });

  test("every route wants a token where the listener has one, and bounds its body", () => {
    const { routes } = makeStatusBench().service;
    expect(routes.map(({ method, path, access }) => `${method} ${path} ${access}`)).toEqual([
      "GET /status token",
      "GET /capabilities token",
      "POST /report token",
    ]);
    expect(routes[2]?.body?.bytesMax).toBe(16_384);
  });

  test("GET /metrics: the work and the status, by conventional names", async () => {
    const bench = makeStatusBench({ agents: AGENTS });
    await bench.start();
    bench.service.accept({ reporter: "w", active_tasks: 2, queue_length: 5 });
    expect(bench.sample("barnacle_active_tasks")).toBe(2);
    expect(bench.sample("barnacle_queue_length")).toBe(5);
    expect(bench.sample("barnacle_task_slots")).toBe(2);
    expect(bench.sample("barnacle_registered_agents")).toBe(2);
    expect(bench.sample("barnacle_silent_reporters")).toBe(0);
    expect(bench.sample('barnacle_health_status{status="healthy"}')).toBe(1);
    expect(bench.sample('barnacle_health_status{status="degraded"}')).toBe(0);
    expect(bench.sample('barnacle_availability{availability="busy"}')).toBe(1);
    expect(bench.sample("barnacle_publish_last_success_timestamp_seconds")).toBe(1770379200.2);
  });
});

test("start twice is start once, and a stopped loop has nothing left to fire", async () => {
  const bench = makeStatusBench({ agents: AGENTS });
  await bench.service.start();
  await bench.start();
  await stop(bench);
  expect(bench.receiver.documents.map(({ health }) => health.status)).toEqual(["healthy", "draining", "offline"]);
  expect(bench.clock.pendingCount).toBe(0);
  expect(bench.files.watchCount).toBe(0);
});

describe("who watches is told", () => {
  test("of each publication that was taken, and of none that was not", async () => {
    let published = 0;
    const bench = makeStatusBench({ onPublished: () => void published++ });
    await bench.start();
    expect(published).toBe(1);
    bench.receiver.behave = plain(503);
    await bench.clock.advance(2 * MINUTE_MS);
    expect(published).toBe(1);
    bench.receiver.behave = accepted;
    await bench.clock.advance(10 * MINUTE_MS);
    expect(published).toBeGreaterThan(10);
    expect(bench.receiver.received.length).toBeGreaterThan(published);
  });

  test("when the service becomes degraded, once each time, also where nothing is published", async () => {
    let degraded = 0;
    const bench = makeStatusBench({ isPublishing: false, onDegraded: () => void degraded++ });
    await bench.start();
    bench.service.accept({ reporter: "w", failed: 10 });
    await bench.clock.advance(MINUTE_MS);
    expect(degraded).toBe(1);
    await bench.clock.advance(10 * MINUTE_MS);
    expect(bench.service.document().health.status).toBe("healthy");
    bench.service.accept({ reporter: "w", failed: 10 });
    expect(degraded).toBe(2);
  });
});
