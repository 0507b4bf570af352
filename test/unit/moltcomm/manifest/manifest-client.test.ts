/** Hunts: relays lost while a manifest is still good, used when it is not, or brought back by an old one; sources asked in a storm. */
import { describe, expect, test } from "vitest";
import { BarnacleError } from "../../../../src/errors.ts";
import { MemoryFiles } from "../../../support/memory-files.ts";
import {
  CACHE,
  DAY_MS,
  documentOf,
  entryOf,
  HOUR_MS,
  makeClientBench,
  makeParty,
  NOW_MS,
  OTHER_SOURCE,
  SECOND_MS,
  SOURCE,
} from "./support.ts";

const [RELAY, OTHER] = [makeParty(), makeParty()] as const;
const MINUTE_MS = 60 * SECOND_MS;

/** A client that took one manifest, and another one over the same files later, whose sources are gone. */
async function afterRestart(more: Parameters<typeof documentOf>[1] = {}, laterMs = HOUR_MS) {
  const first = makeClientBench();
  first.web.publish(SOURCE, first.publisher, documentOf([entryOf(RELAY)], more));
  await first.begin();
  const second = makeClientBench({ files: first.files, publisher: first.publisher });
  await second.clock.advance(laterMs);
  return { first, second };
}

describe("ManifestClient", () => {
  test("gives pinned relays: identity, key, and relay addresses alone", async () => {
    const bench = makeClientBench();
    const addrs = ["tcp://r.example:1", "relay://r.example:2"];
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(RELAY, "r", { addrs })]));
    expect(bench.client.relays()).toEqual([]);
    await bench.begin();
    expect(bench.client.relays()).toEqual([{
      nodeId: RELAY.nodeId,
      pub: RELAY.pub,
      addresses: ["relay://r.example:2"],
    }]);
    expect(bench.changes).toBe(1);
    expect(bench.client.view).toMatchObject({
      state: "used",
      source: SOURCE,
      relays: 1,
      failures: 0,
      expiresMs: NOW_MS + DAY_MS,
    });
    expect(bench.log.named("manifest_taken")).toMatchObject([{ fields: { source: SOURCE, relays: 1 } }]);
    expect(bench.sample("barnacle_moltcomm_manifest_relays")).toBe(1);
    expect(bench.sample("barnacle_moltcomm_manifest_expiry_timestamp_seconds")).toBe((NOW_MS + DAY_MS) / 1_000);
  });

  test("asks the sources in turn, and none behind the first that verifies", async () => {
    const bench = makeClientBench({ sources: ["https://none.example/m.json", SOURCE, OTHER_SOURCE] });
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(RELAY)]));
    await bench.begin();
    expect(bench.web.asked).toEqual([
      "https://none.example/m.json",
      `${SOURCE}bootstrap-manifest.json`,
      `${SOURCE}bootstrap-manifest.sig`,
    ]);
  });

  test("takes a newer manifest at the next refresh, within an hour and its jitter, and tells of it once", async () => {
    const bench = makeClientBench();
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(RELAY)]));
    await bench.begin();
    await bench.pass(1.2 * HOUR_MS);
    expect([bench.changes, bench.looks("unchanged") >= 1]).toEqual([1, true]);
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(OTHER)], { generated_ts: NOW_MS + 1 }));
    await bench.pass(1.4 * HOUR_MS);
    expect([bench.nodeIds(), bench.changes, bench.looks("taken")]).toEqual([[OTHER.nodeId], 2, 2]);
  });

  test("takes an empty list at its word", async () => {
    const bench = makeClientBench();
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(RELAY)]));
    await bench.begin();
    bench.web.publish(SOURCE, bench.publisher, documentOf([], { generated_ts: NOW_MS + 1 }));
    await bench.pass(1.4 * HOUR_MS);
    expect([bench.nodeIds(), bench.changes, bench.client.view.state]).toEqual([[], 2, "used"]);
  });

  test("asks more often where the manifest lives a short time", async () => {
    const bench = makeClientBench();
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(RELAY)], { expires_ts: NOW_MS + 40 * MINUTE_MS }));
    await bench.begin();
    await bench.pass(13 * MINUTE_MS);
    expect(bench.looks("unchanged")).toBe(1);
  });

  test("a listener that was taken away is not called, and one that throws keeps nothing from the others", async () => {
    const bench = makeClientBench();
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(RELAY)]));
    let calls = 0;
    bench.client.onChange(() => {
      throw new Error("a listener's own fault");
    });
    bench.client.onChange(() => void calls++);
    bench.client.onChange(() => void (calls += 100))();
    await bench.begin();
    expect([calls, bench.client.view.state]).toEqual([1, "used"]);
  });

  test("starts once, however often it is told to", async () => {
    const bench = makeClientBench();
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(RELAY)]));
    await bench.begin();
    await bench.client.start();
    expect([bench.nodeIds(), bench.looks("taken")]).toEqual([[RELAY.nodeId], 1]);
  });

  test("asks no more after the stop", async () => {
    const bench = makeClientBench();
    await bench.begin();
    const { length } = bench.web.asked;
    bench.client.stop();
    bench.client.stop();
    await bench.pass(DAY_MS);
    expect([bench.web.asked.length, bench.web.closed > 0]).toEqual([length, true]);
  });
});

