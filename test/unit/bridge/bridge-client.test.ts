/**
 * Hunts: a Monitor that is missed, fought or believed too much; a push too early, too often or of nothing; noise about what is no error.
 */
import { expect, test } from "vitest";
import { BridgeClient, type BridgeClientInit } from "../../../src/bridge/mod.ts";
import { bridgeAnswer, type OpenClawMetadataPush } from "../../../src/contract/mod.ts";
import { Redactor } from "../../../src/log/mod.ts";
import { FarEnd, refused, said, silent } from "../../support/far-end.ts";
import { makeBench } from "../scheduler/support.ts";

const SECOND_MS = 1_000;
const METADATA: OpenClawMetadataPush = {
  version: "OpenClaw 2026.3.13 (61d171a)",
  agents: [{ id: "main", name: "Molly", status: "online" }],
};
const TELEMETRY = { identifier: "vps.t1", cpu_pct: 10.5, mem_pct: 52.1, load_avg: [0.12, 0.09, 0.03], nginx_sites: [] };

function answerWell({ url }: { readonly url: string }): Response {
  const path = new URL(url).pathname;
  if (path === "/health") return said(200, '{"version":"0.9","identifier":"vps.t1","extra":1}')();
  return path === "/telemetry"
    ? said(200, JSON.stringify({ ...TELEMETRY, unknown: true }))()
    : said(200, "", "text/plain")();
}

function makeClient(init: Partial<BridgeClientInit> = {}) {
  const bench = makeBench();
  const far = new FarEnd(answerWell);
  const client = new BridgeClient({ ...bench, fetch: far.fetch, redact: new Redactor() }, {
    url: "http://127.0.0.1:9100",
    intervalMs: 30 * SECOND_MS,
    isRequired: false,
    metadata: () => METADATA,
    ...init,
  });
  client.start();
  bench.scheduler.start();
  const calls = (call: string, outcome: string) =>
    bench.sample(`barnacle_bridge_calls_total{call="${call}",outcome="${outcome}"}`);
  return { ...bench, far, client, calls };
}

test("the client asks and pushes 2 s after the start, then at each interval, and no more once stopped", async () => {
  const { client, clock, far, scheduler } = makeClient();
  await clock.advance(1_900);
  expect(far.asked).toEqual([]);
  await clock.advance(1_200);
  expect(far.asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "GET http://127.0.0.1:9100/health",
    "GET http://127.0.0.1:9100/telemetry",
    "POST http://127.0.0.1:9100/openclaw",
  ]);
  expect(JSON.parse(far.asked[2]?.body ?? "")).toEqual(METADATA);
  expect(far.asked[2]?.headers.get("content-type")).toBe("application/json");
  expect([...far.asked[2]?.headers.keys() ?? []].filter((name) => name.startsWith("x-"))).toEqual([]);
  far.takePaths();
  await clock.advance(60 * SECOND_MS);
  expect(far.takePaths().filter((path) => path.startsWith("POST"))).toHaveLength(2);
  client.stop();
  await clock.advance(90 * SECOND_MS);
  expect(far.asked).toEqual([]);
  await scheduler.stop(SECOND_MS);
});

test("the client tells in GET /status what a Monitor knows, unknown fields left out", async () => {
  const { client, clock, sample } = makeClient();
  expect(client.answer()).toMatchObject({ state: "looking", telemetry: null, pushed: null, pushes: 0 });
  await clock.advance(3 * SECOND_MS);
  const answer = client.answer();
  expect(answer).toMatchObject({
    state: "connected",
    identifier: "vps.t1",
    version: "0.9",
    telemetry: TELEMETRY,
    pushes: 1,
  });
  expect(answer.telemetry).not.toHaveProperty("unknown");
  expect(bridgeAnswer.safeParse(answer).success).toBe(true);
  expect(sample("barnacle_bridge_connected")).toBe(1);
});

test("the client pushes nothing while nothing is known, and soon after something is", async () => {
  const known: { metadata?: OpenClawMetadataPush } = {};
  const { client, clock, far } = makeClient({ metadata: () => known.metadata });
  await clock.advance(5 * SECOND_MS);
  expect(far.takePaths()).toEqual(["GET /health", "GET /telemetry"]);
  known.metadata = METADATA;
  client.changed();
  await clock.advance(2 * SECOND_MS);
  expect(far.takePaths()).toContain("POST /openclaw");
});

test("the client never pushes sooner than 2 s after the start, whatever changes", async () => {
  const { client, clock, far } = makeClient();
  client.changed();
  await clock.advance(1_900);
  expect(far.asked).toEqual([]);
});

