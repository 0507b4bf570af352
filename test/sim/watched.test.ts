/** Hunts: a Monitor, a gateway or a watcher that is not found again after trouble of the host, and pushes that pile up behind it. */
import { expect, test } from "vitest";
import { startHost } from "../../src/agent.ts";
import { runCommandLine } from "../../src/cli/mod.ts";
import "../../src/cli/actions/init.ts";
import "../support/far-end.ts";
import "./fleet/preload.ts";
import { type Main, type SimHost, type SimProcess, SimWorld } from "./mod.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const INTERVAL_MS = 30 * SECOND_MS;
const CONFIG = "/root/.openclaw/openclaw.json";

const json = (value: unknown, status = 200) => Response.json(value, { status });

/** A host with OpenClaw's files, the real agent, and strangers of all kinds. */
class WatchedHost {
  readonly world: SimWorld;
  readonly host: SimHost;
  /** What the Monitor was told, and when. */
  readonly pushes: { readonly atMs: number; readonly agents: readonly string[] }[] = [];
  /** Paths at which the watcher was requested. */
  readonly watched: string[] = [];

  constructor(seed: number) {
    this.world = new SimWorld({ seed });
    this.host = this.world.addHost("box");
    this.roster("main");
  }

  roster(...ids: readonly string[]): void {
    const list = ids.map((id) => ({ id }));
    this.host.disk.replace(CONFIG, JSON.stringify({ meta: { lastTouchedVersion: "2026.7.35" }, agents: { list } }));
  }

  startMonitor(): SimProcess {
    return this.#serve(this.host, 9100, async (request) => {
      const { pathname } = new URL(request.url);
      if (request.method !== "POST") return json({ identifier: "box", cpu_pct: 10.5 });
      const { agents } = await request.json() as { readonly agents: readonly { readonly id: string }[] };
      this.pushes.push({ atMs: this.world.clock.monotonicMs(), agents: agents.map(({ id }) => id) });
      return pathname === "/openclaw" ? json({ status: "ok" }) : json({}, 404);
    });
  }

  startGateway(): SimProcess {
    return this.#serve(
      this.host,
      18_789,
      () => Promise.resolve(json({ ok: true, status: "started", version: "2026.9.6" })),
    );
  }

  /** Tells the agent something as the plugin in a gateway does. */
  push(metadata: unknown): void {
    this.host.start(async ({ http }) => {
      await http.client({}).fetch("http://127.0.0.1:7410/openclaw", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(metadata),
      });
    });
  }

  startWatcher(): void {
    this.#serve(this.world.addHost("watcher"), 8000, (request) => {
      this.watched.push(new URL(request.url).pathname);
      return Promise.resolve(new Response("OK"));
    });
  }

  startAgent(more: Readonly<Record<string, string>> = {}): SimProcess {
    const environment = {
      BARNACLE_MOLTCOMM_ENABLED: "false",
      BARNACLE_DEADMAN_URL: "http://watcher:8000/ping/5a7f2c1e-0000-4000-8000-000000000000",
      BARNACLE_DEADMAN_ALLOW_PLAIN_HTTP: "true",
      ...more,
    };
    return this.run(["run", "--dir", "/work"], environment);
  }

  /** Starts one of our commands. */
  run(words: readonly string[], environment: Readonly<Record<string, string>> = {}): SimProcess {
    const main: Main = (runtime) =>
      runCommandLine({
        runtime,
        startHost: (loaded, parts) => startHost(runtime, loaded, parts),
        licences: () => Promise.resolve(undefined),
        plugin: () => Promise.resolve(undefined),
      });
    return this.host.start(main, { name: words[0] ?? "", arguments: [...words], environment });
  }

  /** What was told in this time. */
  async during(durationMs: number): Promise<WatchedHost["pushes"]> {
    this.pushes.length = 0;
    this.watched.length = 0;
    await this.world.run(durationMs);
    return this.pushes;
  }

  #serve(host: SimHost, port: number, handler: (request: Request) => Promise<Response>): SimProcess {
    return host.start(async ({ http }) => {
      const address = { host: host === this.host ? "127.0.0.1" : "0.0.0.0", port };
      await http.serve({ address, idleTimeoutMs: INTERVAL_MS, connectionsMax: 10, handler });
    });
  }
}

