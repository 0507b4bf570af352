/**
 * Our own roles beside each other, each a process: the hub as the backend, the Monitor, the agent with its side of the bridge.
 *
 * Hunts: parts that each keep the contract and yet do not understand each other; a host that the hub shows twice, or without its figures.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { type Running, Stage, type Way } from "./barnacle.ts";
import { TEST_TIMEOUT_MS } from "./timeout.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };
const HOST = "vps.t1";
const INSTANCE = "the-agent-of-vps-t1";
const OPENCLAW = { meta: { lastTouchedVersion: "2026.9.6" }, agents: { entries: { main: { name: "Molly" } } } };
const PUSHED = {
  openclaw_version: "OpenClaw 2026.9.6",
  agents: [{ id: "main", name: "Molly", status: "offline" }],
};
const ASK_AGAIN_MS = 50;

interface Hub {
  readonly url: string;
  readonly key: string;
  readonly folder: string;
}

interface Listed {
  readonly matched: number;
  readonly instances: readonly {
    readonly document: { readonly tags: Readonly<Record<string, string>> };
    readonly instance_id: string;
    readonly telemetry?: Readonly<Record<string, unknown>>;
  }[];
}

interface History {
  readonly points: readonly { readonly status?: string; readonly cpu_pct?: number }[];
}

export function defineRoleTests(way: Way): void {
  let stage = new Stage(way);
  afterEach(async () => {
    await stage.clear();
    stage = new Stage(way);
  });

  /** One that wants a key from everybody. */
  async function startHub(): Promise<Hub> {
    const folder = stage.folder();
    const made = await stage.run(["hub", "keys", "add", "fleet", "--dir", folder]);
    const hub = stage.start(["hub", "--dir", folder, "--listen", "127.0.0.1:0", "--log", "json"]);
    return { url: await hub.url("hub"), key: made.stdout.match(/bk_[A-Za-z0-9_-]+/)?.[0] ?? "", folder };
  }

  function startAgent(hub: Hub, environment: Readonly<Record<string, string>>): Running {
    const home = stage.folder();
    const path = join(home, ".openclaw", "openclaw.json");
    mkdirSync(dirname(path));
    writeFileSync(path, JSON.stringify(OPENCLAW));
    return stage.start(["run", "--dir", stage.folder(), "--http", "127.0.0.1:0", "--log", "json"], {
      environment: {
        HOME: home,
        PATH: "/nowhere",
        OPENCLAW_BASE_URL: hub.url,
        OPENCLAW_API_KEY: hub.key,
        BARNACLE_SERVICE_INSTANCE_ID: INSTANCE,
        BARNACLE_OPENCLAW_INTERVAL_SECONDS: "1",
        BARNACLE_MONITOR_IDENTIFIER: HOST,
        BARNACLE_MONITOR_REPORT_INTERVAL_SEC: "1",
        BARNACLE_MOLTCOMM_ENABLED: "false",
        ...environment,
      },
    });
  }

  async function ask<T>({ url, key }: Hub, path: string): Promise<T> {
    const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } });
    return await answer.json() as T;
  }

  async function until<T>(look: () => Promise<T>, fits: (seen: T) => boolean): Promise<T> {
    for (;;) {
      const seen = await look();
      if (fits(seen)) return seen;
      await pause(ASK_AGAIN_MS);
    }
  }

  /** The agent's instance alone, with what its host measured and what OpenClaw's files say. */
  async function expectWatched(hub: Hub): Promise<void> {
    const listed = await until(
      () => ask<Listed>(hub, "/v1/instances"),
      ({ instances, matched }) => matched === 1 && instances[0]?.telemetry?.["agents"] !== undefined,
    );
    expect(listed.instances).toMatchObject([{
      instance_id: INSTANCE,
      status: "healthy",
      document: { tags: { host: HOST } },
      telemetry: { identifier: HOST, uptime_seconds: expect.any(Number), ...PUSHED },
    }]);
    const { points } = await until(
      () => ask<History>(hub, `/v1/instances/${INSTANCE}/history`),
      ({ points }) => points.some(({ cpu_pct, status }) => cpu_pct !== undefined && status !== undefined),
    );
    const both = points.find(({ cpu_pct, status }) => cpu_pct !== undefined && status !== undefined);
    expect(both).toMatchObject({
      status: "healthy",
      concurrent_tasks: expect.any(Number),
      mem_pct: expect.any(Number),
      disk_pct: expect.any(Number),
      swap_pct: expect.any(Number),
      load_1: expect.any(Number),
    });
    const fleet = await stage.run(["status", "--hub", hub.url, "--dir", hub.folder], {
      environment: { OPENCLAW_BASE_URL: hub.url, OPENCLAW_API_KEY: hub.key },
    });
    expect(fleet.stdout).toMatch(/CPU +MEM +DISK/);
    expect(fleet.stdout).toMatch(new RegExp(`${INSTANCE}.*( +\\d+ %){3}`));
  }

  describe("our own three roles", () => {
    test("apart: the hub shows the agent with what the Monitor beside it measures", timeout, async () => {
      const hub = await startHub();
      const monitor = stage.start(["monitor", "--log", "json"], {
        environment: {
          HF_MONITER_API_KEY: hub.key,
          BARNACLE_MONITOR_BACKEND_URL: hub.url,
          BARNACLE_MONITOR_IDENTIFIER: HOST,
          BARNACLE_MONITOR_REPORT_INTERVAL_SEC: "1",
        },
      });
      // Until an agent speaks for it, the host is there by itself.
      await monitor.event("heartbeat_reported");
      expect(await ask(hub, "/v1/instances")).toMatchObject({ matched: 1, instances: [{ instance_id: HOST }] });
      const agent = startAgent(hub, { MONITOR_PORT: new URL(await monitor.url("monitor")).port });
      await expectWatched(hub);
      const status = await (await fetch(`${await agent.url("http")}/status`)).json();
      expect(status).toMatchObject({
        bridge: { state: "connected", identifier: HOST, telemetry: { cpu_pct: expect.any(Number) } },
      });
      expect(status).not.toHaveProperty("monitor");
      for (const running of [agent, monitor]) {
        expect((await running.stop()).code).toBe(0);
        expect(running.stdout + running.stderr).not.toContain(hub.key);
      }
    });

    test(
      "in one process by `up`: the host is there once, with its figures, and nothing was configured",
      timeout,
      async () => {
        const words = ["up", "--http", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--log", "json"];
        const all = stage.start([...words, "--dir", stage.folder()]);
        const hub = { url: await all.url("hub"), key: "", folder: "" };
        await all.event("heartbeat_reported");
        const { instances, matched } = await until(
          () => ask<Listed>(hub, "/v1/instances"),
          ({ instances }) => instances.some(({ telemetry }) => telemetry !== undefined),
        );
        expect(matched).toBe(1);
        const { document, instance_id, telemetry } = instances[0] ?? {};
        expect(telemetry).toMatchObject({ mem_pct: expect.any(Number), identifier: document?.tags["host"] });
        const { points } = await ask<History>(hub, `/v1/instances/${instance_id}/history`);
        // What was published and what was measured may stand on two sides of a step's end.
        expect(points.some(({ status }) => status === "healthy")).toBe(true);
        expect(points.some(({ cpu_pct }) => cpu_pct !== undefined)).toBe(true);
        expect((await all.stop()).code).toBe(0);
      },
    );

    test("the Monitor inside the agent: the hub shows the same", timeout, async () => {
      const hub = await startHub();
      const agent = startAgent(hub, { HF_MONITER_API_KEY: hub.key, BARNACLE_MONITOR_BACKEND_URL: hub.url });
      await expectWatched(hub);
      const status = await (await fetch(`${await agent.url("http")}/status`)).json();
      expect(status).toMatchObject({
        bridge: { state: "own" },
        monitor: { state: "running", identifier: HOST, backend: { state: "reported" }, metadata: { agents: 1 } },
      });
      expect((await agent.stop()).code).toBe(0);
      expect(agent.stdout + agent.stderr).not.toContain(hub.key);
    });
  });
}
