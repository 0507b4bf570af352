/**
 * The Monitor in a simulated world.
 *
 * Hunts: heartbeats that stop for good, come too often or not often enough, carry null or a stranger's key; a bridge that samples,
 * serves web pages or fights for its port; strange files of `/proc` that end it; two Monitors that nobody hears of.
 */
import { describe, expect, test } from "vitest";
import { heartbeat, monitorAnswer, telemetryAnswer } from "../../../src/contract/mod.ts";
import { INTERVAL_MS, KEY, type Line, PORT, Scene } from "./scene.ts";

const HOUR_MS = 3_600_000;
const OFFLINE_AFTER_MS = 7 * 60_000;
const PLAIN = "/monitor/server/heartbeat";
const SECOND = "/monitor/server/heartbeat-v2";
const PUSH = { version: "OpenClaw 2026.3.13 (61d171a)", plugin_version: "0.2.0", agents: [{ id: "a", more: [1] }] };

async function monitored(): Promise<{ scene: Scene; watched: Awaited<ReturnType<Scene["monitor"]>> }> {
  const scene = await new Scene().backend();
  return { scene, watched: await scene.monitor() };
}

/** The longest time without an attempt to report, until now. */
function longestGapMs(scene: Scene): number {
  const times = [...scene.arrivals.map(({ atMs }) => atMs), scene.world.clock.monotonicMs()];
  return Math.max(...times.slice(1).map((atMs, at) => atMs - (times[at] ?? 0)));
}

describe("a heartbeat", () => {
  test("leaves a second after the start, then every interval, with the key and the hardware fields alone", async () => {
    const { scene, watched } = await monitored();
    const startedMs = scene.world.clock.monotonicMs();
    await scene.world.run(10 * INTERVAL_MS);
    expect(scene.arrivals.length).toBeGreaterThanOrEqual(10);
    expect(scene.arrivals.length).toBeLessThanOrEqual(12);
    const [first] = scene.arrivals;
    expect((first?.atMs ?? 0) - startedMs).toBeLessThan(1_500);
    expect(first).toMatchObject({ path: PLAIN, key: KEY });
    expect(first?.heartbeat).toEqual({
      identifier: "vps.t1",
      cpu_pct: 10,
      mem_pct: 25,
      disk_pct: 0,
      swap_pct: 25,
      load_avg: [0.4, 0.3, 0.2],
      uptime_seconds: 3_601,
      nginx_installed: false,
      nginx_sites: [],
    });
    for (const arrival of scene.arrivals) expect(heartbeat.parse(arrival.heartbeat)).toEqual(arrival.heartbeat);
    expect(watched.answer.backend).toMatchObject({ state: "reported", consecutive_failures: 0 });
    expect(watched.metrics.render()).toContain(`barnacle_monitor_heartbeats_total{outcome="success"}`);
    expect(watched.said("heartbeat_failed")).toEqual([]);
  });

  test("carries what was pushed, unchanged, until it is replaced", async () => {
    const { scene, watched } = await monitored();
    await scene.world.run(2_000);
    expect(await watched.push(PUSH)).toEqual({ status: 200, body: { status: "ok" } });
    await scene.world.run(2 * INTERVAL_MS);
    const { version, ...rest } = PUSH;
    expect(scene.arrivals.at(-1)?.heartbeat).toMatchObject({ openclaw_version: version, ...rest });
    expect(watched.answer.metadata).toMatchObject({ openclaw_version: version, plugin_version: "0.2.0", agents: 1 });
    await watched.push({ openclaw_version: "OpenClaw 2026.4.1", agents: [] });
    await scene.world.run(HOUR_MS);
    const last = scene.arrivals.at(-1)?.heartbeat;
    expect(last).toMatchObject({ openclaw_version: "OpenClaw 2026.4.1", agents: [] });
    expect(Object.keys(last ?? {})).not.toContain("plugin_version");
  });

  test("leaves out what was pushed too long ago, where that is configured", async () => {
    const scene = await new Scene().backend();
    const watched = await scene.monitor({ metadataExpiryMs: 120_000 });
    await watched.push(PUSH);
    await scene.world.run(100_000);
    expect(scene.arrivals.at(-1)?.heartbeat.agents).toHaveLength(1);
    await scene.world.run(60_000);
    expect(Object.keys(scene.arrivals.at(-1)?.heartbeat ?? {})).not.toContain("agents");
    expect(watched.answer.metadata).toBeNull();
  });

  test.each([404, 405])("goes to the other path once when the backend answers %i, and stays there", async (status) => {
    const scene = await new Scene().backend();
    scene.behave = ({ path }) => new Response("{}", { status: path === SECOND ? 200 : status });
    const watched = await scene.monitor();
    await scene.world.run(5 * INTERVAL_MS);
    expect(scene.arrivals.map(({ path }) => path).slice(0, 4)).toEqual([PLAIN, SECOND, SECOND, SECOND]);
    expect(watched.said("heartbeat_path_changed")).toHaveLength(1);
    expect(watched.answer.backend.endpoint).toBe(`http://backend:8000${SECOND}`);
  });

  test.each([401, 403, 422, 500])("never tries the other path on %i", async (status) => {
    const scene = await new Scene().backend();
    scene.behave = () => new Response("{}", { status });
    await scene.monitor();
    await scene.world.run(HOUR_MS);
    expect(new Set(scene.arrivals.map(({ path }) => path))).toEqual(new Set([PLAIN]));
  });

  test("tries no other path than one that was configured", async () => {
    const scene = await new Scene().backend();
    scene.behave = () => new Response("{}", { status: 404 });
    const { fetch } = scene.world.createRuntime(scene.host).http.client({});
    const backend = {
      backendUrl: "http://backend:8000/base/",
      path: "/own",
      apiKey: undefined,
      timeoutMs: 5_000,
      fetch,
    };
    await scene.monitor({ backend });
    await scene.world.run(HOUR_MS);
    expect(new Set(scene.arrivals.map(({ path, key }) => `${path} ${key}`))).toEqual(new Set(["/base/own null"]));
  });
});

