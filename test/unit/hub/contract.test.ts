/**
 * Hunts: a receiving end that breaks a sentence of the status contract's "The receiving end". Tests are named after its
 * sentences.
 */
import { describe, expect, test } from "vitest";
import { at, DAY_MS, document, nextMessageId, SECOND_MS, startHubBench, strangersDocument } from "./support.ts";

describe("POST /openclaw/status", () => {
  test("answers 202 with accepted, message_id and duplicate", async () => {
    const hub = await startHubBench();
    const sent = document("one");
    const { status, body } = await hub.post(sent);
    expect(status).toBe(202);
    expect(body).toEqual({ accepted: true, message_id: sent["message_id"], duplicate: false });
  });

  test("takes a stranger's document as the user wrote it, without message_id", async () => {
    const hub = await startHubBench();
    const { status, body } = await hub.post(strangersDocument());
    expect(status).toBe(202);
    expect(body).toEqual({ accepted: true, message_id: null, duplicate: false });
  });

  test("answers 400 with the field that is wrong", async () => {
    const hub = await startHubBench();
    const cases: readonly (readonly [Record<string, unknown>, string])[] = [
      [{ instance_id: "" }, "instance_id"],
      [{ instance_id: "\ud800" }, "instance_id"],
      [{ timestamp: "yesterday" }, "timestamp"],
      [{ timestamp: "2026-02-06T12:05:01Z" }, "timestamp"],
      [{ capacity: { concurrent_tasks: 4, queue_length: "many" } }, "capacity.queue_length"],
      [{ capabilities: ["ok", 7] }, "capabilities[1]"],
      [{ health: { status: "fine" } }, "health.status"],
      [{ message_id: "not a uuid" }, "message_id"],
      [{ expires_in_seconds: 0 }, "expires_in_seconds"],
    ];
    for (const [wrong, field] of cases) {
      const { status, body } = await hub.post(document("one", wrong));
      expect([status, at(body, "error", "code"), at(body, "error", "field")]).toEqual([400, "BODY_INVALID", field]);
    }
    expect(at((await hub.get("/v1/instances")).body, "total")).toBe(0);
  });

  test("answers 400 to what is no JSON, without quoting it", async () => {
    const hub = await startHubBench();
    for (const garbage of ["", "{", "bk_secret", "[".repeat(60_000), "\u0000\u0001"]) {
      const { status, body } = await hub.post(garbage);
      expect([status, at(body, "error", "code")]).toEqual([400, "BODY_INVALID"]);
      expect(JSON.stringify(body)).not.toContain("bk_secret");
    }
  });

  test("answers 401 without a key where keys are needed", async () => {
    const hub = await startHubBench();
    const keys = await hub.openKeys();
    keys.addKey("edge");
    keys.close();
    await hub.clock.advance(5 * SECOND_MS);
    const { status, headers } = await hub.post(document("one"));
    expect([status, headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  });

  test("answers 413 beyond 64 KiB, and takes what is just below", async () => {
    const hub = await startHubBench();
    const size = JSON.stringify(document("one", { padding: "" })).length;
    expect((await hub.post(document("one", { padding: "x".repeat(65_536 - size) }))).status).toBe(202);
    expect((await hub.post(document("one", { padding: "x".repeat(65_537 - size) }))).status).toBe(413);
  });

  test("answers 415 to another content type", async () => {
    const hub = await startHubBench();
    expect((await hub.post(document("one"), { headers: { "content-type": "text/plain" } })).status).toBe(415);
  });

  test("answers 429 with Retry-After beyond the rate of a key", async () => {
    const hub = await startHubBench({ requestsPerSecondPerKey: 0.1, burstPerKey: 2 });
    expect((await hub.post(document("one"))).status).toBe(202);
    expect((await hub.post(document("one"))).status).toBe(202);
    const refused = await hub.post(document("one"));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "10"]);
    await hub.clock.advance(10 * SECOND_MS);
    expect((await hub.post(document("one"))).status).toBe(202);
  });
});

describe("a repeated message_id", () => {
  test("is accepted and changes nothing", async () => {
    const hub = await startHubBench();
    const message_id = nextMessageId();
    await hub.post(document("one", { message_id, uptime_seconds: 1 }));
    await hub.clock.advance(10 * SECOND_MS);
    const { status, body } = await hub.post(
      document("one", { message_id, uptime_seconds: 2, timestamp: "2026-02-06T12:00:09Z" }),
    );
    expect([status, body]).toEqual([202, { accepted: true, message_id, duplicate: true }]);
    const known = (await hub.get("/v1/instances/one")).body;
    expect([at(known, "age_seconds"), at(known, "document", "uptime_seconds")]).toEqual([10, 1]);
  });

  test("is known even when others came in between", async () => {
    const hub = await startHubBench();
    const first = document("one");
    await hub.post(first);
    for (let more = 0; more < 5; more++) await hub.post(document("one"));
    expect(at((await hub.post(first)).body, "duplicate")).toBe(true);
  });

  test("of another instance is no repetition", async () => {
    const hub = await startHubBench();
    const message_id = nextMessageId();
    await hub.post(document("one", { message_id }));
    expect(at((await hub.post(document("two", { message_id }))).body, "duplicate")).toBe(false);
  });
});

