/** Hunts: good news that are none, bad news that are late, an address that shows, and a watcher that is hammered. */
import { expect, test } from "vitest";
import { deadmanAnswer, type HealthStatus } from "../../../src/contract/mod.ts";
import { type DeadmanInit, DeadmanSwitch } from "../../../src/deadman/mod.ts";
import { BarnacleError } from "../../../src/errors.ts";
import { Redactor, Secret } from "../../../src/log/mod.ts";
import { FarEnd, refused, said, silent } from "../../support/far-end.ts";
import { makeBench } from "../scheduler/support.ts";

const SECOND_MS = 1_000;
const INTERVAL_MS = 30 * SECOND_MS;
const TOKEN = "5a7f2c1e-0000-4000-8000-000000000000";
const ADDRESS = `https://hc-ping.com/${TOKEN}`;

function makeSwitch(init: Partial<DeadmanInit> = {}) {
  const bench = makeBench();
  const far = new FarEnd(said(200, "OK", "text/plain"));
  const redact = new Redactor();
  const health: { status: HealthStatus; reason?: string } = { status: "healthy" };
  const deadman = new DeadmanSwitch({ ...bench, fetch: far.fetch, redact }, {
    url: new Secret(ADDRESS),
    kind: "auto",
    timeoutMs: 10 * SECOND_MS,
    intervalMs: INTERVAL_MS,
    isPublishing: true,
    health: () => health,
    ...init,
  });
  deadman.start();
  bench.scheduler.start();
  const count = (sort: string, outcome: string) =>
    bench.sample(`barnacle_deadman_requests_total{said="${sort}",outcome="${outcome}"}`);
  return { ...bench, far, deadman, health, redact, count };
}

test("the switch is requested after each beat, and not without one", async () => {
  const { clock, count, deadman, far } = makeSwitch();
  await clock.advance(10 * INTERVAL_MS);
  expect(far.asked).toEqual([]);
  deadman.beat();
  await clock.advance(SECOND_MS);
  expect(far.takePaths()).toEqual([`POST /${TOKEN}`]);
  await clock.advance(5 * INTERVAL_MS);
  expect(far.asked).toEqual([]);
  deadman.beat();
  await clock.advance(SECOND_MS);
  expect(far.takePaths()).toEqual([`POST /${TOKEN}`]);
  expect(count("success", "success")).toBe(2);
  expect(deadmanAnswer.safeParse(deadman.answer()).success).toBe(true);
});

test("a degraded host is told of at once, with the published reason, and at each beat while it lasts", async () => {
  const { clock, deadman, far, health } = makeSwitch();
  Object.assign(health, { status: "degraded", reason: "error rate above its threshold" });
  deadman.degraded();
  await clock.advance(SECOND_MS);
  expect(far.asked[0]).toMatchObject({ url: `${ADDRESS}/fail`, body: "error rate above its threshold" });
  deadman.beat();
  await clock.advance(SECOND_MS);
  expect(far.takePaths()).toEqual([`POST /${TOKEN}/fail`, `POST /${TOKEN}/fail`]);
  Object.assign(health, { status: "healthy" });
  deadman.beat();
  await clock.advance(SECOND_MS);
  expect(far.takePaths()).toEqual([`POST /${TOKEN}`]);
});

test("who stops is silent", async () => {
  const { clock, deadman, far, health } = makeSwitch();
  for (const status of ["draining", "offline"] as const) {
    health.status = status;
    deadman.beat();
    await clock.advance(SECOND_MS);
  }
  expect(far.asked).toEqual([]);
});

test("without publications the loop is the beat", async () => {
  const { clock, far } = makeSwitch({ isPublishing: false });
  await clock.advance(10 * INTERVAL_MS);
  expect(far.asked.length).toBeGreaterThanOrEqual(9);
  expect(far.asked.length).toBeLessThanOrEqual(11);
});

test("a request that failed is made again, but not when its beat is old", async () => {
  const { clock, count, deadman, far, log } = makeSwitch();
  far.behave = refused;
  deadman.beat();
  await clock.advance(SECOND_MS);
  expect(far.asked).toHaveLength(1);
  await clock.advance(INTERVAL_MS);
  expect(far.asked.length).toBeGreaterThan(1);
  expect(deadman.answer()).toMatchObject({ state: "failing", last_error: { code: "CONNECTION_REFUSED" } });
  await clock.advance(2 * INTERVAL_MS);
  far.takePaths();
  far.behave = said(200, "OK");
  await clock.advance(10 * INTERVAL_MS);
  expect(far.asked).toEqual([]);
  deadman.beat();
  await clock.advance(INTERVAL_MS);
  expect(far.takePaths()).toHaveLength(1);
  expect(log.named("deadman_recovered")).not.toEqual([]);
  expect(count("success", "failure")).toBeGreaterThan(1);
});

test.each([
  [said(404, "not found"), "NOT_FOUND"],
  [said(200, "OK (not found)"), "NOT_FOUND"],
  [said(200, "OK (rate limited)"), "ANSWER_INVALID"],
  [said(401, ""), "UNAUTHORIZED"],
  [said(429, ""), "RATE_LIMITED"],
  [said(409, ""), "REJECTED"],
  [said(503, ""), "REMOTE_FAILURE"],
  [said(301, ""), "REDIRECT_REFUSED"],
  [silent, "TIMED_OUT"],
])("an answer that is none is named (%#)", async (behave, code) => {
  const { clock, deadman, far } = makeSwitch();
  far.behave = behave;
  deadman.beat();
  await clock.advance(11 * SECOND_MS);
  expect(deadman.answer().last_error).toMatchObject({ code });
  expect(deadman.answer().last_error?.hint).toMatch(/\w/);
});

test("the address is in nothing that is said, whoever quotes it", async () => {
  const { clock, deadman, far, log, metrics, redact } = makeSwitch();
  far.behave = ({ url }) => {
    throw new BarnacleError({ code: "CERTIFICATE_INVALID", action: `POST ${url}`, value: url, hint: `look at ${url}` });
  };
  deadman.beat();
  await clock.advance(SECOND_MS);
  far.behave = ({ url }) => said(500, `cannot ${url}`)();
  deadman.beat();
  await clock.advance(INTERVAL_MS);
  const everything = JSON.stringify([
    deadman.answer(),
    log.events.map(({ fields }) => [fields, String(fields["error"])]),
  ]);
  expect(everything).toContain("https://hc-ping.com");
  expect(everything + metrics.render()).not.toContain(TOKEN);
  expect(log.events.some(({ fields }) => (fields["error"] as Error | undefined)?.cause !== undefined)).toBe(false);
  expect(redact.redact(`GET /${TOKEN}`)).not.toContain(TOKEN);
});

test("a token goes with the request", async () => {
  const url = new Secret("https://gatus.example.org/api/v1/endpoints/core_agent/external");
  const { clock, deadman, far } = makeSwitch({ url, token: new Secret("gatus-token") });
  deadman.beat();
  await clock.advance(SECOND_MS);
  expect(far.asked[0]?.headers.get("authorization")).toBe("Bearer gatus-token");
});

test("a plain watcher is told that something is wrong by silence", async () => {
  const { clock, deadman, far, health } = makeSwitch({ url: new Secret("https://watch.example.org/a"), kind: "plain" });
  health.status = "degraded";
  deadman.degraded();
  deadman.beat();
  await clock.advance(SECOND_MS);
  expect(far.asked).toEqual([]);
  expect(deadman.answer()).toMatchObject({ state: "waiting", last_outcome: null });
});
