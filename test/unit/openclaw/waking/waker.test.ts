/**
 * Hunts: an agent that is not woken, woken too often or for nothing, and a gateway that is hammered; text of a message or a token where
 * it must not be.
 */
import { describe, expect, test } from "vitest";
import type { Gateway } from "../../../../src/openclaw/mod.ts";
import { quietForMs, readQuietHours } from "../../../../src/openclaw/waking/mod.ts";
import { refused, said, silent } from "../../../support/far-end.ts";
import {
  agent,
  BASE_URL,
  HOOK_TOKEN,
  json,
  KEY,
  makeGateway,
  makeWaker,
  MINUTE_MS,
  SECOND_MS,
  taken,
} from "./support.ts";

describe("the waker", () => {
  test("wakes within 50 ms of the first message, with absolute paths and the agent named", async () => {
    const { calls, clock, deliver, log, waker } = makeWaker();
    await clock.advance(MINUTE_MS);
    expect(calls()).toEqual([]);
    deliver();
    await clock.advance(50);
    const [call, ...others] = calls();
    expect(others).toEqual([]);
    expect(call).toMatchObject({ method: "POST", url: `${BASE_URL}/hooks/wake` });
    expect(call?.headers.get("authorization")).toBe(`Bearer ${HOOK_TOKEN}`);
    expect([...call?.headers.keys() ?? []].filter((name) => name.startsWith("x-forwarded"))).toEqual([]);
    const body = JSON.parse(call?.body ?? "") as Record<string, string>;
    expect(body).toMatchObject({ mode: "now", agentId: "main" });
    expect(body["text"]).toMatch(/^Barnacle: 1 new message\. Read the entries of \/work\/\.moltcomm\/inbox\.ndjson/);
    expect(waker.answer()).toMatchObject({
      state: "waiting",
      agent: "main",
      way: "hook",
      woken: 1,
      unread: 1,
      unheeded: 1,
    });
    expect(log.named("agent_woken")).toHaveLength(1);
  });

  test("makes one call of what arrives within a moment, and one of what comes within the window after it", async () => {
    const { clock, deliver, texts } = makeWaker();
    deliver(3);
    await clock.advance(50);
    expect(texts()).toEqual([expect.stringContaining("3 new messages")]);
    for (let index = 0; index < 5; index++) {
      deliver();
      await clock.advance(SECOND_MS);
    }
    expect(texts()).toEqual([]);
    await clock.advance(6 * SECOND_MS);
    expect(texts()).toEqual([expect.stringContaining("8 new messages")]);
  });

  test("wakes for nothing that has been read meanwhile", async () => {
    const { calls, clock, deliver, readAll, waker } = makeWaker();
    deliver();
    await clock.advance(50);
    deliver();
    readAll();
    await clock.advance(60 * MINUTE_MS);
    expect(calls()).toHaveLength(1);
    expect(waker.answer()).toMatchObject({ state: "idle", unread: 0, unheeded: 0, next_wake: null });
  });

  test("starts an agent that reads at most 5 times a minute, whatever comes", async () => {
    const { calls, clock, deliver, readAll } = makeWaker({ mergeMs: SECOND_MS });
    const startsMs: number[] = [];
    for (let atMs = 0; atMs < 5 * MINUTE_MS; atMs += 500) {
      deliver();
      await clock.advance(500);
      const made = calls().length;
      for (let index = 0; index < made; index++) startsMs.push(clock.monotonicMs());
      if (made > 0) readAll();
    }
    const mostInAMinute = Math.max(
      ...startsMs.map((fromMs) => startsMs.filter((atMs) => atMs >= fromMs && atMs < fromMs + MINUTE_MS - 500).length),
    );
    expect(startsMs.length).toBeGreaterThan(20);
    expect(mostInAMinute).toBe(5);
  });

  test("wakes again with growing waits while the cursor stands still, says why, and gives up until something comes", async () => {
    const { calls, clock, deliver, log, readAll, waker } = makeWaker({ retriesMax: 3 });
    const startsMs: number[] = [];
    deliver();
    for (let minutes = 0; minutes < 120; minutes++) {
      await clock.advance(MINUTE_MS);
      if (calls().length > 0) startsMs.push(minutes);
    }
    expect(startsMs).toEqual([0, 2, 6, 14]);
    expect(waker.answer()).toMatchObject({ state: "unheeded", unheeded: 4, next_wake: null });
    expect(waker.answer().problem).toContain("has not moved its cursor");
    expect(waker.answer().hint).toContain("openclaw system heartbeat last");
    expect(log.named("agent_not_woken").length).toBeGreaterThan(0);
    deliver();
    await clock.advance(SECOND_MS);
    expect(calls()).toHaveLength(1);
    readAll();
    await clock.advance(60 * MINUTE_MS);
    expect(calls()).toEqual([]);
    expect(waker.answer()).toMatchObject({ state: "idle", problem: null });
    expect(log.named("agent_can_be_woken").length).toBeGreaterThan(0);
  });

  test("wakes for what was unread when it began only if it stays unread", async () => {
    const { calls, clock, state } = makeWaker();
    state.lastSeq = 2;
    await clock.advance(109 * SECOND_MS);
    expect(calls()).toEqual([]);
    await clock.advance(2 * SECOND_MS);
    expect(calls()).toHaveLength(1);
  });

  test("wakes at once for what comes soon after it began, whatever was unread before", async () => {
    const { calls, clock, deliver, state } = makeWaker();
    state.lastSeq = 1;
    await clock.advance(SECOND_MS);
    deliver();
    await clock.advance(50);
    expect(calls()).toHaveLength(1);
  });

  test("asks for a look at a gateway that did not run at the last one, and wakes as soon as it is found running", async () => {
    let looks = 0;
    const { calls, clock, deliver, state, waker } = makeWaker({ lookAgain: () => void looks++ });
    state.gateways = [makeGateway({ state: "unknown" })];
    deliver();
    await clock.advance(50);
    expect([looks, calls().length]).toEqual([1, 0]);
    expect(waker.answer().problem).toContain("does not run");
    state.gateways = [makeGateway()];
    waker.gatewaysChanged();
    await clock.advance(50);
    expect(calls()).toHaveLength(1);
    expect(waker.answer().problem).toBeNull();
  });

  test("lets the quiet hours pass and wakes at their end", async () => {
    const quiet = readQuietHours("00:00-23:59");
    const { calls, clock, deliver } = makeWaker({ quiet });
    const nowMs = clock.wallMs();
    deliver();
    await clock.advance(MINUTE_MS);
    expect(calls()).toEqual([]);
    const leftMs = quiet === undefined ? 0 : quietForMs(quiet, nowMs);
    await clock.advance(leftMs);
    expect(calls()).toHaveLength(1);
  });
});

