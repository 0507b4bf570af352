/** Hunts: a change of OpenClaw's configuration that is not noticed, one that is told of twice, and a watch that outlives its stop. */
import { expect, test } from "vitest";
import { type Gateway, GatewayWatch } from "../../../src/openclaw/mod.ts";
import { FarEnd } from "../../support/far-end.ts";
import { MemoryFiles } from "../../support/memory-files.ts";
import { makeBench } from "../scheduler/support.ts";
import { recentGateway } from "./support.ts";

const SECOND_MS = 1_000;
const CONFIG = "/srv/claw/openclaw.json";

function makeWatch(environment: Record<string, string> = { OPENCLAW_STATE_DIR: "/srv/claw" }) {
  const bench = makeBench();
  const files = new MemoryFiles();
  const far = new FarEnd();
  const seen: (readonly Gateway[])[] = [];
  const secrets: string[] = [];
  const process = {
    environment: () => environment,
    hostFacts:
      () => ({ hostName: "h", os: "linux", architecture: "x64", processorCount: 1, homeDirectory: "/root" } as const),
  };
  const watch = new GatewayWatch({ ...bench, files, process, fetch: far.fetch }, {
    intervalMs: 30 * SECOND_MS,
    onChange: (gateways) => void seen.push(gateways),
    onSecret: (secret) => void secrets.push(secret.reveal()),
  });
  return { ...bench, files, far, watch, seen, secrets };
}

test("the watch tells of what it finds once, and of a changed configuration soon", async () => {
  const { clock, far, files, log, scheduler, secrets, seen, watch } = makeWatch();
  files.put(CONFIG, '{"agents":{"list":[{"id":"one"}]}}');
  expect(watch.gateways).toBeUndefined();
  watch.start();
  scheduler.start();
  await clock.advance(100 * SECOND_MS);
  expect(seen).toHaveLength(1);
  expect(watch.gateways?.[0]).toMatchObject({ state: "stopped", agents: [{ id: "one" }] });
  files.put(CONFIG, '{"agents":{"entries":{"two":{}}},"hooks":{"enabled":true,"token":"hook-secret"}}');
  await clock.advance(2 * SECOND_MS);
  expect(watch.gateways?.[0]?.agents).toMatchObject([{ id: "two" }]);
  expect(secrets).toContain("hook-secret");
  const gateway = recentGateway("2026.9.6");
  far.behave = ({ url }) => gateway(new URL(url).pathname);
  await clock.advance(31 * SECOND_MS);
  expect(seen).toHaveLength(3);
  expect(watch.gateways?.[0]).toMatchObject({ state: "running", version: { number: "2026.9.6" } });
  expect(log.named("gateways_found")).toHaveLength(3);
  expect(JSON.stringify(log.events)).not.toContain("hook-secret");
});

test("the watch sees a change within its interval where the platform tells of none, and leaves nothing behind", async () => {
  const { clock, files, scheduler, seen, watch } = makeWatch();
  files.put(CONFIG, "{}");
  watch.start();
  scheduler.start();
  await clock.advance(2 * SECOND_MS);
  files.put(CONFIG, "{ broken", { silently: true });
  await clock.advance(31 * SECOND_MS);
  expect(seen).toHaveLength(2);
  expect(watch.gateways?.[0]?.unknown[0]?.what).toBe("configuration");
  expect(files.watchCount).toBe(1);
  watch.stop();
  expect(files.watchCount).toBe(0);
  files.put(CONFIG, "{}");
  await clock.advance(100 * SECOND_MS);
  expect(seen).toHaveLength(2);
});

test("where no gateway is, a look waits for company; where one is, it does not", async () => {
  const { clock, files, scheduler, watch } = makeWatch({});
  const looksMs: number[] = [];
  const list = files.list.bind(files);
  files.list = (path) => {
    if (path === "/root") looksMs.push(clock.monotonicMs());
    return list(path);
  };
  watch.start();
  scheduler.add({ name: "other", intervalMs: 37 * SECOND_MS, timeoutMs: SECOND_MS, run: () => Promise.resolve() });
  scheduler.start();
  await clock.advance(60 * SECOND_MS);
  expect(looksMs).toEqual([2_000, 37_000]);
  files.put("/root/.openclaw/openclaw.json", "{}");
  files.put("/root/.openclaw", "");
  await clock.advance(60 * SECOND_MS);
  expect(looksMs.slice(2)).toEqual([71_000, 92_000]);
});

test("the watch looks at once when somebody asks, and soon again at a gateway that starts or is too busy to answer", async () => {
  const { clock, far, files, scheduler, seen, watch } = makeWatch();
  files.put(CONFIG, "{}");
  watch.start();
  scheduler.start();
  await clock.advance(2 * SECOND_MS);
  const gateway = recentGateway("2026.9.6");
  far.behave = ({ url }) => gateway(new URL(url).pathname);
  watch.lookSoon();
  await clock.advance(100);
  expect(watch.gateways?.[0]?.state).toBe("running");
  const asked = far.asked.length;
  for (let count = 0; count < 40; count++) {
    watch.lookSoon();
    await clock.advance(100);
  }
  expect(far.asked.length).toBe(asked);
  const starting = recentGateway("2026.9.6", "starting");
  far.behave = ({ url }) => starting(new URL(url).pathname);
  await clock.advance(31 * SECOND_MS);
  expect(watch.gateways?.[0]?.state).toBe("starting");
  far.behave = ({ url }) => gateway(new URL(url).pathname);
  await clock.advance(6 * SECOND_MS);
  expect([watch.gateways?.[0]?.state, seen.length]).toEqual(["running", 4]);
});

test("the watch does not look again and again at what stays as it is", async () => {
  const { clock, far, files, scheduler, watch } = makeWatch();
  files.put(CONFIG, "{}");
  far.behave = () => new Response("<html>", { headers: { "content-type": "text/html" } });
  watch.start();
  scheduler.start();
  await clock.advance(5 * 60 * SECOND_MS);
  far.asked.length = 0;
  await clock.advance(5 * 60 * SECOND_MS);
  expect(far.asked.length).toBeLessThanOrEqual(22);
});
