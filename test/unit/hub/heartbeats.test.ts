/** Hunts: a heartbeat that is lost, shown with the wrong instance, taken from a stranger, or that makes a host appear twice. */
import { describe, expect, test } from "vitest";
import { Secret } from "../../../src/log/mod.ts";
import { HEARTBEAT } from "../../support/seed-examples.ts";
import { at, DAY_MS, document, type HubBench, listAt, SECOND_MS, startHubBench } from "./support.ts";

const PATH = "/monitor/server/heartbeat";

function beat(hub: HubBench, more: Record<string, unknown> = {}, key?: string, path = PATH) {
  return hub.request(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key === undefined ? {} : { "x-api-key": key }) },
    body: JSON.stringify({ ...HEARTBEAT, ...more }),
  });
}

const keys = (...names: string[]) => ({
  extraKeys: names.map((name) => ({ name, key: new Secret(`key-of-${name}`) })),
});

describe("a Monitor's heartbeat", () => {
  test.each([PATH, `${PATH}-v2`])("is taken at %s with X-API-Key, and shown with its host", async (path) => {
    const hub = await startHubBench(keys("fleet"));
    const answer = await beat(hub, {}, "key-of-fleet", path);
    expect(answer).toMatchObject({ status: 200, body: { accepted: true, identifier: "vps.t1" } });
    await hub.clock.advance(5 * SECOND_MS);
    const { body } = await hub.get("/v1/instances/vps.t1", "key-of-fleet");
    const { identifier, ...fields } = HEARTBEAT;
    expect(at(body, "telemetry")).toEqual({
      identifier,
      age_seconds: 5,
      expired: false,
      last_heard: expect.any(String),
      ...fields,
    });
  });

  test("is refused with another key, and without one, and leaves no trace", async () => {
    const hub = await startHubBench(keys("fleet"));
    expect((await beat(hub, {}, "another")).status).toBe(401);
    expect((await beat(hub)).status).toBe(401);
    expect(at((await hub.get("/v1/instances", "key-of-fleet")).body, "total")).toBe(0);
  });

  test("belongs to the instance of its name, and to those whose tag `host` it is", async () => {
    const hub = await startHubBench();
    await hub.post(document("vps.t1"));
    await hub.post(document("worker", { tags: { host: "vps.t1" } }));
    await hub.post(document("elsewhere", { tags: { host: "vps.t2" } }));
    await beat(hub);
    const { body } = await hub.get("/v1/instances");
    const shown = listAt(body, "instances").map((
      instance,
    ) => [at(instance, "instance_id"), at(instance, "telemetry", "cpu_pct")]);
    expect(Object.fromEntries(shown as [string, unknown][])).toEqual({
      "vps.t1": 10.5,
      worker: 10.5,
      elsewhere: undefined,
    });
  });

  test("makes a host an instance that takes no work, until an instance says to run there", async () => {
    const hub = await startHubBench();
    await beat(hub);
    expect((await hub.get("/v1/instances/vps.t1")).body).toMatchObject({
      service_name: "harborforge-monitor",
      status: "healthy",
      availability: "paused",
      free: 0,
      document: { uptime_seconds: 12345 },
    });
    await hub.post(document("worker", { tags: { host: "vps.t1" } }));
    expect(await hub.ids("")).toEqual(["worker"]);
    await beat(hub);
    expect(await hub.ids("")).toEqual(["worker"]);
    await hub.post(document("worker"));
    await beat(hub);
    expect(await hub.ids("")).toEqual(["vps.t1", "worker"]);
  });

  test("never stands in for an instance that publishes itself", async () => {
    const hub = await startHubBench();
    await hub.post(document("vps.t1", { service_name: "chimera" }));
    await beat(hub);
    expect(at((await hub.get("/v1/instances/vps.t1")).body, "service_name")).toBe("chimera");
  });

  test("makes its host offline when none has come for 7 minutes, and forgotten after a day", async () => {
    const hub = await startHubBench();
    await beat(hub);
    await hub.clock.advance(419 * SECOND_MS);
    expect(at((await hub.get("/v1/instances/vps.t1")).body, "status")).toBe("healthy");
    await hub.clock.advance(SECOND_MS);
    expect((await hub.get("/v1/instances/vps.t1")).body).toMatchObject({
      status: "offline",
      telemetry: { expired: true },
    });
    await hub.clock.advance(DAY_MS);
    expect((await hub.get("/v1/instances/vps.t1")).status).toBe(404);
    expect((await hub.get("/metrics")).body).toMatchObject({
      text: expect.stringContaining("barnacle_hub_monitors 0"),
    });
  });

  test("is taken from a stranger who knows fewer fields, but not without an identifier", async () => {
    const hub = await startHubBench();
    const post = (body: unknown) =>
      hub.request(PATH, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    expect((await post({ identifier: "bare" })).status).toBe(200);
    expect(at((await hub.get("/v1/instances/bare")).body, "telemetry", "cpu_pct")).toBeUndefined();
    const refused = await post({ cpu_pct: 1 });
    expect(refused).toMatchObject({ status: 400, body: { error: { field: "identifier" } } });
    expect(await post({ ...HEARTBEAT, cpu_pct: "many" })).toMatchObject({
      status: 400,
      body: { error: { field: "cpu_pct" } },
    });
    expect(await post({ identifier: "\ud800" })).toMatchObject({
      status: 400,
      body: { error: { field: "identifier" } },
    });
    expect(await hub.request(PATH)).toMatchObject({ status: 405 });
  });

  test("belongs to the key it first came with", async () => {
    const hub = await startHubBench(keys("one", "two"));
    await beat(hub, {}, "key-of-one");
    expect(await beat(hub, { cpu_pct: 99 }, "key-of-two")).toMatchObject({ status: 403 });
    expect(at((await hub.get("/v1/instances/vps.t1", "key-of-one")).body, "telemetry", "cpu_pct")).toBe(10.5);
  });

  test("cannot name an instance of another key as its host's", async () => {
    const hub = await startHubBench(keys("one", "two"));
    await hub.post(document("vps.t1"), { key: "key-of-one" });
    expect(await beat(hub, {}, "key-of-two")).toMatchObject({ status: 403 });
    expect(at((await hub.get("/v1/instances/vps.t1", "key-of-one")).body, "telemetry")).toBeUndefined();
  });

  test("survives a restart, with its age", async () => {
    const hub = await startHubBench();
    await beat(hub);
    await hub.clock.advance(3 * SECOND_MS);
    await hub.hub.stop();
    const again = await startHubBench({ after: hub });
    await again.clock.advance(2 * SECOND_MS);
    expect((await again.get("/v1/instances/vps.t1")).body).toMatchObject({
      telemetry: { cpu_pct: 10.5, age_seconds: 5 },
    });
  });

  test("is refused when the hub has no room for another Monitor", async () => {
    const hub = await startHubBench({ instancesMax: 1 });
    await beat(hub);
    expect(await beat(hub, { identifier: "second" })).toMatchObject({ status: 429 });
    expect((await beat(hub)).status).toBe(200);
  });

  test("is counted by what became of it", async () => {
    const hub = await startHubBench(keys("one", "two"));
    await beat(hub, {}, "key-of-one");
    await beat(hub, {}, "key-of-two");
    const text = String(at((await hub.get("/metrics", "key-of-one")).body, "text"));
    expect(text).toContain('barnacle_hub_heartbeats_total{outcome="accepted"} 1');
    expect(text).toContain('barnacle_hub_heartbeats_total{outcome="forbidden"} 1');
  });
});

describe("GET /v1/instances/{id}/history", () => {
  test("has what the instance published and what its host's Monitor reported, in the same steps", async () => {
    const hub = await startHubBench();
    for (let round = 0; round < 4; round++) {
      await hub.post(
        document("worker", { tags: { host: "vps.t1" }, timestamp: new Date(hub.clock.wallMs()).toISOString() }),
      );
      await beat(hub, { cpu_pct: round });
      await hub.clock.advance(30 * SECOND_MS);
    }
    const { status, body } = await hub.get("/v1/instances/worker/history?step=30");
    expect(status).toBe(200);
    expect(body).toMatchObject({ instance_id: "worker", step_seconds: 30 });
    expect(listAt(body, "points").map((point) => [at(point, "active_tasks"), at(point, "cpu_pct")])).toEqual([
      [1, 0],
      [1, 1],
      [1, 2],
      [1, 3],
    ]);
  });

  test("is kept through a restart", async () => {
    const hub = await startHubBench();
    await beat(hub);
    await hub.hub.stop();
    const again = await startHubBench({ after: hub });
    const { body } = await again.get("/v1/instances/vps.t1/history");
    expect(listAt(body, "points")).toMatchObject([{ cpu_pct: 10.5, load_1: 0.12, status: "healthy" }]);
  });

  test("is refused for a range that makes no sense, with the parameter at fault", async () => {
    const hub = await startHubBench();
    await beat(hub);
    const ask = (query: string) => hub.get(`/v1/instances/vps.t1/history?${query}`);
    expect(await ask("step=0")).toMatchObject({ status: 400, body: { error: { field: "step" } } });
    expect(await ask("from=yesterday")).toMatchObject({ status: 400, body: { error: { field: "from" } } });
    expect(await ask("from=2026-02-06T13:00:00Z")).toMatchObject({ status: 400 });
  });

  test("is not found where none is kept", async () => {
    const hub = await startHubBench({ historyInstancesMax: 0 });
    await beat(hub);
    expect((await hub.get("/v1/instances/vps.t1/history")).status).toBe(404);
    expect((await hub.get("/v1/instances/nobody/history")).status).toBe(404);
  });
});
