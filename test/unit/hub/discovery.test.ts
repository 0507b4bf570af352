/**
 * Hunts: a filter that lets the wrong ones through or widens silently, an order that is not the order of hearing, a
 * page that loops or skips.
 */
import { describe, expect, test } from "vitest";
import { at, document, type HubBench, listAt, SECOND_MS, startHubBench, strangersDocument } from "./support.ts";

async function publishFleet(hub: HubBench): Promise<void> {
  const fleet: readonly (readonly [string, Record<string, unknown>])[] = [
    ["a", { capabilities: ["embed"], tags: { region: "eu", gpu: "a100" } }],
    ["b", { capabilities: ["embed", "ocr"], tags: { region: "us" }, availability: "busy" }],
    ["c", { capabilities: ["embedding"], capacity: { concurrent_tasks: 9, active_tasks: 1, queue_length: 0 } }],
    ["d", {
      capabilities: ["ocr"],
      health: { status: "degraded", details: {} },
      tags: { "odd:key": 'a"\n=b', region: "eu" },
    }],
  ];
  for (const [id, more] of fleet) {
    await hub.post(document(id, more));
    await hub.clock.advance(SECOND_MS);
  }
}

describe("GET /v1/instances", () => {
  test("gives the freshest first, with the age of what is known", async () => {
    const hub = await startHubBench();
    await publishFleet(hub);
    await hub.post(document("a", { timestamp: "2026-02-06T12:00:04Z" }));
    const { body } = await hub.get("/v1/instances");
    const ages = listAt(body, "instances").map((found) => [at(found, "instance_id"), at(found, "age_seconds")]);
    expect(ages).toEqual([["a", 0], ["d", 1], ["c", 2], ["b", 3]]);
    expect(body).toMatchObject({ matched: 4, total: 4, next: null });
  });

  test("finds by each parameter, and by all that are given", async () => {
    const hub = await startHubBench();
    await publishFleet(hub);
    const cases: readonly (readonly [string, string[]])[] = [
      ["capability=embed", ["b", "a"]],
      ["capability=embed&capability=ocr", ["b"]],
      ["capability=mbed", []],
      ["status=degraded", ["d"]],
      ["availability=busy", ["b"]],
      ["tag=region:eu", ["d", "a"]],
      ["tag=region%3Deu&tag=gpu:a100", ["a"]],
      ["tag=region:e", []],
      ["tag=egion:eu", []],
      ["min_free=4", ["c"]],
      ["min_free=0", ["d", "c", "b", "a"]],
      ["capability=embed&availability=available&tag=region:eu&min_free=3&status=healthy", ["a"]],
    ];
    for (const [query, expected] of cases) expect([query, await hub.ids(query)]).toEqual([query, expected]);
  });

  test("follows a change of capabilities and tags", async () => {
    const hub = await startHubBench();
    await hub.post(document("a", { capabilities: ["embed"], tags: { region: "eu" } }));
    await hub.post(document("a", { capabilities: ["ocr"], tags: { region: "us" } }));
    expect(await hub.ids("capability=embed")).toEqual([]);
    expect(await hub.ids("tag=region:eu")).toEqual([]);
    expect(await hub.ids("capability=ocr&tag=region:us")).toEqual(["a"]);
  });

  test("refuses a parameter that it does not know or cannot read, and names it", async () => {
    const hub = await startHubBench();
    for (
      const [query, field] of [
        ["status=fine", "status"],
        ["status=healthy&status=offline", "status"],
        ["min_free=-1", "min_free"],
        ["min_free=", "min_free"],
        ["min_free=1e3", "min_free"],
        ["limit=0", "limit"],
        ["limit=1001", "limit"],
        ["tag=region", "tag[0]"],
        ["after=x", "after"],
        ["capabilty=embed", "capabilty"],
      ]
    ) {
      const { status, body } = await hub.get(`/v1/instances?${query}`);
      expect([query, status, at(body, "error", "code"), at(body, "error", "field")]).toEqual([
        query,
        400,
        "QUERY_INVALID",
        field,
      ]);
    }
  });

  test("says what it met and what it wanted in words", async () => {
    const hub = await startHubBench();
    const cases = [
      ["tag=region", 'tag[0]: got "region", wanted key:value'],
      ["tag=a:b&tag=region", 'tag[1]: got "region", wanted key:value'],
      ["capability=", 'capability[0]: got "", wanted at least 1 characters'],
      ["min_free=-1", 'min_free: got "-1", wanted a whole number, at least 0'],
      ["limit=1001", 'limit: got "1001", wanted a whole number, at least 1 and at most 1000'],
      ["after=0", 'after: got "0", wanted a whole number, at least 1'],
      ["capabilty=embed", 'capabilty: got "embed", wanted no such field'],
    ];
    for (const [query, problem] of cases) {
      const { body } = await hub.get(`/v1/instances?${query}`);
      expect(at(body, "error", "message")).toBe(`Take the query: ${problem}`);
    }
  });

  test("min_free never finds an instance that takes no work", async () => {
    const hub = await startHubBench();
    const idle: readonly (readonly [string, Record<string, unknown>])[] = [
      ["draining", { health: { status: "draining" } }],
      ["offline", { health: { status: "offline" } }],
      ["availability-paused", { availability: "paused" }],
      ["availability-offline", { availability: "offline" }],
    ];
    for (const [id, more] of idle) await hub.post(document(id, more));
    await hub.post(document("works"));
    expect(await hub.ids("min_free=1")).toEqual(["works"]);
    for (const [id] of idle) expect([id, at((await hub.get(`/v1/instances/${id}`)).body, "free")]).toEqual([id, 0]);
    await hub.post(document("draining"));
    expect(await hub.ids("min_free=3")).toEqual(["draining", "works"]);
  });

  test("lists everything once in pages, whatever the limit", async () => {
    const hub = await startHubBench();
    for (let index = 0; index < 23; index++) await hub.post(document(`i${index}`));
    for (const limit of [1, 5, 22, 23, 24]) {
      const seen: string[] = [];
      let next: string | null = "";
      while (next !== null) {
        const { body } = await hub.get(`/v1/instances?limit=${limit}${next === "" ? "" : `&after=${next}`}`);
        expect(at(body, "matched")).toBe(23);
        expect(listAt(body, "instances").length).toBeLessThanOrEqual(limit);
        seen.push(...listAt(body, "instances").map((found) => String(at(found, "instance_id"))));
        next = at(body, "next") as string | null;
      }
      expect(seen).toEqual(Array.from({ length: 23 }, (_, index) => `i${22 - index}`));
    }
  });

  test("ends a page early when its documents are long, and goes on", async () => {
    const hub = await startHubBench();
    for (let index = 0; index < 80; index++) await hub.post(document(`i${index}`, { padding: "x".repeat(64_000) }));
    const first = (await hub.get("/v1/instances?limit=1000")).body;
    expect(listAt(first, "instances").length).toBeLessThan(80);
    const second = (await hub.get(`/v1/instances?limit=1000&after=${String(at(first, "next"))}`)).body;
    expect(listAt(first, "instances").length + listAt(second, "instances").length).toBe(80);
    expect(at(second, "next")).toBe(null);
  });
});