test("a Monitor that is not there is no error: one line, no failed task, found when it comes, told when it goes", async () => {
  const { client, clock, far, log, calls, scheduler } = makeClient();
  far.behave = refused;
  await clock.advance(300 * SECOND_MS);
  expect(client.answer()).toMatchObject({ state: "looking", last_error: null, consecutive_failures: 0 });
  // Resolving what is no open problem says nothing.
  const said = log.events.filter(({ kind }) => !kind.startsWith("resolve"));
  expect(said.map(({ kind, event }) => `${kind} ${event}`)).toEqual(["info monitor_absent"]);
  expect(calls("health", "absent")).toBeGreaterThan(5);
  expect(scheduler.snapshot()[0]).toMatchObject({ name: "bridge", failures: 0 });
  far.behave = answerWell;
  await clock.advance(31 * SECOND_MS);
  expect(client.answer().state).toBe("connected");
  far.behave = refused;
  await clock.advance(120 * SECOND_MS);
  expect(log.named("monitor_found")).toHaveLength(1);
  expect(log.named("monitor_absent").map(({ fields }) => String(fields["message"]).slice(0, 12))).toEqual([
    "There is no ",
    "The Monitor ",
  ]);
});

test("a Monitor that must be there and is not is a problem", async () => {
  const { client, clock, far, log } = makeClient({ isRequired: true });
  far.behave = refused;
  await clock.advance(3 * SECOND_MS);
  expect(client.answer()).toMatchObject({ state: "failing", last_error: { code: "CONNECTION_REFUSED" } });
  expect(log.named("monitor_failed")[0]?.kind).toBe("problem warn bridge");
});

test.each([
  ["HTML", said(200, "<html>Node Exporter</html>", "text/html"), "ANSWER_INVALID"],
  ["HTML that says it is JSON", said(200, "<html>", "application/json"), "ANSWER_INVALID"],
  ["a list", said(200, "[]"), "ANSWER_INVALID"],
  ["nothing", said(200, ""), "ANSWER_INVALID"],
  ["401", said(401, "Unauthorized"), "UNAUTHORIZED"],
  ["404", said(404, "404 page not found"), "NOT_FOUND"],
  ["500", said(500, "out of order"), "REMOTE_FAILURE"],
  ["a redirect", said(302, ""), "REDIRECT_REFUSED"],
  ["300 KB", said(200, `"${"x".repeat(300_000)}"`), "ANSWER_TOO_LARGE"],
  ["silence", silent, "TIMED_OUT"],
])("a Monitor that answers with %s is named with a hint, counted, and asked again", async (_what, behave, code) => {
  const { client, clock, far, log, calls } = makeClient();
  far.behave = behave;
  await clock.advance(5 * SECOND_MS);
  expect(client.answer()).toMatchObject({ state: "failing", telemetry: null, last_error: { code } });
  expect(client.answer().last_error?.hint).toMatch(/\w/);
  expect(calls("health", "failure")).toBe(1);
  expect(far.takePaths()).not.toContain("POST /openclaw");
  far.behave = answerWell;
  await clock.advance(31 * SECOND_MS);
  expect(client.answer()).toMatchObject({ state: "connected", last_error: null });
  expect(log.named("monitor_recovered")).not.toEqual([]);
});

test("telemetry of other types is named by its fields, and what is to be pushed is pushed all the same", async () => {
  const { client, clock, far } = makeClient();
  far.behave = (asked) =>
    asked.url.endsWith("/telemetry") ? said(200, '{"cpu_pct":"a lot","mem_pct":101}')() : answerWell(asked);
  await clock.advance(3 * SECOND_MS);
  expect(client.answer()).toMatchObject({ state: "failing", pushes: 1, telemetry: null });
  expect(client.answer().last_error?.message).toMatch(/cpu_pct[^]*mem_pct/);
});

test("a Monitor that has not measured yet is no failure", async () => {
  const { client, clock, far } = makeClient();
  far.behave = (asked) => asked.url.endsWith("/telemetry") ? said(503, "{}")() : answerWell(asked);
  await clock.advance(3 * SECOND_MS);
  expect(client.answer()).toMatchObject({ state: "connected", telemetry: null, pushes: 1 });
});

test("a health of other types is still a sign of life", async () => {
  const { client, clock, far } = makeClient();
  far.behave = (asked) =>
    asked.url.endsWith("/health") ? said(200, '{"identifier":7,"version":{}}')() : answerWell(asked);
  await clock.advance(3 * SECOND_MS);
  expect(client.answer()).toMatchObject({ state: "connected", identifier: "vps.t1", version: null });
});

test("a push that is refused is named in the Monitor's words", async () => {
  const { client, clock, far, calls } = makeClient();
  far.behave = (asked) =>
    asked.method === "POST" ? said(400, '{"error":"agents: wanted a list"}')() : answerWell(asked);
  await clock.advance(3 * SECOND_MS);
  expect(client.answer().last_error).toMatchObject({ code: "REJECTED" });
  expect(client.answer().last_error?.message).toContain("agents: wanted a list");
  expect(calls("openclaw", "failure")).toBe(1);
});

test("a Monitor in our own process is told without a call, while it is the Monitor of this host", async () => {
  const told: OpenClawMetadataPush[] = [];
  let isOurs = true;
  const { client, clock, far } = makeClient({
    ownMonitor: () => isOurs ? (metadata) => void told.push(metadata) : undefined,
  });
  await clock.advance(3 * SECOND_MS);
  expect(told).toEqual([METADATA]);
  expect(client.answer()).toMatchObject({ state: "own", pushes: 1 });
  expect(far.asked).toEqual([]);
  isOurs = false;
  await clock.advance(31 * SECOND_MS);
  expect(client.answer().state).toBe("connected");
});