describe("an older timestamp", () => {
  test("never overwrites a newer one", async () => {
    const hub = await startHubBench();
    await hub.post(document("one", { timestamp: "2026-02-06T12:00:00.250Z", uptime_seconds: 2 }));
    const { status, body } = await hub.post(
      document("one", { timestamp: "2026-02-06T12:00:00.249Z", uptime_seconds: 1 }),
    );
    expect([status, at(body, "accepted"), at(body, "duplicate"), at(body, "stale")]).toEqual([202, true, false, true]);
    expect(at(body, "known_timestamp")).toBe("2026-02-06T12:00:00.250Z");
    expect(at((await hub.get("/v1/instances/one")).body, "document", "uptime_seconds")).toBe(2);
  });

  test("counts for nothing when the newer one was taken while the hub's own clock was hours ahead", async () => {
    const hub = await startHubBench();
    hub.clock.jumpWall(3 * 60 * 60 * SECOND_MS);
    await hub.post(document("one", { timestamp: "2026-02-06T15:00:00Z", uptime_seconds: 1 }));
    await hub.hub.stop();
    hub.clock.jumpWall(-3 * 60 * 60 * SECOND_MS);
    const again = await startHubBench({ after: hub });
    expect(at((await again.post(document("one", { uptime_seconds: 2 }))).body, "stale")).toBeUndefined();
    expect(at((await again.get("/v1/instances/one")).body, "document", "uptime_seconds")).toBe(2);
  });

  test("that is the same lets the later arrival win", async () => {
    const hub = await startHubBench();
    await hub.post(document("one", { uptime_seconds: 1 }));
    await hub.post(document("one", { uptime_seconds: 2 }));
    expect(at((await hub.get("/v1/instances/one")).body, "document", "uptime_seconds")).toBe(2);
  });
});

describe("an instance that has not been heard of", () => {
  test("for expires_in_seconds turns offline by itself", async () => {
    const hub = await startHubBench();
    await hub.post(document("one", { expires_in_seconds: 60 }));
    await hub.clock.advance(59_999);
    expect((await hub.get("/v1/instances/one")).body).toMatchObject({ status: "healthy", expired: false, free: 3 });
    await hub.clock.advance(1);
    expect((await hub.get("/v1/instances/one")).body)
      .toMatchObject({ status: "offline", availability: "offline", expired: true, free: 0 });
    expect(await hub.ids("status=healthy")).toEqual([]);
    expect(await hub.ids("min_free=1")).toEqual([]);
    expect(await hub.ids("status=offline&availability=offline")).toEqual(["one"]);
  });

  test("turns offline after 90 s when its document does not say", async () => {
    const hub = await startHubBench();
    await hub.post(strangersDocument({ instance_id: "one" }));
    await hub.clock.advance(89 * SECOND_MS);
    expect(await hub.ids("status=healthy")).toEqual(["one"]);
    await hub.clock.advance(SECOND_MS);
    expect(await hub.ids("status=offline")).toEqual(["one"]);
  });

  test("is back with its next publication", async () => {
    const hub = await startHubBench();
    await hub.post(document("one"));
    await hub.clock.advance(100 * SECOND_MS);
    await hub.post(document("one", { timestamp: "2026-02-06T12:01:40Z" }));
    expect((await hub.get("/v1/instances/one")).body).toMatchObject({
      status: "healthy",
      expired: false,
      age_seconds: 0,
    });
  });

  test("is forgotten after a day", async () => {
    const hub = await startHubBench();
    await hub.post(document("one"));
    await hub.clock.advance(DAY_MS - SECOND_MS);
    expect(await hub.ids("")).toEqual(["one"]);
    await hub.clock.advance(SECOND_MS);
    expect((await hub.get("/v1/instances/one")).status).toBe(404);
    expect((await hub.get("/v1/instances")).body).toMatchObject({ matched: 0, total: 0 });
    expect(at((await hub.post(document("one", { timestamp: "2020-01-01T00:00:00Z" }))).body, "stale")).toBeUndefined();
  });

  test("grows old also while the wall clock is set back", async () => {
    const hub = await startHubBench();
    await hub.post(document("one"));
    hub.clock.jumpWall(-3_600_000);
    await hub.clock.advance(90 * SECOND_MS);
    expect((await hub.get("/v1/instances/one")).body).toMatchObject({ expired: true, age_seconds: 90 });
  });
});

describe("unknown fields", () => {
  test("are kept, at every level, as they came", async () => {
    const hub = await startHubBench();
    const sent = document("one", {
      region_hint: { "__proto__x": [1.50, null] },
      capacity: { concurrent_tasks: 4, active_tasks: 1, queue_length: 0, gpu_slots: 2 },
      health: { status: "degraded", why: "\u2028 </script>", details: {} },
    });
    await hub.post(JSON.stringify(sent, null, 2));
    expect(at((await hub.get("/v1/instances/one")).body, "document")).toEqual(sent);
    expect(at((await hub.get("/v1/instances")).body, "instances", 0, "document")).toEqual(sent);
  });
});