const HUGE_CHUNK = new Uint8Array(1_024 * 1_024);

function hugeAnswer(): Response {
  let left = 100;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => left-- > 0 ? controller.enqueue(HUGE_CHUNK) : controller.close(),
  });
  return new Response(stream);
}

describe("a backend that for an hour", () => {
  const FAILING: readonly (readonly [string, string, () => Response | Promise<Response>])[] = [
    ["answers 401", "UNAUTHORIZED", () => new Response(`{"detail":"${KEY}"}`, { status: 401 })],
    ["answers 404", "NOT_FOUND", () => new Response("{}", { status: 404 })],
    ["answers 422", "REJECTED", () => new Response('{"detail":"cpu_pct"}', { status: 422 })],
    ["answers 500", "REMOTE_FAILURE", () => new Response("<h1>no</h1>", { status: 500 })],
    [
      "redirects",
      "REDIRECT_REFUSED",
      () => new Response(null, { status: 307, headers: { location: "http://other/" } }),
    ],
    ["answers nothing", "TIMED_OUT", () => new Promise<Response>(() => undefined)],
  ];
  test.each(FAILING)(
    "%s is named %s, tried again within 5 minutes each time, and reported to when it is back",
    async (_what, code, behave) => {
      const scene = await new Scene().backend();
      scene.behave = behave;
      const watched = await scene.monitor();
      await scene.world.run(HOUR_MS);
      expect(watched.answer.backend).toMatchObject({ state: "failing", last_error: { code } });
      expect(longestGapMs(scene)).toBeLessThan(5 * 60_000 + 20_000);
      expect(scene.arrivals.length).toBeGreaterThan(12);
      expect(scene.arrivals.length).toBeLessThan(80);
      const failed = watched.lines.filter(({ event }) => event === "heartbeat_failed");
      expect(failed[0]?.["error"]).toMatchObject({ code, hint: expect.stringMatching(/\w/) });
      expect(watched.metrics.render()).toMatch(/barnacle_monitor_heartbeats_total\{outcome="failure"\} \d+/);
      expect(JSON.stringify(watched.lines) + JSON.stringify(watched.answer)).not.toContain(KEY);
      expect(await watched.ask("/telemetry")).toMatchObject({ status: 200 });

      scene.behave = () => Response.json({});
      await scene.world.run(OFFLINE_AFTER_MS);
      expect(watched.answer.backend).toMatchObject({ state: "reported", last_error: null });
      expect(watched.said("heartbeat_recovered")).toHaveLength(1);
    },
  );

  test.each([
    ["answers a page with 200", () => new Response("<!doctype html>", { headers: { "content-type": "text/html" } })],
    ["answers 100 MB", hugeAnswer],
  ])("%s has taken the heartbeat, and is named", async (_what, behave) => {
    const scene = await new Scene().backend();
    scene.behave = behave;
    const watched = await scene.monitor();
    await scene.world.run(HOUR_MS);
    expect(watched.answer.backend.state).toBe("reported");
    expect(watched.said("heartbeat_answer_odd")[0]).toMatch(/no JSON|characters/);
    expect(scene.arrivals.length).toBeGreaterThan(100);
  });

  test("is not there is no trouble for anything else", async () => {
    const scene = new Scene();
    scene.world.addHost("backend");
    const watched = await scene.monitor();
    await scene.world.run(HOUR_MS);
    expect(watched.answer.backend).toMatchObject({ state: "failing", last_error: { code: "CONNECTION_REFUSED" } });
    expect(await watched.ask("/health")).toMatchObject({ status: 200 });
  });
});