describe("ManifestClient while every source fails", () => {
  test("backs off with jitter, up to half an hour, and is back soon after they are", async () => {
    const bench = makeClientBench();
    await bench.begin();
    await bench.pass(10 * HOUR_MS);
    const asked = bench.web.asked.length;
    expect([asked >= 20, asked <= 100]).toEqual([true, true]);
    expect(bench.client.view).toMatchObject({ state: "none", failures: asked });
    expect(bench.log.named("manifest_not_refreshed")[0]?.kind).toContain("error");
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(RELAY)]));
    await bench.pass(30 * MINUTE_MS);
    expect([bench.nodeIds(), bench.client.view.failures]).toEqual([[RELAY.nodeId], 0]);
  });

  test("uses the last one that verified until it expires, also after a restart", async () => {
    const { second } = await afterRestart();
    await second.begin();
    expect([second.nodeIds(), second.client.view.state, second.looks("not_found")]).toEqual([
      [RELAY.nodeId],
      "used",
      1,
    ]);
    expect(second.log.named("manifest_not_refreshed")[0]?.kind).toContain("warn");
    await second.pass(DAY_MS - HOUR_MS - 2 * SECOND_MS);
    expect(second.nodeIds()).toEqual([RELAY.nodeId]);
    const { changes } = second;
    await second.pass(2 * SECOND_MS);
    expect([second.nodeIds(), second.client.view.state, second.changes - changes]).toEqual([[], "expired", 1]);
    expect(second.log.named("manifest_expired").length).toBe(1);
  });

  test("has what was kept at hand before it has asked anybody", async () => {
    const { second } = await afterRestart();
    await second.client.start();
    expect([second.nodeIds(), second.web.asked]).toEqual([[RELAY.nodeId], []]);
  });

  test("tells of an entry that expires before the whole", async () => {
    const bench = makeClientBench();
    const short = entryOf(OTHER, "o", { expires_ts: NOW_MS + 90 * SECOND_MS });
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(RELAY), short]));
    await bench.begin();
    expect([bench.nodeIds(), bench.changes]).toEqual([[RELAY.nodeId, OTHER.nodeId], 1]);
    await bench.pass(89 * SECOND_MS);
    expect([bench.nodeIds(), bench.changes]).toEqual([[RELAY.nodeId], 2]);
  });
});

