/** From the first beat to `offline`: the life of one agent with a stranger's receiver at the other end. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Stage, type Way } from "./barnacle.ts";
import { Receiver } from "./receiver.ts";
import { TEST_TIMEOUT_MS } from "./timeout.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };
const SECRET = "a-key-that-nobody-may-ever-see";
const REGISTRATION = { agents: [{ name: "downloader", capabilities: ["download", "transcribe"], slots: 2 }] };

export function defineLifeTests(way: Way): void {
  let stage = new Stage(way);
  let receiver = new Receiver();
  afterEach(async () => {
    await stage.clear();
    await receiver.stop();
    stage = new Stage(way);
    receiver = new Receiver();
  });

  async function startAgent(
    { listen = "127.0.0.1:0", more = [] as readonly string[], environment = {} as Record<string, string> } = {},
  ) {
    const folder = stage.folder();
    writeFileSync(join(folder, "agents.json"), JSON.stringify(REGISTRATION));
    const agent = stage.start(["run", "--dir", folder, "--http", listen, "--log", "json", ...more], {
      environment: {
        OPENCLAW_BASE_URL: await receiver.open(),
        OPENCLAW_API_KEY: SECRET,
        BARNACLE_SERVICE_AGENT_NAME: "Chimera",
        BARNACLE_SERVICE_NAME: "project-chimera",
        ...environment,
      },
    });
    return { agent, folder, url: await agent.url("http") };
  }

  async function getJson(url: string, init?: RequestInit) {
    const response = await fetch(url, init);
    return { status: response.status, body: await response.json() as Record<string, never> };
  }

  const report = (url: string, body: unknown) =>
    getJson(`${url}/report`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  describe("a life", () => {
    test("publishes, answers, follows the reported work, and ends with draining and offline", timeout, async () => {
      const { agent, url } = await startAgent();
      const first = await receiver.publication();
      expect(first.method).toBe("POST");
      expect(first.path).toBe("/openclaw/status");
      expect(first.headers.authorization).toBe(`Bearer ${SECRET}`);
      expect(Object.keys(first.document).sort()).toEqual([
        "availability",
        "capabilities",
        "capacity",
        "expires_in_seconds",
        "health",
        "instance_id",
        "message_id",
        "schema_version",
        "service_name",
        "timestamp",
        "uptime_seconds",
        "version",
      ]);
      expect(first.document).toMatchObject({
        service_name: "project-chimera",
        capabilities: ["download", "transcribe"],
        capacity: { concurrent_tasks: 2, active_tasks: 0, queue_length: 0 },
        health: { status: "healthy" },
        availability: "available",
        expires_in_seconds: 90,
      });

      const accepted = await report(url, { reporter: "worker-1", active_tasks: 2, queue_length: 3 });
      expect(accepted).toMatchObject({ status: 200, body: { accepted: true, reporter: "worker-1" } });
      const busy = await receiver.publication((publication) => publication.document["availability"] === "busy");
      expect(busy.document).toMatchObject({ capacity: { active_tasks: 2, queue_length: 3 } });

      const { body } = await getJson(`${url}/status`);
      expect(body).toMatchObject({ agent_name: "Chimera", status: "Busy", active_jobs: 2 });
      expect(body["details"]).toMatchObject({ instance_id: first.document["instance_id"] });

      expect(await agent.stop()).toEqual({ code: 0, signal: null });
      expect(receiver.publications.slice(-2).map(({ document }) => document.health.status)).toEqual([
        "draining",
        "offline",
      ]);
    });

    test("stops on SIGINT with exit code 0", timeout, async () => {
      const { agent } = await startAgent();
      expect(await agent.stop("SIGINT")).toEqual({ code: 0, signal: null });
    });

    test("keeps its instance id across restarts, and gives each publication its own message id", timeout, async () => {
      const { agent, folder } = await startAgent();
      await receiver.publication();
      await agent.stop();
      const before = receiver.publications.length;
      const base = await receiver.stop().then(() => receiver.open());
      const again = stage.start(["run", "--dir", folder, "--http", "127.0.0.1:0", "--log", "json"], {
        environment: { OPENCLAW_BASE_URL: base },
      });
      await receiver.publication((publication) => receiver.publications.indexOf(publication) >= before);
      await again.stop();
      expect(new Set(receiver.publications.map(({ document }) => document["instance_id"])).size).toBe(1);
      const ids = receiver.publications.map(({ document }) => document.message_id);
      expect(new Set(ids).size).toBe(ids.length);
    });

    test("answers every endpoint of the contract's table", timeout, async () => {
      const { agent, url } = await startAgent();
      await agent.event("publish_succeeded");
      const { body: capabilities } = await getJson(`${url}/capabilities`);
      expect(capabilities).toMatchObject({
        agent_name: "Chimera",
        capabilities: ["download", "transcribe"],
        agents: [{ name: "downloader", slots: 2 }],
        capacity: { concurrent_tasks: 2 },
      });
      expect((await getJson(`${url}/healthz`)).status).toBe(200);
      expect((await getJson(`${url}/readyz`)).status).toBe(200);
      const { body: openapi } = await getJson(`${url}/openapi.json`);
      expect(Object.keys(openapi["paths"] ?? {}).sort()).toEqual([
        "/capabilities",
        "/healthz",
        "/mail/archive",
        "/mail/peers",
        "/mail/ping",
        "/metrics",
        "/openapi.json",
        "/openclaw",
        "/readyz",
        "/report",
        "/status",
      ]);
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toMatch(/^barnacle_publish_total\{[^}]*\} [1-9]/m);
      expect(metrics).toMatch(/^process_resident_memory_bytes [1-9]/m);
    });

    test(
      "re-reads the registration file when it changes, and keeps the last good one when an edit breaks it",
      timeout,
      async () => {
        const { agent, folder } = await startAgent();
        const file = join(folder, "agents.json");
        writeFileSync(file, JSON.stringify({ agents: [{ name: "painter", capabilities: ["paint"], slots: 1 }] }));
        const painted = await receiver.publication(({ document }) => String(document["capabilities"]) === "paint");
        expect(painted.document).toMatchObject({ capacity: { concurrent_tasks: 1 } });
        writeFileSync(file, '{"agents": [{"name": 7}]}');
        const complaint = await agent.event("registration_invalid");
        expect(JSON.stringify(complaint)).toContain("agents[0].name");
        const { body } = await getJson(`${await agent.url("http")}/capabilities`);
        expect(body["capabilities"]).toEqual(["paint"]);
      },
    );

    test("wants a token on any other address than loopback, and then for all but /healthz", timeout, async () => {
      const bare = await stage.run(["run", "--dir", stage.folder(), "--http", "0.0.0.0:0", "--log", "json"]);
      expect(bare.exit.code).toBe(2);
      expect(bare.stderr).toContain("http.token");
      const { url } = await startAgent({
        listen: "0.0.0.0:0",
        environment: { BARNACLE_HTTP_TOKEN: "a-long-enough-token" },
      });
      const local = url.replace("0.0.0.0", "127.0.0.1");
      expect((await fetch(`${local}/healthz`)).status).toBe(200);
      expect((await fetch(`${local}/status`)).status).toBe(401);
      const headers = { authorization: "Bearer a-long-enough-token" };
      expect((await fetch(`${local}/status`, { headers })).status).toBe(200);
    });

    test("never shows the key in its output, its answers, its files or the process list", timeout, async () => {
      receiver.behave = (_request, response) => {
        response.writeHead(401, { "content-type": "application/json" });
        response.end(JSON.stringify({ error: `the key ${SECRET} is wrong` }));
      };
      const { agent, url, folder } = await startAgent({ more: ["--log-level", "debug"] });
      await agent.event("publish_failed");
      for (const path of ["/status", "/capabilities", "/metrics", "/readyz", "/openapi.json"]) {
        expect(await (await fetch(url + path)).text()).not.toContain(SECRET);
      }
      if (process.platform === "linux") {
        expect(readFileSync(`/proc/${agent.child.pid}/cmdline`, "utf8")).not.toContain(SECRET);
      }
      await agent.stop();
      expect(agent.stdout + agent.stderr).not.toContain(SECRET);
      mkdirSync(join(folder, ".barnacle"), { recursive: true });
      const shown = await stage.run(["config", "show", "--dir", folder], { environment: { OPENCLAW_API_KEY: SECRET } });
      expect(shown.exit.code).toBe(0);
      expect(shown.stdout + shown.stderr).not.toContain(SECRET);
      expect(shown.stdout).toContain("OPENCLAW_API_KEY");
    });

    test("signs its publications when asked to, with the key its node id names", timeout, async () => {
      await startAgent({ environment: { BARNACLE_OPENCLAW_SIGN_REQUESTS: "true" } });
      const { headers, document } = await receiver.publication();
      expect(headers["signature-input"]).toMatch(/^sig1=\(.*"content-digest".*\);.*created=\d+/);
      expect(headers["content-digest"]).toMatch(/^sha-256=:/);
      expect(document["node_id"]).toMatch(/^ed25519:[A-Za-z0-9_-]{43}$/);
    });
  });
}
