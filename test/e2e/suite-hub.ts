/** The hub as a process: what it keeps when it is killed, and what it tells. */
import { afterEach, describe, expect, test } from "vitest";
import { HEARTBEAT, STATUS_DOCUMENT } from "../support/seed-examples.ts";
import { Stage, type Way } from "./barnacle.ts";
import { TEST_TIMEOUT_MS } from "./timeout.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };

export function defineHubTests(way: Way): void {
  let stage = new Stage(way);
  afterEach(async () => {
    await stage.clear();
    stage = new Stage(way);
  });

  const startHub = (folder: string) =>
    stage.start(["hub", "--dir", folder, "--listen", "127.0.0.1:0", "--log", "json"]);

  async function post(url: string, document: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${url}/openclaw/status`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(document),
    });
    return { status: response.status, body: await response.json() };
  }

  const instances = async (url: string, query = "", headers: Record<string, string> = {}) =>
    await (await fetch(`${url}/v1/instances${query}`, { headers })).json();

  describe("the hub", () => {
    test("takes the user's example document and finds it by capability", timeout, async () => {
      const hub = startHub(stage.folder());
      const url = await hub.url("hub");
      expect(await post(url, STATUS_DOCUMENT)).toMatchObject({
        status: 202,
        body: { accepted: true, duplicate: false },
      });
      expect(await instances(url, "?capability=transcribe")).toMatchObject({
        matched: 1,
        instances: [{ instance_id: STATUS_DOCUMENT.instance_id, status: "healthy", document: STATUS_DOCUMENT }],
      });
      expect(await instances(url, "?capability=paint")).toMatchObject({ matched: 0, instances: [] });
      const one = await fetch(`${url}/v1/instances/${STATUS_DOCUMENT.instance_id}`);
      expect(await one.json()).toMatchObject({ instance_id: STATUS_DOCUMENT.instance_id });
      expect((await fetch(`${url}/v1/instances/nobody`)).status).toBe(404);
      expect(await hub.stop()).toEqual({ code: 0, signal: null });
    });

    test(
      "takes a HarborForge Monitor's heartbeat, shows it with its host, and keeps its history when killed",
      timeout,
      async () => {
        const folder = stage.folder();
        const hub = startHub(folder);
        const url = await hub.url("hub");
        await post(url, { ...STATUS_DOCUMENT, tags: { host: HEARTBEAT.identifier } });
        for (const path of ["heartbeat", "heartbeat-v2"]) {
          const answer = await fetch(`${url}/monitor/server/${path}`, {
            method: "POST",
            headers: { "content-type": "application/json", "x-api-key": "whatever opens a hub without keys" },
            body: JSON.stringify(HEARTBEAT),
          });
          expect(answer.status).toBe(200);
        }
        expect(await instances(url)).toMatchObject({ matched: 1, instances: [{ telemetry: HEARTBEAT }] });
        while (!(await (await fetch(`${url}/metrics`)).text()).includes("barnacle_hub_history_unwritten 0")) {
          await new Promise((wake) => setTimeout(wake, 20));
        }
        await hub.stop("SIGKILL");
        const again = await startHub(folder).url("hub");
        const history = await fetch(`${again}/v1/instances/${STATUS_DOCUMENT.instance_id}/history`);
        expect(await history.json()).toMatchObject({
          points: [{
            status: "healthy",
            queue_length: 10,
            cpu_pct: 10.5,
            mem_pct: 52.1,
            disk_pct: 81,
            swap_pct: 0,
            load_1: 0.12,
          }],
        });
      },
    );

    test("forgets nothing when it is stopped and started again", timeout, async () => {
      const folder = stage.folder();
      const hub = startHub(folder);
      const message = { ...STATUS_DOCUMENT, message_id: "6f1e1d1c-5b1a-4a19-9817-161514131211" };
      await post(await hub.url("hub"), message);
      await hub.stop();
      const url = await startHub(folder).url("hub");
      expect(await instances(url)).toMatchObject({ matched: 1 });
      expect(await post(url, message)).toMatchObject({ status: 202, body: { duplicate: true } });
    });

    test("killed with -9 loses no state that was accepted more than a second before", timeout, async () => {
      const folder = stage.folder();
      const hub = startHub(folder);
      const url = await hub.url("hub");
      const ids = Array.from({ length: 40 }, (_, index) => `instance-${index}`);
      const acceptedAtMs: number[] = [];
      for (const id of ids) {
        await post(url, { ...STATUS_DOCUMENT, instance_id: id });
        acceptedAtMs.push(performance.now());
        await new Promise((wake) => setTimeout(wake, 50));
      }
      const killedAtMs = performance.now();
      await hub.stop("SIGKILL");
      const found = await instances(await startHub(folder).url("hub"), "?limit=100");
      const kept = new Set(found.instances.map((instance: { instance_id: string }) => instance.instance_id));
      const owed = ids.filter((_, index) => killedAtMs - (acceptedAtMs[index] ?? killedAtMs) > 1_000);
      expect(owed.length).toBeGreaterThan(10);
      expect(owed.filter((id) => !kept.has(id))).toEqual([]);
    });

    test("wants a key once one exists, keeps it hashed, and refuses it once revoked", timeout, async () => {
      const folder = stage.folder();
      const made = await stage.run(["hub", "keys", "add", "ci", "--dir", folder]);
      const key = made.stdout.match(/bk_[A-Za-z0-9_-]+/)?.[0] ?? "";
      expect(key).not.toBe("");
      const hub = startHub(folder);
      const url = await hub.url("hub");
      const bearer = { authorization: `Bearer ${key}` };
      expect((await post(url, STATUS_DOCUMENT)).status).toBe(401);
      expect((await post(url, STATUS_DOCUMENT, { authorization: "Bearer bk_wrong" })).status).toBe(401);
      expect((await post(url, STATUS_DOCUMENT, bearer)).status).toBe(202);
      expect((await fetch(`${url}/v1/instances`)).status).toBe(401);
      expect(await instances(url, "", bearer)).toMatchObject({ matched: 1 });
      expect((await stage.run(["hub", "keys", "revoke", "ci", "--dir", folder])).exit.code).toBe(0);
      await hub.event("hub_keys_changed");
      expect((await post(url, STATUS_DOCUMENT, bearer)).status).toBe(401);
      await hub.stop();
      expect(hub.stdout + hub.stderr).not.toContain(key);
    });

    test("refuses another address than loopback while it has no key", timeout, async () => {
      const hub = await stage.run(["hub", "--dir", stage.folder(), "--listen", "0.0.0.0:0", "--log", "json"]);
      expect(hub.exit.code).toBe(2);
      expect(hub.stderr).toContain("hub keys add");
    });
  });

  describe("the agent and the hub", () => {
    test("in one process by `up`: the agent is found, and its offline is kept", timeout, async () => {
      const folder = stage.folder();
      const words = ["up", "--dir", folder, "--http", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--log", "json"];
      const both = stage.start(words);
      const url = await both.url("hub");
      await both.event("publish_succeeded");
      expect(await instances(url)).toMatchObject({ matched: 1, instances: [{ status: "healthy" }] });
      expect((await fetch(`${await both.url("http")}/status`)).status).toBe(200);
      expect(await both.stop()).toEqual({ code: 0, signal: null });
      expect(await instances(await startHub(folder).url("hub"))).toMatchObject({ instances: [{ status: "offline" }] });
    });

    test("in one process stay together when a first key closes the hub to strangers", timeout, async () => {
      const folder = stage.folder();
      const words = ["up", "--dir", folder, "--http", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--log", "json"];
      const both = stage.start([...words, "--log-level", "debug"], {
        environment: { BARNACLE_OPENCLAW_INTERVAL_SECONDS: "1" },
      });
      const url = await both.url("hub");
      await both.event("publish_succeeded");
      const made = await stage.run(["hub", "keys", "add", "ci", "--dir", folder]);
      const closed = await both.event("hub_keys_changed");
      await both.event("publish_succeeded", () => true, both.events.indexOf(closed));
      expect((await post(url, STATUS_DOCUMENT)).status).toBe(401);
      const key = made.stdout.match(/bk_[A-Za-z0-9_-]+/)?.[0] ?? "";
      const listed = await instances(url, "", { authorization: `Bearer ${key}` });
      expect(listed).toMatchObject({ matched: 1, instances: [{ status: "healthy" }] });
      expect(both.stderr).not.toContain("publish_failed");
    });

    test("a hub that was killed is told the truth again when it comes back", timeout, async () => {
      const folder = stage.folder();
      const hub = startHub(folder);
      const url = await hub.url("hub");
      const agent = stage.start(["run", "--dir", stage.folder(), "--http", "127.0.0.1:0", "--log", "json"], {
        environment: { OPENCLAW_BASE_URL: url, BARNACLE_OPENCLAW_INTERVAL_SECONDS: "1" },
      });
      await agent.event("publish_succeeded");
      await hub.stop("SIGKILL");
      await agent.event("publish_failed");
      const again = stage.start(["hub", "--dir", folder, "--listen", new URL(url).host, "--log", "json"]);
      await again.url("hub");
      await agent.event("publish_recovered");
      expect(await instances(url)).toMatchObject({ instances: [{ status: "healthy" }] });
    });
  });
}