test.each([1, 2, 3])(
  "seed %i: Monitor, gateway and watcher are told of through deaths, sleep and power cuts",
  async (seed) => {
    const box = new WatchedHost(seed);
    box.startWatcher();
    let monitor = box.startMonitor();
    box.startAgent();
    const first = await box.during(5 * MINUTE_MS);
    expect(first.length).toBeGreaterThanOrEqual(9);
    expect(first.length).toBeLessThanOrEqual(13);
    expect(first[0]?.agents).toEqual(["main"]);
    expect(first[0]?.atMs).toBeGreaterThanOrEqual(2 * SECOND_MS);
    expect(new Set(box.watched)).toEqual(new Set(["/ping/5a7f2c1e-0000-4000-8000-000000000000"]));

    box.roster("main", "helper");
    await box.during(INTERVAL_MS + 5 * SECOND_MS);
    expect(box.pushes.at(-1)?.agents).toEqual(["main", "helper"]);

    monitor.kill("SIGKILL");
    expect(await box.during(5 * MINUTE_MS)).toEqual([]);
    expect(box.watched.length).toBeGreaterThan(5);
    monitor = box.startMonitor();
    // A Monitor that was not there is looked for a third of the interval later at most.
    expect((await box.during(INTERVAL_MS * 4 / 3 + 5 * SECOND_MS)).length).toBeGreaterThanOrEqual(1);

    box.host.suspend();
    await box.world.run(60 * MINUTE_MS);
    box.host.resume();
    const woken = await box.during(MINUTE_MS);
    expect(woken.length).toBeGreaterThanOrEqual(1);
    expect(woken.length).toBeLessThanOrEqual(4);

    box.host.powerCut("lost");
    await box.world.run(MINUTE_MS);
    box.host.boot();
    box.roster("main");
    box.startMonitor();
    const agent = box.startAgent();
    expect((await box.during(MINUTE_MS)).length).toBeGreaterThanOrEqual(1);
    agent.kill("SIGTERM");
    await box.world.run(10 * SECOND_MS);
    expect(await box.during(5 * MINUTE_MS)).toEqual([]);
    expect(box.watched).toEqual([]);
  },
);

test("what the plugin in a gateway told holds as long as the gateway runs, also where it ends without a word", async () => {
  const box = new WatchedHost(5);
  box.startMonitor();
  const gateway = box.startGateway();
  box.startAgent();
  await box.world.run(MINUTE_MS);
  box.push({ version: "OpenClaw 2026.9.6 (eb377ac)", agents: [{ id: "told" }] });
  await box.during(10 * MINUTE_MS);
  expect(box.pushes.at(-1)?.agents).toEqual(["told"]);
  gateway.kill("SIGKILL");
  await box.during(2 * INTERVAL_MS);
  expect(box.pushes.at(-1)?.agents).toEqual(["main"]);
});

test("an agent that deletes the section about mail has it back before its next heartbeat, until init takes it out", async () => {
  const box = new WatchedHost(4);
  const { disk } = box.host;
  const file = "/work/HEARTBEAT.md";
  disk.putDirectory("/work");
  box.run(["init", "--dir", "/work"]);
  await box.world.run(MINUTE_MS);
  const whole = disk.text(file);
  expect(whole).toContain("MOLTCOMM:BEGIN");

  let agent = box.startAgent({ BARNACLE_MOLTCOMM_ENABLED: "true" });
  await box.world.run(MINUTE_MS);
  disk.remove(file);
  await box.world.run(17 * MINUTE_MS);
  expect(disk.text(file)).toBe(whole);

  agent.kill("SIGTERM");
  await box.world.run(MINUTE_MS);
  agent = box.startAgent({ BARNACLE_MOLTCOMM_ENABLED: "true", BARNACLE_MAILBOX_KEEP_INSTRUCTIONS: "false" });
  disk.remove(file);
  await box.world.run(60 * MINUTE_MS);
  expect(disk.text(file)).toBeUndefined();

  agent.kill("SIGTERM");
  await box.world.run(MINUTE_MS);
  box.run(["init", "--remove", "--dir", "/work"]);
  await box.world.run(MINUTE_MS);
  box.startAgent({ BARNACLE_MOLTCOMM_ENABLED: "true" });
  await box.world.run(60 * MINUTE_MS);
  expect(disk.text(file)).toBeUndefined();
});
