/**
 * Our Monitor as a process, against a plugin and a backend written from the seed's words alone.
 *
 * Hunts: a bridge that a plugin cannot use, a heartbeat that a backend does not understand, a key that goes where it should not, an old
 * Monitor's configuration that does not carry over, two Monitors that fight.
 */
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Stage, type Way } from "./barnacle.ts";
import { TEST_TIMEOUT_MS } from "./timeout.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };
const KEY = "a-key-of-the-backend";

/** As the seed has it. */
interface Payload {
  readonly identifier: string;
  readonly openclaw_version?: string;
  readonly plugin_version?: string;
  readonly agents?: readonly unknown[];
  readonly cpu_pct: number;
  readonly [field: string]: unknown;
}

interface Beat {
  readonly path: string;
  readonly key: string | undefined;
  readonly payload: Payload;
}

/** A backend of the first version: it knows `heartbeat-v2` alone. */
class Backend {
  readonly beats: Beat[] = [];
  answer: (beat: Beat, response: ServerResponse) => void = ({ path }, response) => {
    response.writeHead(path === "/monitor/server/heartbeat-v2" ? 200 : 404, { "content-type": "application/json" });
    response.end("{}");
  };
  #server: Server | undefined;
  #waiting: (() => void)[] = [];

  async start(): Promise<string> {
    const server = createServer((incoming, response) => void this.#take(incoming, response));
    this.#server = server;
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async beat(fits: (beat: Beat) => boolean = () => true): Promise<Beat> {
    for (;;) {
      const found = this.beats.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise<void>((closed) => server.close(() => closed()));
  }

  async #take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of incoming.setEncoding("utf8")) text += chunk;
    const key = incoming.headers["x-api-key"];
    const beat: Beat = { path: incoming.url ?? "", key: String(key), payload: JSON.parse(text) };
    this.beats.push(beat);
    this.answer(beat, response);
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

const onSecondPath = ({ path }: Beat) => path === "/monitor/server/heartbeat-v2";

/** What the plugin sends on `gateway_start`, and every interval. */
async function push(bridge: string): Promise<number> {
  const answer = await fetch(`${bridge}/openclaw`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      version: "OpenClaw 2026.3.13 (61d171a)",
      plugin_version: "0.2.0",
      agents: [{ id: "main", name: "Chimera", status: "idle" }],
    }),
  });
  return answer.status;
}

function statusWithHost(bridge: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`${bridge}/telemetry`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on("error", reject);
    asked.end();
  });
}