describe("of a gateway's answers the waker", () => {
  const cases: readonly (readonly [row: string, answer: () => Response, outcome: string, why: RegExp])[] = [
    ["401 (wrong token)", said(401, "Unauthorized", "text/plain"), "unauthorized", /does not know the token/],
    [
      "403 (proxy)",
      json(403, { error: { code: "proxy_attribution_required" } }),
      "proxy",
      /proxy_attribution_required/,
    ],
    ["404 (hooks disabled)", said(404, "Not Found", "text/plain"), "disabled", /has no webhooks/],
    ["400 (unknown agent)", json(400, { ok: false, error: "unknown agentId" }), "refused", /unknown agentId/],
    ["200 with a web page", said(200, "<html></html>", "text/html"), "not_understood", /web page/],
    ["200 that says no", json(200, { ok: false }), "not_understood", /web page/],
  ];
  for (const [row, answer, outcome, why] of cases) {
    test(`takes ${row} as an end: it says why and does not try again before something changes`, async () => {
      const { calls, clock, deliver, far, log, sample, state, waker } = makeWaker();
      far.behave = answer;
      deliver();
      await clock.advance(MINUTE_MS);
      for (let minutes = 0; minutes < 300; minutes++) {
        deliver();
        waker.gatewaysChanged();
        await clock.advance(MINUTE_MS);
      }
      expect(calls()).toHaveLength(1);
      expect(waker.answer()).toMatchObject({ state: "stopped", woken: 0, problem: expect.stringMatching(why) });
      expect(waker.answer().hint).not.toBe("");
      expect(sample(`barnacle_waking_calls_total{way="hook",outcome="${outcome}"}`)).toBe(1);
      expect(JSON.stringify([log.events, waker.answer()])).not.toContain(HOOK_TOKEN);
      far.behave = taken;
      const changed: Gateway = makeGateway({ version: { number: "2026.9.7", from: "gateway" } });
      state.gateways = [changed];
      waker.gatewaysChanged();
      await clock.advance(SECOND_MS);
      expect(calls()).toHaveLength(1);
      expect(waker.answer()).toMatchObject({ woken: 1, problem: null });
    });
  }

  test("waits as long as a 429 says", async () => {
    const { calls, clock, deliver, far } = makeWaker();
    far.behave = json(429, {}, { "retry-after": "90" });
    deliver();
    await clock.advance(89 * SECOND_MS);
    deliver();
    expect(calls()).toHaveLength(1);
    far.behave = taken;
    await clock.advance(2 * SECOND_MS);
    expect(calls()).toHaveLength(1);
  });

  test("takes a text that still waits for woken", async () => {
    const { clock, deliver, far, sample, waker } = makeWaker();
    far.behave = json(200, { ok: true, mode: "now", eventOutcome: "coalesced" });
    deliver();
    await clock.advance(SECOND_MS);
    expect(waker.answer()).toMatchObject({ woken: 1, problem: null });
    expect(sample('barnacle_waking_calls_total{way="hook",outcome="coalesced"}')).toBe(1);
  });

  test("tries again with growing waits where nobody answers, answers in time, or the gateway fails", async () => {
    for (const failing of [refused, silent, said(503, "draining", "text/plain")]) {
      const { calls, clock, deliver, far, readAll, waker } = makeWaker();
      far.behave = failing;
      deliver();
      await clock.advance(10 * MINUTE_MS);
      const tried = calls().length;
      expect(tried).toBeGreaterThan(4);
      expect(tried).toBeLessThan(9);
      expect(waker.answer()).toMatchObject({ state: "waiting", problem: expect.stringContaining("the gateway") });
      far.behave = taken;
      await clock.advance(6 * MINUTE_MS);
      expect(calls().length).toBeGreaterThan(0);
      readAll();
      await clock.advance(10 * MINUTE_MS);
      expect(waker.answer()).toMatchObject({ state: "idle", problem: null });
    }
  });
});

