/**
 * Hunts: a key kept readable, a revoked key that still opens, a hub left open to everybody, one publisher speaking for
 * another.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Secret } from "../../../src/log/mod.ts";
import { at, document, type HubBench, makeHubBench, SECOND_MS, startHubBench } from "./support.ts";

async function addKey(hub: HubBench, name: string): Promise<string> {
  const keys = await hub.openKeys();
  const { key } = keys.addKey(name);
  keys.close();
  return key;
}

async function revoke(hub: HubBench, idOrName: string): Promise<number> {
  const keys = await hub.openKeys();
  const revoked = keys.revokeKey(idOrName);
  keys.close();
  return revoked.length;
}

describe("keys", () => {
  test("addKey gives the key once and the database keeps only its hash", async () => {
    const hub = await startHubBench();
    const key = await addKey(hub, "edge");
    expect(key).toMatch(/^bk_[A-Za-z0-9_-]{43}$/);
    await hub.hub.stop();
    const file = readFileSync(hub.databaseFile, "latin1");
    expect(file).not.toContain(key);
    expect(file).not.toContain(key.slice(3));
    const keys = await hub.openKeys();
    expect(JSON.stringify(keys.listKeys())).not.toContain(key.slice(3));
    expect(keys.listKeys()).toMatchObject([{ name: "edge", revokedAtMs: null }]);
    keys.close();
  });

  test("addKey refuses a name that is none", async () => {
    const keys = await makeHubBench().openKeys();
    for (const name of ["", "anonymous", "a\nb", "x".repeat(129), "\ud800"]) {
      expect(() => keys.addKey(name)).toThrow(expect.objectContaining({ code: "USAGE" }));
    }
    keys.close();
  });

  test("revokeKey takes an id or a name, and NOT_FOUND for one that is not good", async () => {
    const keys = await makeHubBench().openKeys();
    const first = keys.addKey("edge").entry;
    keys.addKey("edge");
    keys.addKey("core");
    expect(keys.revokeKey(first.id).map((entry) => entry.id)).toEqual([first.id]);
    expect(keys.revokeKey("edge").length).toBe(1);
    expect(() => keys.revokeKey("edge")).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    expect(keys.listKeys().filter((entry) => entry.revokedAtMs === null).map((entry) => entry.name)).toEqual(["core"]);
    keys.close();
  });

  test("a running hub follows a key that another process added or revoked within a few seconds", async () => {
    const hub = await startHubBench();
    const first = await addKey(hub, "edge");
    const second = await addKey(hub, "edge");
    await hub.clock.advance(4 * SECOND_MS);
    expect((await hub.post(document("one"), { key: first })).status).toBe(202);
    expect((await hub.post(document("one"), { key: second })).status).toBe(202);
    expect((await hub.post(document("one"), { key: `${second}x` })).status).toBe(401);
    expect(await revoke(hub, "edge")).toBe(2);
    await hub.clock.advance(4 * SECOND_MS);
    expect((await hub.post(document("one"), { key: first })).status).toBe(401);
  });

  test("a hub whose last key was revoked is closed, not open to everybody", async () => {
    const hub = await startHubBench();
    await addKey(hub, "edge");
    await revoke(hub, "edge");
    await hub.clock.advance(4 * SECOND_MS);
    expect((await hub.post(document("one"))).status).toBe(401);
    await hub.hub.stop();
    const again = await startHubBench({ after: hub });
    expect((await again.get("/v1/instances")).status).toBe(401);
  });

  test("a hub that others reach refuses to start without a key", async () => {
    const hub = makeHubBench({ isOnLoopback: false });
    await expect(hub.hub.start()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      hint: expect.stringContaining("hub keys add"),
    });
    const key = await addKey(hub, "edge");
    await hub.start();
    expect((await hub.post(document("one"))).status).toBe(401);
    expect((await hub.post(document("one"), { key })).status).toBe(202);
  });

  test("an extra key opens, is not stored, and closes the hub to those without one", async () => {
    const extraKeys = [{ name: "configured", key: new Secret("the agent's own key") }];
    const onLoopback = await startHubBench({ extraKeys });
    expect((await onLoopback.post(document("one"))).status).toBe(401);
    const hub = await startHubBench({ isOnLoopback: false, extraKeys });
    expect((await hub.post(document("one"), { key: "the agent's own key" })).status).toBe(202);
    expect((await hub.post(document("one"))).status).toBe(401);
    await hub.hub.stop();
    expect(readFileSync(hub.databaseFile, "latin1")).not.toContain("the agent's own key");
  });

  test("the own agent's key opens, closes the hub to nobody, and its instances may be taken over by a key", async () => {
    const hub = await startHubBench({ ownAgentKey: new Secret("made at this start") });
    expect((await hub.post(document("stranger"))).status).toBe(202);
    const key = await addKey(hub, "ci");
    await hub.clock.advance(4 * SECOND_MS);
    expect((await hub.post(document("stranger"))).status).toBe(401);
    expect((await hub.post(document("one"), { key: "made at this start" })).status).toBe(202);
    expect((await hub.post(document("one"), { key })).status).toBe(202);
    const bare = startHubBench({ isOnLoopback: false, ownAgentKey: new Secret("made at this start") });
    await expect(bare).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  test("limits are for each key alone: one key's flood costs another nothing", async () => {
    const hub = await startHubBench({ requestsPerSecondPerKey: 1, burstPerKey: 3 });
    const [flooder, other] = [await addKey(hub, "flooder"), await addKey(hub, "other")];
    await hub.clock.advance(4 * SECOND_MS);
    const statuses: number[] = [];
    for (let count = 0; count < 20; count++) statuses.push((await hub.post(document("f"), { key: flooder })).status);
    expect(statuses.filter((status) => status === 429).length).toBe(17);
    expect((await hub.post(document("o"), { key: other })).status).toBe(202);
  });
});

describe("an instance", () => {
  test("published under one key is refused under another, and stays as it was", async () => {
    const hub = await startHubBench();
    const [mine, theirs] = [await addKey(hub, "mine"), await addKey(hub, "theirs")];
    await hub.clock.advance(4 * SECOND_MS);
    await hub.post(document("one", { uptime_seconds: 1 }), { key: mine });
    const refused = await hub.post(document("one", { uptime_seconds: 2 }), { key: theirs });
    expect([refused.status, at(refused.body, "error", "code")]).toEqual([403, "FORBIDDEN"]);
    expect(at((await hub.get("/v1/instances/one", mine)).body, "document", "uptime_seconds")).toBe(1);
    expect(hub.sample('barnacle_hub_publications_total{outcome="forbidden"}')).toBe(1);
  });

  test("published without a key may be taken over by a key, and never back", async () => {
    const hub = await startHubBench();
    await hub.post(document("one"));
    const key = await addKey(hub, "edge");
    const other = await addKey(hub, "other");
    await hub.clock.advance(4 * SECOND_MS);
    expect((await hub.post(document("one"), { key })).status).toBe(202);
    expect((await hub.post(document("one"), { key: other })).status).toBe(403);
  });

  test("beyond the hub's limits is refused with 429, while those known go on", async () => {
    const hub = await startHubBench({ instancesMax: 3, instancesMaxPerKey: 2 });
    const [mine, theirs] = [await addKey(hub, "mine"), await addKey(hub, "theirs")];
    await hub.clock.advance(4 * SECOND_MS);
    const status = async (id: string, key: string) => (await hub.post(document(id), { key })).status;
    expect([await status("a", mine), await status("b", mine), await status("c", mine)]).toEqual([202, 202, 429]);
    expect([await status("d", theirs), await status("e", theirs)]).toEqual([202, 429]);
    expect([await status("a", mine), await status("d", theirs)]).toEqual([202, 202]);
  });
});