export function defineMonitorTests(way: Way): void {
  let stage = new Stage(way);
  let backend = new Backend();
  afterEach(async () => {
    await stage.clear();
    await backend.stop();
    stage = new Stage(way);
    backend = new Backend();
  });

  function startMonitor(environment: Readonly<Record<string, string>>, words: readonly string[] = []) {
    return stage.start(["monitor", "--log", "json", ...words], {
      environment: {
        HF_MONITER_API_KEY: KEY,
        BARNACLE_MONITOR_IDENTIFIER: "vps.t1",
        BARNACLE_MONITOR_REPORT_INTERVAL_SEC: "1",
        ...environment,
      },
    });
  }

  describe("a Monitor", () => {
    test("serves a plugin and reports to a backend, enriched with what was pushed", timeout, async () => {
      const monitor = startMonitor({ BARNACLE_MONITOR_BACKEND_URL: await backend.start() });
      const bridge = await monitor.url("monitor");
      const bare = await backend.beat(onSecondPath);
      expect(bare.key).toBe(KEY);
      expect(Object.keys(bare.payload).sort()).toEqual([
        "cpu_pct",
        "disk_pct",
        "identifier",
        "load_avg",
        "mem_pct",
        "nginx_installed",
        "nginx_sites",
        "swap_pct",
        "uptime_seconds",
      ]);
      expect(await (await fetch(`${bridge}/health`)).json()).toMatchObject({ status: "ok", identifier: "vps.t1" });
      const telemetry = await (await fetch(`${bridge}/telemetry`)).json() as Payload;
      expect(telemetry).toMatchObject({ identifier: "vps.t1", uptime_seconds: expect.any(Number) });
      expect(telemetry.cpu_pct).toBeGreaterThanOrEqual(0);
      expect(await push(bridge)).toBe(200);
      const { payload } = await backend.beat(({ payload }) => payload.agents !== undefined);
      expect(payload).toMatchObject({
        openclaw_version: "OpenClaw 2026.3.13 (61d171a)",
        plugin_version: "0.2.0",
        agents: [{ id: "main", name: "Chimera", status: "idle" }],
      });
      expect(await statusWithHost(bridge, "evil.example")).toBe(403);
      const page = { method: "POST", headers: { origin: "https://evil.example" }, body: '{"version":"theirs"}' };
      expect((await fetch(`${bridge}/openclaw`, page)).status).toBe(403);
      // What a page may send anywhere without asking first.
      expect((await fetch(`${bridge}/openclaw`, { method: "POST", body: '{"version":"theirs"}' })).status).toBe(415);
      expect(await (await fetch(`${bridge}/metrics`)).text()).toContain("barnacle_monitor_heartbeats_total");
      expect((await monitor.stop()).code).toBe(0);
      expect(monitor.stderr).not.toContain(KEY);
    });

    test("takes the place of an old one by its configuration file", timeout, async () => {
      const file = join(stage.folder(), "config.json");
      const backendUrl = await backend.start();
      writeFileSync(file, JSON.stringify({ backendUrl, identifier: "old.name", apiKey: KEY, reportIntervalSec: 1 }));
      const monitor = stage.start(["monitor", "--monitor-config", file, "--log", "json"], {
        environment: { MONITOR_PORT: "0" },
      });
      const beat = await backend.beat(onSecondPath);
      expect(beat).toMatchObject({ key: KEY, payload: { identifier: "old.name" } });
      expect((await monitor.stop()).code).toBe(0);
    });

    test("reports without a bridge while something that never answers has its port", timeout, async () => {
      const silent = createTcpServer((socket) => socket.resume().on("error", () => socket.destroy()));
      await new Promise<void>((listening) => silent.listen(0, "127.0.0.1", listening));
      const { port } = silent.address() as AddressInfo;
      const monitor = startMonitor({
        BARNACLE_MONITOR_BACKEND_URL: await backend.start(),
        MONITOR_PORT: String(port),
      });
      const taken = await monitor.event("bridge_port_taken");
      expect(taken).toMatchObject({ level: "warn", message: expect.stringContaining("does not answer") });
      await backend.beat(onSecondPath);
      expect((await monitor.stop()).code).toBe(0);
      await new Promise<void>((closed) => silent.close(() => closed()));
    });

    test("gives its key to no other address", timeout, async () => {
      const other = new Backend();
      const elsewhere = await other.start();
      backend.answer = (_beat, response) => response.writeHead(307, { location: elsewhere }).end();
      const monitor = startMonitor({ BARNACLE_MONITOR_BACKEND_URL: await backend.start() });
      const failed = await monitor.event("heartbeat_failed");
      expect(failed["error"]).toMatchObject({ code: "REDIRECT_REFUSED" });
      expect(other.beats).toEqual([]);
      await other.stop();
      expect((await monitor.stop()).code).toBe(0);
    });

    test("names another under the same name, and inside an agent stands by for it", timeout, async () => {
      const first = startMonitor({});
      const { port } = new URL(await first.url("monitor"));
      const second = startMonitor({ BARNACLE_MONITOR_BACKEND_URL: await backend.start(), MONITOR_PORT: port });
      const twice = await second.event("monitor_twice");
      expect(twice).toMatchObject({ level: "error", identifier: "vps.t1" });
      await backend.beat();
      await second.stop();

      const agent = stage.start(["run", "--dir", stage.folder(), "--http", "127.0.0.1:0", "--log", "json"], {
        environment: { MONITOR_PORT: port, BARNACLE_MONITOR_BACKEND_URL: "http://127.0.0.1:1" },
      });
      await agent.event("monitor_standby");
      const status = await (await fetch(`${await agent.url("http")}/status`)).json();
      expect(status).toMatchObject({ monitor: { state: "standby" } });
      expect((await agent.stop()).code).toBe(0);
    });

    test("is a part of the agent, whose status tells of it", timeout, async () => {
      const folder = stage.folder();
      const agent = stage.start(["run", "--dir", folder, "--http", "127.0.0.1:0", "--log", "json"], {
        environment: { BARNACLE_MONITOR_BACKEND_URL: await backend.start(), BARNACLE_MONITOR_IDENTIFIER: "vps.t1" },
      });
      const url = await agent.url("http");
      await backend.beat(onSecondPath);
      await agent.event("heartbeat_reported");
      const status = await (await fetch(`${url}/status`)).json() as { readonly details: object };
      expect(status).toMatchObject({
        monitor: { state: "running", identifier: "vps.t1", backend: { state: "reported" }, metadata: null },
      });
      expect(JSON.stringify(status.details)).not.toContain("cpu_pct");
      const shown = await stage.run(["status", "--dir", folder]);
      expect(shown.stdout).toMatch(/host +processor [\d.]+ %, memory/);
      expect((await agent.stop()).code).toBe(0);
    });
  });
}