describe("of what it finds the waker", () => {
  test("takes the plugin before the webhook, and gives each its own secret", async () => {
    const { clock, deliver, far, state, waker } = makeWaker();
    state.key = KEY;
    far.behave = ({ url }) =>
      url.endsWith("/barnacle/health")
        ? json(200, { plugin_version: "1", version: "2026.9.6" })()
        : json(200, { ok: true })();
    deliver();
    await clock.advance(SECOND_MS);
    const [health, wake] = far.asked;
    expect([health?.url, wake?.url]).toEqual([`${BASE_URL}/barnacle/health`, `${BASE_URL}/barnacle/wake`]);
    expect(wake?.headers.get("authorization")).toBe(`Bearer ${KEY}`);
    expect(Object.keys(JSON.parse(wake?.body ?? "") as object).sort()).toEqual(["agentId", "text"]);
    expect(waker.answer()).toMatchObject({ way: "plugin", woken: 1 });
  });

  test("takes the webhook where the plugin's path shows the web page, or knows another key", async () => {
    for (const answer of [said(200, "<html>", "text/html"), json(401, { error: { message: "no" } }), refused]) {
      const { clock, deliver, far, state, waker } = makeWaker();
      state.key = KEY;
      far.behave = (asked, signal) => asked.url.endsWith("/barnacle/health") ? answer(asked, signal) : taken();
      deliver();
      await clock.advance(SECOND_MS);
      expect(waker.answer()).toMatchObject({ way: "hook", woken: 1 });
    }
  });

  test("wakes the agent whose workspace this is, the one that is named, or nobody", async () => {
    const agents = [agent("main", "/elsewhere", true), agent("helper", "/work/")];
    const named = makeWaker({ agentId: "main" });
    const here = makeWaker();
    const nowhere = makeWaker({ directory: "/other" });
    for (const { clock, deliver, state } of [named, here, nowhere]) {
      state.gateways = [makeGateway({ agents })];
      deliver();
      await clock.advance(SECOND_MS);
    }
    const ids = (calls: readonly { readonly body: string | undefined }[]) =>
      calls.map(({ body }) => (JSON.parse(body ?? "") as { readonly agentId: string }).agentId);
    expect([ids(named.calls()), ids(here.calls()), ids(nowhere.calls())]).toEqual([["main"], ["helper"], []]);
    expect(nowhere.waker.answer()).toMatchObject({
      state: "stopped",
      problem: "no agent of a gateway works in /other: main works in /elsewhere, helper works in /work/",
    });
  });

  test("wakes the default agent for another directory only if the plugin there knows our key", async () => {
    const { calls, clock, deliver, far, state, waker } = makeWaker({ directory: "/other" });
    state.key = KEY;
    deliver();
    await clock.advance(SECOND_MS);
    expect(calls()).toEqual([]);
    expect(waker.answer()).toMatchObject({
      state: "stopped",
      problem: expect.stringContaining("does not answer to our key"),
    });
    far.behave = json(200, { plugin_version: "1", ok: true });
    state.gateways = [makeGateway({ version: undefined })];
    waker.gatewaysChanged();
    await clock.advance(SECOND_MS);
    expect(calls()).toHaveLength(1);
  });

  const obstacles: readonly (readonly [what: string, change: Partial<Gateway>, why: RegExp])[] = [
    ["webhooks that are off", { hooks: { ...makeGateway().hooks, isEnabled: false } }, /webhooks are off/],
    ["a hook token it cannot know", { hooks: { ...makeGateway().hooks, token: undefined } }, /token is not known/],
    [
      "an agent that may not be named",
      { hooks: { ...makeGateway().hooks, allowedAgentIds: ["helper"] } },
      /lacks main/,
    ],
    ["a gateway that does not run", { state: "stopped" }, /does not run/],
    ["a gateway on another host", { mode: "remote" }, /no OpenClaw gateway is on this host/],
  ];
  for (const [what, change, why] of obstacles) {
    test(`makes no call to ${what}, says so, and wakes once that has changed`, async () => {
      const { calls, clock, deliver, state, waker } = makeWaker();
      state.gateways = [makeGateway(change)];
      deliver();
      await clock.advance(10 * MINUTE_MS);
      expect(calls()).toEqual([]);
      expect(waker.answer().problem).toMatch(why);
      state.gateways = [makeGateway()];
      waker.gatewaysChanged();
      await clock.advance(50);
      expect(calls()).toHaveLength(1);
    });
  }

  test("makes no call once it was stopped", async () => {
    const { calls, clock, deliver, waker } = makeWaker();
    waker.stop();
    deliver();
    await clock.advance(MINUTE_MS);
    expect(calls()).toEqual([]);
  });
});

describe("quiet hours", () => {
  const at = (hours: number, minutes: number) => new Date(2026, 5, 1, hours, minutes).getTime();

  test("are within a day or over midnight", () => {
    const night = readQuietHours("22:00-07:00");
    const noon = readQuietHours("12:00-13:30");
    if (night === undefined || noon === undefined) throw new Error("both are hours");
    expect([at(21, 59), at(22, 0), at(3, 0), at(7, 0)].map((wallMs) => quietForMs(night, wallMs) / MINUTE_MS))
      .toEqual([0, 540, 240, 0]);
    expect([at(11, 59), at(12, 0), at(13, 29), at(13, 30)].map((wallMs) => quietForMs(noon, wallMs) / MINUTE_MS))
      .toEqual([0, 90, 1, 0]);
  });

  test("of another form are none", () => {
    for (const text of ["22:00", "24:00-07:00", "07:00-07:00", "7-8", ""]) expect(readQuietHours(text)).toBeUndefined();
  });
});