describe("the bridge", () => {
  test("answers what the contract says", async () => {
    const { scene, watched } = await monitored();
    expect(await watched.ask("/telemetry")).toMatchObject({ status: 503, body: { error: { code: "UNAVAILABLE" } } });
    await scene.world.run(5_000);
    expect(await watched.ask("/health")).toEqual({
      status: 200,
      body: { status: "ok", version: expect.stringMatching(/^\d/), identifier: "vps.t1" },
    });
    const telemetry = await watched.ask("/telemetry");
    expect(telemetryAnswer.parse(telemetry.body)).toMatchObject({
      identifier: "vps.t1",
      cpu_pct: 10,
      uptime_seconds: 3_601,
    });
    expect(monitorAnswer.parse(watched.answer)).toMatchObject({
      state: "running",
      bridge: { address: `127.0.0.1:${PORT}`, problem: null },
    });
  });

  test("answers GET /telemetry from memory: a hundred requests read nothing", async () => {
    const { scene, watched } = await monitored();
    await scene.world.run(5_000);
    const before = await watched.ask("/telemetry");
    const operations = scene.host.disk.operationCount;
    for (let request = 0; request < 100; request++) expect(await watched.ask("/telemetry")).toEqual(before);
    expect(scene.host.disk.operationCount).toBe(operations);
  });

  test.each([
    ["broken JSON", "{", 400, undefined],
    ["a list", "[]", 400, undefined],
    ["agents that are no list", '{"agents":{}}', 400, "agents"],
    ["agents that are no objects", '{"agents":[1]}', 400, "agents[0]"],
    ["a version that is no text", '{"version":7}', 400, "version"],
    ["more than 64 KiB", `{"version":"${"x".repeat(70_000)}"}`, 413, undefined],
  ])("refuses POST /openclaw with %s, and keeps what it had", async (_what, body, status, field) => {
    const { watched } = await monitored();
    await watched.push(PUSH);
    const refused = await watched.push(body);
    expect(refused.status).toBe(status);
    if (field !== undefined) expect(refused.body).toMatchObject({ error: { field } });
    expect(watched.answer.metadata?.openclaw_version).toBe(PUSH.version);
  });

  test("refuses other methods with 405, and web pages with 403", async () => {
    const { watched } = await monitored();
    expect(await watched.ask("/openclaw")).toMatchObject({ status: 405 });
    expect(await watched.ask("/health", { method: "POST", body: "{}" })).toMatchObject({ status: 405 });
    const foreign = { method: "POST", body: "{}", headers: { origin: "https://evil.example" } };
    expect(await watched.ask("/openclaw", foreign)).toMatchObject({ status: 403 });
    expect(watched.answer.metadata).toBeNull();
  });
});

