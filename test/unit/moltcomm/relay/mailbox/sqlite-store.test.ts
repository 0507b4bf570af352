/** Hunts: a database that loses, reorders or counts wrongly what a relay was to keep, or lets it grow without bound. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRuntime } from "#runtime";
import { SqliteStore } from "../../../../../src/moltcomm/relay/mailbox/mod.ts";
import { MAILBOX_LIMITS } from "../support.ts";
import { defineStoreCases, nodeId, put, texts } from "./store-cases.ts";

const runtime = createRuntime();
const HOUR_MS = 3_600_000;

defineStoreCases("a store in the embedded database", {
  timeoutMs: 10_000,
  make: () => {
    const folder = mkdtempSync(join(tmpdir(), "barnacle-mailbox-"));
    const path = join(folder, "mailbox.sqlite");
    return Promise.resolve({
      async open(limits) {
        const store = new SqliteStore(runtime, { path, limits });
        await store.start();
        return store;
      },
      clear: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
    });
  },
});

/** A store in memory whose clock a test sets. */
async function openWithClock() {
  let aheadMs = 0;
  const clock = { ...runtime.clock, wallMs: () => runtime.clock.wallMs() + aheadMs };
  clock.setTimer = runtime.clock.setTimer.bind(runtime.clock);
  clock.monotonicMs = runtime.clock.monotonicMs.bind(runtime.clock);
  const limits = { ...MAILBOX_LIMITS, keepHours: 2 };
  const store = new SqliteStore({ ...runtime, clock }, { path: ":memory:", limits });
  await store.start();
  await store.admit(nodeId(1), true);
  return { store, advance: (ms: number) => aheadMs += ms };
}

test("a store in the embedded database lets go what is too old, and forgets nodes that stay away", async () => {
  const { store, advance } = await openWithClock();
  await put(store, nodeId(1), "old");
  advance(1.5 * HOUR_MS);
  await put(store, nodeId(1), "young");
  // A retry is no younger than what it repeats.
  await put(store, nodeId(1), "old again", { id: "old" });
  advance(HOUR_MS);
  expect(await texts(store, nodeId(1))).toEqual(["young"]);
  expect(await store.sweep()).toBe(1);
  expect(store.view).toMatchObject({ frames: 1, nodes: 1 });
  advance(31 * 24 * HOUR_MS);
  expect(await store.sweep()).toBe(1);
  expect(await store.sweep()).toBe(0);
  expect(store.view).toEqual({ frames: 0, bytes: 0, nodes: 0 });
  await store.stop();
});

test("a store in the embedded database sweeps in steps, so that others get a turn", async () => {
  const { store, advance } = await openWithClock();
  await Promise.all(Array.from({ length: 1_500 }, (_, index) => put(store, nodeId(1), `m${index}`)));
  advance(3 * HOUR_MS);
  expect(await store.sweep()).toBe(1_000);
  expect(await store.sweep()).toBe(500);
  await store.stop();
});
