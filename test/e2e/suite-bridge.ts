/** The agent beside a Monitor, OpenClaw and a watcher of strangers: what it learns, what it tells, and what it survives. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type Running, Stage, type Way } from "./barnacle.ts";
import { behaveWell, butFor, nodeExporter, StrangersMonitor, TELEMETRY } from "./monitor.ts";
import { Receiver } from "./receiver.ts";
import { TEST_TIMEOUT_MS } from "./timeout.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };
const HOOK_TOKEN = "hook-token-of-many-letters";

interface LocalStatus {
  readonly bridge: { readonly state: string; readonly [field: string]: unknown };
  readonly gateways: readonly { readonly [field: string]: unknown }[];
  readonly deadman: { readonly [field: string]: unknown };
}

export function defineBridgeTests(way: Way): void {
  let stage = new Stage(way);
  let monitor = new StrangersMonitor();
  let receiver = new Receiver();
  afterEach(async () => {
    await stage.clear();
    await monitor.stop();
    await receiver.stop();
    stage = new Stage(way);
    monitor = new StrangersMonitor();
    receiver = new Receiver();
  });

  /** A home with an OpenClaw in it, which does not run. */
  function home(config: unknown): string {
    const folder = stage.folder();
    const path = join(folder, ".openclaw", "openclaw.json");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof config === "string" ? config : JSON.stringify(config));
    return folder;
  }

  function startAgent(port: number, environment: Record<string, string> = {}): Running {
    return stage.start(["run", "--dir", stage.folder(), "--http", "127.0.0.1:0", "--log", "json"], {
      environment: {
        HOME: stage.folder(),
        PATH: "/nowhere",
        MONITOR_PORT: String(port),
        BARNACLE_MONITOR_REPORT_INTERVAL_SEC: "1",
        BARNACLE_MOLTCOMM_ENABLED: "false",
        ...environment,
      },
    });
  }

  async function statusOf(agent: Running): Promise<LocalStatus> {
    return await (await fetch(`${await agent.url("http")}/status`)).json() as LocalStatus;
  }

  async function metricsOf(agent: Running): Promise<string> {
    return await (await fetch(`${await agent.url("http")}/metrics`)).text();
  }

  describe("beside a stranger's Monitor the agent", () => {
    test(
      "tells OpenClaw's version and agents 2 s after its start and then on, and shows what was measured",
      timeout,
      async () => {
        const folder = home(`{
        // by hand
        meta: { lastTouchedVersion: '2026.9.6' },
        gateway: { port: 47 },
        hooks: { enabled: true, token: '${HOOK_TOKEN}' },
        agents: { ownership: 'explicit', entries: { main: { name: 'Molly' }, helper: {}, }, },
      }`);
        const port = await monitor.start();
        const agent = startAgent(port, { HOME: folder });
        const push = await monitor.request(({ method }) => method === "POST");
        expect(push).toMatchObject({ path: "/openclaw", headers: { "content-type": "application/json" } });
        expect(JSON.parse(push.body)).toEqual({
          version: "OpenClaw 2026.9.6",
          agents: [
            { id: "main", name: "Molly", status: "offline" },
            { id: "helper", name: "helper", status: "offline" },
          ],
        });
        const [first] = monitor.requests;
        expect(first).toMatchObject({ method: "GET", path: "/health" });
        await agent.event("monitor_found");
        const status = await statusOf(agent);
        expect(status.bridge).toMatchObject({ state: "connected", identifier: "vps.t1", telemetry: TELEMETRY });
        expect(status.gateways).toMatchObject([{ profile: null, version: "OpenClaw 2026.9.6", hooks: true }]);
        const { stdout } = await stage.run(["status", "--dir", agent.directory]);
        expect(stdout).toContain("cpu 10.5 %, memory 52.1 %, disk 81.0 %");
        monitor.requests.length = 0;
        await monitor.request(({ method }) => method === "POST");
        expect((await agent.stop()).code).toBe(0);
        expect(agent.stdout + agent.stderr + stdout + JSON.stringify(status)).not.toContain(HOOK_TOKEN);
      },
    );

    test("is quiet while there is none, and finds it when it comes, goes and comes back", timeout, async () => {
      const port = await monitor.start();
      await monitor.stop();
      const agent = startAgent(port);
      await agent.event("monitor_absent");
      expect((await statusOf(agent)).bridge.state).toBe("looking");
      await monitor.start(port);
      await agent.event("monitor_found");
      await monitor.stop();
      await agent.event("monitor_absent", ({ message }) => String(message).includes("gone"));
      await monitor.start(port);
      await agent.event("monitor_found", undefined, agent.events.length);
      expect(agent.events.filter(({ level }) => level === "error")).toEqual([]);
      expect(monitor.requests.filter(({ method }) => method === "POST")).toEqual([]);
      await agent.stop();
    });

    test("takes a changed configuration of OpenClaw to the Monitor", timeout, async () => {
      const folder = home({ gateway: { port: 47 }, agents: { list: [{ id: "main" }] } });
      const agent = startAgent(await monitor.start(), { HOME: folder, BARNACLE_GATEWAY_INTERVAL_SECONDS: "5" });
      await monitor.request(({ body }) => body.includes('"main"'));
      writeFileSync(
        join(folder, ".openclaw", "openclaw.json"),
        "{ agents: { entries: { painter: {} } }, gateway: { port: 47 } }",
      );
      await monitor.request(({ body }) => body.includes('"painter"'));
      await agent.stop();
    });

    /** Tells the agent something as the plugin in a gateway does. */
    async function tell(agent: Running, body: unknown): Promise<Response> {
      return await fetch(`${await agent.url("http")}/openclaw`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
    }

    test(
      "passes on what the plugin in a gateway pushes, and says what the files say once the gateway stops",
      timeout,
      async () => {
        const folder = home({
          meta: { lastTouchedVersion: "2026.9.6" },
          gateway: { port: 47 },
          agents: { entries: { main: { name: "Molly" } } },
        });
        const agent = startAgent(await monitor.start(), { HOME: folder });
        const files = { version: "OpenClaw 2026.9.6", agents: [{ id: "main", name: "Molly", status: "offline" }] };
        const pushes = (fits: (body: unknown) => boolean) =>
          monitor.request(({ method, body }) => method === "POST" && fits(JSON.parse(body)));
        expect(JSON.parse((await pushes(() => true)).body)).toEqual(files);
        const told = {
          version: "OpenClaw 2026.9.6 (eb377ac)",
          plugin_version: "0.2.0",
          agents: [{ id: "main", name: "Molly", status: "online" }, { id: "helper", name: "helper", status: "online" }],
        };
        const taken = await tell(agent, told);
        expect([taken.status, await taken.json()]).toEqual([200, { status: "ok" }]);
        const isTold = (body: unknown) => JSON.stringify(body).includes("eb377ac");
        const passedOn = await pushes(isTold);
        expect(passedOn).toMatchObject({ path: "/openclaw", headers: { "content-type": "application/json" } });
        expect(JSON.parse(passedOn.body)).toEqual(told);
        // The later one counts: what is pushed from now on is what the plugin said.
        monitor.requests.length = 0;
        expect(isTold(JSON.parse((await pushes(() => true)).body))).toBe(true);
        expect((await tell(agent, { ...told, event: "gateway_stop", reason: "gateway stopping" })).status).toBe(200);
        monitor.requests.length = 0;
        const last = await pushes((body) => !isTold(body));
        expect(JSON.parse(last.body)).toEqual(files);
        await agent.stop();
      },
    );

    test("refuses what no plugin would push, and tells the Monitor nothing of it", timeout, async () => {
      const agent = startAgent(await monitor.start());
      await agent.event("monitor_found");
      expect((await tell(agent, { version: 7 })).status).toBe(400);
      expect((await tell(agent, "{")).status).toBe(400);
      expect((await tell(agent, { agents: [{ id: "x".repeat(100_000) }] })).status).toBe(413);
      await agent.stop();
      expect(monitor.requests.filter(({ method }) => method === "POST")).toEqual([]);
    });

    const bad: readonly (readonly [what: string, code: string, behave: StrangersMonitor["behave"]])[] = [
      ["is Prometheus' node exporter", "ANSWER_INVALID", nodeExporter],
      ["never answers", "TIMED_OUT", () => undefined],
      [
        "answers a blank at a time",
        "TIMED_OUT",
        (_request, response) => {
          response.writeHead(200, { "content-type": "application/json" });
          const timer = setInterval(() => response.write(" "), 100);
          response.on("close", () => clearInterval(timer));
        },
      ],
      ["says 500", "REMOTE_FAILURE", (_request, response) => void response.writeHead(500).end("out of order")],
      ["says 404", "NOT_FOUND", (_request, response) => void response.writeHead(404).end()],
      [
        "redirects",
        "REDIRECT_REFUSED",
        (_request, response) => void response.writeHead(302, { location: "http://127.0.0.1:9/" }).end(),
      ],
      ["answers with a list", "ANSWER_INVALID", (_request, response) => void response.writeHead(200).end("[]")],
      [
        "measures other types",
        "ANSWER_INVALID",
        butFor(
          "/telemetry",
          (_request, response) => void response.writeHead(200).end('{"cpu_pct":"a lot","mem_pct":52}'),
        ),
      ],
      [
        "sends 100 MB",
        "ANSWER_TOO_LARGE",
        butFor("/telemetry", (_request, response) => {
          const piece = Buffer.alloc(1_000_000, 0x20);
          let left = 100;
          const send = (): void => {
            while (left-- > 0) if (!response.write(piece)) return void response.once("drain", send);
            response.end("{}");
          };
          send();
        }),
      ],
      [
        "dies in the middle",
        "CONNECTION_CLOSED",
        butFor("/telemetry", (_request, response) => {
          response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
          response.write('{"cpu_pct": 1', () => response.destroy());
        }),
      ],
      [
        "refuses what it is told",
        "REJECTED",
        butFor("/openclaw", (_request, response) => void response.writeHead(400).end("agents")),
      ],
    ];
    for (const [what, code, behave] of bad) {
      test(`names, counts and survives one that ${what}, and is well with it once it is well`, timeout, async () => {
        monitor.behave = behave;
        const agent = startAgent(await monitor.start(), { HOME: home({ gateway: { port: 47 } }) });
        const failed = await agent.event("monitor_failed");
        const codes = code === "CONNECTION_CLOSED" ? [code, "CONNECTION_RESET"] : [code];
        const error = failed["error"] as { readonly code: string; readonly hint: string };
        expect(codes).toContain(error.code);
        expect(error.hint).toMatch(/\w/);
        expect(await metricsOf(agent)).toMatch(/^barnacle_bridge_calls_total\{[^}]*outcome="failure"\} [1-9]/m);
        expect((await statusOf(agent)).bridge).toMatchObject({ state: "failing", last_error: { code: error.code } });
        monitor.behave = behaveWell;
        await agent.event("monitor_recovered");
        expect((await agent.stop()).code).toBe(0);
      });
    }
  });

  describe("the dead-man's switch", () => {
    const TOKEN = "Secret-Push-Token-Of-Kuma";

    test(
      "is requested after publications that were taken, and told at once of a degraded host; its address shows nowhere",
      timeout,
      async () => {
        monitor.behave = (_request, response) => void response.writeHead(200).end('{"ok":true}');
        const port = await monitor.start();
        const baseUrl = await receiver.open();
        const agent = startAgent(0, {
          OPENCLAW_BASE_URL: baseUrl,
          OPENCLAW_API_KEY: "an-ordinary-key",
          BARNACLE_OPENCLAW_INTERVAL_SECONDS: "1",
          BARNACLE_HEALTH_ERROR_RATE_TASKS_MIN: "1",
          BARNACLE_DEADMAN_URL: `http://127.0.0.1:${port}/api/push/${TOKEN}?status=up&msg=OK&ping=`,
        });
        const well = await monitor.request(({ path }) => path.includes("status=up"));
        expect(receiver.publications.length).toBeGreaterThan(0);
        expect(well.path).toContain(`/api/push/${TOKEN}?`);
        const url = await agent.url("http");
        await fetch(`${url}/report`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ reporter: "worker", failed: 5 }),
        });
        const ill = await monitor.request(({ path }) => path.includes("status=down"));
        expect(new URL(ill.path, url).searchParams.get("msg")).toMatch(/\w/);
        await agent.event("deadman_requested", ({ said }) => said === "failure");
        const status = await statusOf(agent);
        expect(status.deadman).toMatchObject({
          kind: "uptime-kuma",
          origin: `http://127.0.0.1:${port}`,
          last_outcome: "failure",
        });
        await monitor.stop();
        await agent.event("deadman_failed");
        const shown = await stage.run(["config", "show", "--dir", agent.directory], {
          environment: { BARNACLE_DEADMAN_URL: `http://127.0.0.1:${port}/api/push/${TOKEN}` },
        });
        await agent.stop();
        const everything = [agent.stdout, agent.stderr, shown.stdout, shown.stderr, JSON.stringify(status)].join();
        expect(everything).not.toContain(TOKEN);
      },
    );

    test("is not told that all is well while the receiver takes nothing", timeout, async () => {
      const port = await monitor.start();
      receiver.behave = (_request, response) => void response.writeHead(503).end();
      const agent = startAgent(0, {
        OPENCLAW_BASE_URL: await receiver.open(),
        OPENCLAW_API_KEY: "an-ordinary-key",
        BARNACLE_OPENCLAW_INTERVAL_SECONDS: "1",
        BARNACLE_DEADMAN_URL: `http://127.0.0.1:${port}/ping/5a7f2c1e-0000-4000-8000-000000000000`,
      });
      await agent.event("publish_failed");
      await agent.event("publish_failed", ({ consecutiveFailures }) => Number(consecutiveFailures) > 1);
      expect(monitor.requests).toEqual([]);
      await agent.stop();
    });
  });
}