describe("a port taken by", () => {
  const json = (value: unknown) => Response.json(value);
  const notFound = () => new Response("no", { status: 404 });
  const OTHERS: readonly (readonly [string, RegExp, (path: string) => Response])[] = [
    [
      "a Prometheus node exporter",
      /node exporter/,
      (path) => path === "/metrics" ? new Response('# HELP\nnode_cpu_seconds_total{cpu="0"} 1\n') : notFound(),
    ],
    ["some web server", /no Monitor/, () => new Response("<html>")],
    [
      "a service with a /health of its own",
      /no Monitor/,
      (path) => path === "/health" ? json({ status: "UP" }) : notFound(),
    ],
  ];
  test.each(OTHERS)(
    "%s: no bridge, a warning that says so, heartbeats go on, and the port is taken once it is free",
    async (_what, words, answer) => {
      const scene = await new Scene().backend();
      const occupant = await scene.occupy(answer);
      const watched = await scene.monitor({ yields: true });
      await scene.world.run(10 * 60_000);
      const [line] = watched.lines.filter(({ event }: Line) => event === "bridge_port_taken");
      expect(line).toMatchObject({ level: "warn", message: expect.stringMatching(words) });
      expect(watched.answer.bridge).toMatchObject({ address: null, problem: expect.stringMatching(words) });
      expect(scene.arrivals.length).toBeGreaterThan(18);
      occupant.kill("SIGKILL");
      await scene.world.run(60_000);
      expect(await watched.ask("/health")).toMatchObject({ status: 200 });
      expect(watched.said("bridge_listening")).toHaveLength(1);
    },
  );

  test("another Monitor of the same name is an error that is reported, and heartbeats go on", async () => {
    const scene = await new Scene().backend();
    await scene.occupy((path) => path === "/health" ? json({ version: "0.1", identifier: "vps.t1" }) : notFound());
    const watched = await scene.monitor();
    await scene.world.run(5 * 60_000);
    const [line] = watched.lines.filter(({ event }: Line) => event === "monitor_twice");
    expect(line).toMatchObject({ level: "error", message: expect.stringContaining("two Monitors") });
    expect(watched.answer.bridge.problem).toContain("two Monitors");
    expect(scene.arrivals.length).toBeGreaterThan(8);
  });
});

describe("a Monitor that yields", () => {
  test("leaves the host to one that is there, and takes over when that has been gone for two looks", async () => {
    const scene = await new Scene().backend();
    const first = await scene.monitor({ identifier: "first", hasBackend: false });
    const second = await scene.monitor({ yields: true });
    await scene.world.run(10 * 60_000);
    expect(second.answer).toMatchObject({ state: "standby", telemetry: null });
    expect(second.said("monitor_standby")).toHaveLength(1);
    expect(scene.arrivals).toEqual([]);
    expect(second.metrics.render()).toContain("barnacle_monitor_running 0");

    first.process.kill("SIGKILL");
    await scene.world.run(20_000);
    expect(scene.arrivals).toEqual([]);
    await scene.world.run(60_000);
    expect(second.answer.state).toBe("running");
    expect(scene.arrivals.length).toBeGreaterThan(0);
    expect(await second.ask("/health")).toMatchObject({ body: { identifier: "vps.t1" } });
  });

  test("leaves the port to one that is only started anew", async () => {
    const scene = await new Scene().backend();
    const old = { "/health": { identifier: "old" } } as Readonly<Record<string, unknown>>;
    const occupant = await scene.occupy((path) => Response.json(old[path] ?? {}));
    const watched = await scene.monitor({ yields: true });
    await scene.world.run(45_000);
    occupant.kill("SIGKILL");
    await scene.world.run(16_000);
    await scene.occupy((path) => Response.json(old[path] ?? {}));
    await scene.world.run(10 * 60_000);
    expect(watched.answer.state).toBe("standby");
    expect(scene.arrivals).toEqual([]);
  });
});

