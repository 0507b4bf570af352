/** Hunts: a shared store that loses, doubles or reorders what several relays keep in it, and one that does not come back. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createRuntime } from "#runtime";
import {
  JetStreamStore,
  type JetStreamStoreInit,
  type MailboxLimits,
} from "../../../../../src/moltcomm/relay/mailbox/mod.ts";
import { NatsServer } from "../../../../support/nats-server.ts";
import { RecordingLogger } from "../../../scheduler/support.ts";
import { MAILBOX_LIMITS } from "../support.ts";
import { defineStoreCases, nodeId, put, texts } from "./store-cases.ts";

const runtime = createRuntime();
const TIMEOUT_MS = 10_000;
const timeout = { timeout: TIMEOUT_MS };
const [ANNA, BERT] = [nodeId(1), nodeId(2)];

let server: NatsServer;
beforeAll(async () => {
  server = await NatsServer.start();
}, TIMEOUT_MS);
afterAll(() => server.clear());

let made = 0;

function makeStore(
  stream: string,
  limits: Partial<MailboxLimits> = {},
  init: Partial<JetStreamStoreInit["server"]> = {},
) {
  const log = new RecordingLogger();
  const store = new JetStreamStore({ ...runtime, log }, {
    server: { urls: [server.url], name: "barnacle-test", ...init },
    stream,
    replicas: 1,
    limits: { ...MAILBOX_LIMITS, ...limits },
  });
  return { store, log };
}

async function until(isSo: () => boolean): Promise<void> {
  const endMs = performance.now() + TIMEOUT_MS / 2;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error("What was waited for did not happen");
    await pause(5);
  }
}

defineStoreCases("a store in NATS JetStream", {
  timeoutMs: TIMEOUT_MS,
  make: () => {
    const stream = `CASE_${++made}`;
    return Promise.resolve({
      async open(limits) {
        const { store } = makeStore(stream, limits);
        await store.start();
        await until(() => store.isWorking);
        return store;
      },
      clear: () => Promise.resolve(),
    });
  },
});

describe("a store in NATS JetStream", () => {
  const stores: JetStreamStore[] = [];
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.stop();
  });

  async function open(...given: Parameters<typeof makeStore>) {
    const opened = makeStore(...given);
    stores.push(opened.store);
    await opened.store.start();
    await until(() => opened.store.isWorking);
    return opened;
  }

  test("is shared: what one relay keeps another hands over and lets go, and it hears of it", timeout, async () => {
    const stream = `SHARED_${++made}`;
    const [{ store: one }, { store: other }] = [await open(stream), await open(stream)];
    const heard: string[] = [];
    // The word that it works at all names nobody, and may come late.
    other.onNews((nodeId) => nodeId === undefined || heard.push(nodeId));
    await one.admit(ANNA, true);
    for (const word of ["a", "b", "c"]) await put(one, ANNA, word);
    await put(other, ANNA, "d");
    expect(await texts(other, ANNA)).toEqual(["a", "b", "c", "d"]);
    // News that came before the server knew who listens is lost; it is a hint, and the frames are there.
    await until(() => heard.includes(ANNA));
    // Beside it there may be word that the server was reached anew: this test asks only that nobody else is named.
    expect(heard.filter((nodeId) => nodeId !== undefined && nodeId !== ANNA)).toEqual([]);
    const [first] = await other.read(ANNA, 0, { frames: 1, bytes: 1_000_000 });
    await other.remove(ANNA, first?.place ?? 0);
    expect(await texts(one, ANNA)).toEqual(["b", "c", "d"]);
    await put(one, ANNA, "new b", { id: "b" });
    expect(await texts(other, ANNA)).toEqual(["c", "d", "new b"]);
  });

  test("keeps a box within its bounds though several relays put into it", timeout, async () => {
    const stream = `BOUNDS_${++made}`;
    const limits = { framesPerNode: 5 };
    const [{ store: one }, { store: other }] = [await open(stream, limits), await open(stream, limits)];
    await one.admit(ANNA, true);
    for (let count = 0; count < 12; count++) await put(one, ANNA, `one ${count}`);
    for (let count = 0; count < 3; count++) await put(other, ANNA, `other ${count}`);
    expect(await texts(one, ANNA)).toEqual(["one 10", "one 11", "other 0", "other 1", "other 2"]);
  });

  test("leaves a stream that is there as it is", timeout, async () => {
    const stream = `OLD_${++made}`;
    const { store: one } = await open(stream, { framesMax: 3 });
    const { store: other } = await open(stream, { framesMax: 1_000 });
    await one.admit(ANNA, true);
    for (const word of ["a", "b", "c", "d"]) await put(other, ANNA, word);
    expect(await texts(other, ANNA)).toEqual(["b", "c", "d"]);
  });

  test("fails at once while the server is away, and works again with all of it when it is back", timeout, async () => {
    const own = await NatsServer.start();
    try {
      const { store, log } = await open(`AWAY_${++made}`, {}, { urls: [own.url] });
      const news: (string | undefined)[] = [];
      store.onNews((nodeId) => news.push(nodeId));
      await store.admit(ANNA, true);
      await put(store, ANNA, "before");
      await own.kill();
      await until(() => !store.isWorking);
      const beginMs = performance.now();
      await expect(put(store, ANNA, "meanwhile")).rejects.toMatchObject({ code: "UNAVAILABLE" });
      await expect(store.read(ANNA, 0, { frames: 1, bytes: 1 })).rejects.toMatchObject({ code: "UNAVAILABLE" });
      expect(performance.now() - beginMs).toBeLessThan(1_000);
      expect(log.named("relay_mailbox_failed").length).toBeGreaterThan(0);
      // The word that it works at all may have come late.
      news.length = 0;
      await own.start();
      await until(() => news.includes(undefined));
      await put(store, ANNA, "after");
      expect(await texts(store, ANNA)).toEqual(["before", "after"]);
    } finally {
      await own.clear();
    }
  });

  test("starts without a server, and works once there is one", timeout, async () => {
    const own = await NatsServer.start();
    await own.kill();
    const { store } = makeStore(`LATE_${++made}`, {}, { urls: [own.url] });
    stores.push(store);
    try {
      await store.start();
      await expect(store.admit(ANNA, true)).rejects.toMatchObject({ code: "UNAVAILABLE" });
      await own.start();
      await until(() => store.isWorking);
      expect(await store.admit(ANNA, true)).toBe(true);
    } finally {
      await store.stop();
      await own.clear();
    }
  });

  test("proves who it is, and says in the log that it is refused", timeout, async () => {
    const own = await NatsServer.start(["--auth", "a-token"]);
    try {
      const init = { urls: [own.url] };
      const { store } = await open(`TOKEN_${++made}`, {}, { ...init, token: "a-token" });
      expect(await store.admit(BERT, true)).toBe(true);
      const { store: refused, log } = makeStore(`TOKEN_${made}`, {}, { ...init, token: "another" });
      stores.push(refused);
      await refused.start();
      await pause(500);
      expect(refused.isWorking).toBe(false);
      expect(log.events.map(({ event }) => event)).not.toContain("relay_mailbox_recovered");
      await refused.stop();
    } finally {
      await own.clear();
    }
  });
});