describe("GET /v1/instances/:id", () => {
  test("answers with the instance, and 404 for one that was never heard of", async () => {
    const hub = await startHubBench();
    await hub.post(document("a/b c"));
    expect((await hub.get("/v1/instances/a%2Fb%20c")).body).toMatchObject({
      instance_id: "a/b c",
      verified: false,
      free: 3,
    });
    const missing = await hub.get("/v1/instances/nobody");
    expect([missing.status, at(missing.body, "error", "code")]).toEqual([404, "NOT_FOUND"]);
  });

  test("derives what a stranger's document does not say", async () => {
    const hub = await startHubBench();
    const cases: readonly (readonly [Record<string, unknown>, string, number])[] = [
      [{ capacity: { concurrent_tasks: 4, queue_length: 10 } }, "busy", 0],
      [{ capacity: { concurrent_tasks: 4, queue_length: 1 } }, "available", 3],
      [{ capacity: { concurrent_tasks: 4, active_tasks: 2, queue_length: 9 } }, "available", 2],
      [{ capacity: { concurrent_tasks: 0, queue_length: 0 } }, "available", 0],
      [{ capacity: { concurrent_tasks: 0, queue_length: 3 } }, "available", 0],
      [{ health: { status: "draining" } }, "paused", 0],
      [{ health: { status: "offline" } }, "offline", 0],
      [{ availability: "paused" }, "paused", 0],
    ];
    for (const [more, availability, free] of cases) {
      await hub.post(strangersDocument({ instance_id: "s", ...more }));
      expect((await hub.get("/v1/instances/s")).body).toMatchObject({ availability, free });
    }
  });
});