describe("ManifestClient against what is old", () => {
  test("refuses a manifest older than the one it has, and keeps that", async () => {
    const bench = makeClientBench();
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(RELAY)]));
    await bench.begin();
    const expires = { expires_ts: NOW_MS + 9 * DAY_MS };
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(OTHER)], { generated_ts: NOW_MS - 1, ...expires }));
    await bench.pass(1.4 * HOUR_MS);
    expect([bench.nodeIds(), bench.looks("older_than_known") >= 1]).toEqual([[RELAY.nodeId], true]);
  });

  test("goes on to the next source when one brings an older one", async () => {
    const bench = makeClientBench({ sources: [SOURCE, OTHER_SOURCE] });
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(RELAY)]));
    await bench.begin();
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(RELAY)], { generated_ts: NOW_MS - 1 }));
    bench.web.publish(OTHER_SOURCE, bench.publisher, documentOf([entryOf(OTHER)], { generated_ts: NOW_MS + 1 }));
    await bench.pass(1.4 * HOUR_MS);
    expect(bench.nodeIds()).toEqual([OTHER.nodeId]);
  });

  test("refuses an older one after a restart too, even when the one it kept has expired", async () => {
    const { first, second } = await afterRestart({}, 2 * DAY_MS);
    const expires = { expires_ts: NOW_MS + 9 * DAY_MS };
    second.web.publish(SOURCE, first.publisher, documentOf([entryOf(OTHER)], { generated_ts: NOW_MS - 1, ...expires }));
    await second.begin();
    expect([second.nodeIds(), second.looks("older_than_known"), second.client.view.state]).toEqual([[], 1, "expired"]);
  });

  test("keeps nothing that says it was made in the future, so that it can keep nothing out", async () => {
    const bench = makeClientBench();
    const ahead = { generated_ts: NOW_MS + DAY_MS, expires_ts: NOW_MS + 9 * DAY_MS };
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(OTHER)], ahead));
    await bench.begin();
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(RELAY)]));
    await bench.pass(HOUR_MS);
    expect(bench.nodeIds()).toEqual([RELAY.nodeId]);
  });
});

describe("ManifestClient's cache", () => {
  test("is nobody else's, and holds the exact text", async () => {
    const { first } = await afterRestart();
    expect(first.files.entries.get(CACHE)?.mode).toBe(0o600);
    const { manifest, sig } = JSON.parse(first.files.text(CACHE));
    expect([JSON.parse(manifest), sig]).toEqual([
      documentOf([entryOf(RELAY)]),
      first.publisher.sign(new TextEncoder().encode(manifest)),
    ]);
  });

  test("is checked again: what somebody changed in it is not used", async () => {
    const { second } = await afterRestart();
    second.files.put(CACHE, second.files.text(CACHE).replaceAll("relay.example", "other.example"), { mode: 0o600 });
    await second.client.start();
    expect([second.nodeIds(), second.log.named("manifest_cache_refused").length]).toEqual([[], 1]);
  });

  test("of another pinned key is not used, and keeps nothing of the new key's out", async () => {
    const { first } = await afterRestart();
    const bench = makeClientBench({ files: first.files });
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(OTHER)], { generated_ts: NOW_MS - 1 }));
    await bench.begin();
    expect([bench.nodeIds(), bench.log.named("manifest_cache_refused").length]).toEqual([[OTHER.nodeId], 1]);
  });

  for (const damaged of ["", "{", "[]", '{"v":1}', '{"v":1,"source":"","fetched_ts":1,"sig":"","manifest":""}']) {
    test(`that holds ${JSON.stringify(damaged)} costs nothing but itself`, async () => {
      const files = new MemoryFiles();
      files.put(CACHE, damaged, { mode: 0o600 });
      const bench = makeClientBench({ files });
      bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(RELAY)]));
      await bench.begin();
      expect([bench.nodeIds(), JSON.parse(files.text(CACHE)).source]).toEqual([[RELAY.nodeId], SOURCE]);
      // What has the right shape is not damaged, only refused.
      const isDamaged = !damaged.includes("manifest");
      expect(files.entries.has(`${CACHE}.damaged-1`)).toBe(isDamaged);
    });
  }

  test("that cannot be written costs no relay, and is written when it can be", async () => {
    const bench = makeClientBench();
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(RELAY)]));
    bench.files.open = () => Promise.reject(new BarnacleError({ code: "DISK_FULL", action: "Open" }));
    await bench.begin();
    expect([bench.nodeIds(), bench.files.entries.has(CACHE)]).toEqual([[RELAY.nodeId], false]);
    expect(bench.log.named("manifest_not_kept").length).toBe(1);
    Reflect.deleteProperty(bench.files, "open");
    await bench.pass(1.4 * HOUR_MS);
    expect(bench.files.entries.has(CACHE)).toBe(true);
  });

  test("that cannot be read costs what was kept, and no start", async () => {
    const { second } = await afterRestart();
    second.files.readFault = new BarnacleError({ code: "IO_ERROR", action: "Read" });
    await second.client.start();
    expect([second.nodeIds(), second.log.named("manifest_cache_unreadable").length]).toEqual([[], 1]);
  });
});