describe("strange files of /proc", () => {
  test("are named, counted and survived: the figure keeps its last value, the others stay true", async () => {
    const { scene, watched } = await monitored();
    await scene.world.run(5_000);
    for (const text of ["", "garbage\0", "MemTotal: 0 kB\n", "x".repeat(1_000_000)]) {
      scene.host.disk.put("/proc/meminfo", text);
      await scene.world.run(2 * INTERVAL_MS);
      const last = scene.arrivals.at(-1)?.heartbeat;
      expect(last).toMatchObject({ mem_pct: 25, swap_pct: 25, cpu_pct: 10 });
    }
    const { problems } = (await watched.ask("/telemetry")).body as { readonly problems: readonly string[] };
    expect(problems).toEqual([expect.stringContaining("/proc/meminfo")]);
    expect(watched.said("telemetry_incomplete")[0]).toContain("/proc/meminfo");
    expect(watched.metrics.render()).toMatch(/barnacle_monitor_telemetry_problems_total\{part="memory"\} [5-9]/);
    scene.host.disk.remove("/proc/meminfo");
    await scene.world.run(2 * INTERVAL_MS);
    expect(watched.said("telemetry_complete")).toHaveLength(1);
    expect(Object.keys((await watched.ask("/telemetry")).body as object)).not.toContain("problems");
  });

  test("from the start give 0, and heartbeats all the same", async () => {
    const scene = await new Scene().backend();
    for (const name of ["stat", "meminfo", "loadavg", "uptime"]) scene.host.disk.put(`/proc/${name}`, "?");
    await scene.monitor();
    await scene.world.run(INTERVAL_MS);
    expect(scene.arrivals[0]?.heartbeat).toMatchObject({
      cpu_pct: 0,
      mem_pct: 0,
      load_avg: [0, 0, 0],
      uptime_seconds: 0,
    });
  });

  test("whose processor times go back give the last share", async () => {
    const { scene } = await monitored();
    await scene.world.run(5_000);
    scene.host.disk.put("/proc/stat", "cpu  1 1 1 1\n");
    await scene.world.run(2 * INTERVAL_MS);
    expect(scene.arrivals.at(-1)?.heartbeat.cpu_pct).toBe(10);
  });
});

describe("nginx", () => {
  test("is told with its sites, under the root that is configured", async () => {
    const scene = await new Scene().backend();
    scene.host.disk.put("/host/usr/sbin/nginx", "");
    for (const site of ["default", "shop"]) scene.host.disk.put(`/host/etc/nginx/sites-enabled/${site}`, "");
    await scene.monitor({ rootFs: "/host" });
    await scene.world.run(5_000);
    expect(scene.arrivals[0]?.heartbeat).toMatchObject({ nginx_installed: true, nginx_sites: ["default", "shop"] });
  });
});

test("a stopped Monitor sends nothing more and lets go of its port", async () => {
  const { scene, watched } = await monitored();
  await scene.world.run(5_000);
  await scene.world.wait(watched.monitor.stop());
  await scene.world.wait(watched.monitor.stop());
  const count = scene.arrivals.length;
  await scene.world.run(HOUR_MS);
  expect(scene.arrivals.length).toBe(count);
  expect((await scene.monitor()).answer.bridge.problem).toBeNull();
});
