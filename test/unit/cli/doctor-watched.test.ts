/** Hunts: a gateway, a Monitor or a watcher of which doctor says something else than is so, and an address that it shows. */
import { describe, expect, test } from "vitest";
import { json, statusAnswer } from "./support/answers.ts";
import type { FakeRequest } from "./support/fake-runtime.ts";
import { Bench } from "./support/run.ts";

interface Finding {
  readonly subject: string;
  readonly outcome: string;
  readonly message: string;
}

const TOKEN = "Secret-Push-Token";

async function examine(
  environment: Record<string, string>,
  prepare: (bench: Bench) => void = () => undefined,
): Promise<(subject: string) => readonly string[]> {
  const bench = new Bench();
  bench.runtime.process.environment = { HOME: "/home/ann", ...environment };
  prepare(bench);
  await bench.run("doctor", "--json");
  expect(bench.output).not.toContain(TOKEN);
  const { checks } = JSON.parse(bench.output) as { readonly checks: readonly Finding[] };
  return (subject) =>
    checks.filter((finding) => finding.subject === subject).map(({ message, outcome }) => `${outcome}: ${message}`);
}

/** One far end of this host answers, all others refuse. */
function answering(bench: Bench, prefix: string, answer: (request: FakeRequest) => Response): void {
  const { answer: refuse } = bench.runtime;
  bench.runtime.answer = (request) => request.url.startsWith(prefix) ? answer(request) : refuse(request);
}

describe("doctor on OpenClaw", () => {
  test("names the gateways with their agents and workspaces, and what is not known of them", async () => {
    const of = await examine({}, (bench) => {
      bench.runtime.files.put(
        "/home/ann/.openclaw/openclaw.json",
        '{ hooks: { enabled: true }, agents: { list: [{ id: "main" }] } }',
      );
      bench.runtime.files.put("/home/ann/.openclaw/workspace/AGENTS.md", "");
      answering(
        bench,
        "http://127.0.0.1:18789/startupz",
        () => json({ ok: true, status: "started", version: "2026.9.6" }),
      );
    });
    const [found, ...unknown] = of("openclaw");
    expect(found).toContain("OpenClaw 2026.9.6, running at http://127.0.0.1:18789");
    expect(found).toContain("main works in /home/ann/.openclaw/workspace");
    expect(unknown).toEqual(["warning: the gateway: hook token unknown: hooks.token is not set"]);
  });

  test("says of a state directory that holds no gateway what it lacks, and warns of one that somebody named", async () => {
    const prepare = (bench: Bench) => bench.runtime.files.put("/home/ann/.openclaw/workspace/AGENTS.md", "");
    const why =
      ".openclaw is no gateway's: there is no /home/ann/.openclaw/openclaw.json, no lock of a gateway that runs";
    const [none, found, ...others] = (await examine({}, prepare))("openclaw");
    expect([none, others]).toEqual(["ok: no gateway was found for this user", []]);
    expect(found).toMatch(/^ok: /);
    expect(found).toContain(why);
    const named = (await examine({ OPENCLAW_STATE_DIR: "/home/ann/.openclaw" }, prepare))("openclaw")[1];
    expect(named).toMatch(/^warning: /);
    expect(named).toContain(why);
  });

  test("says so when there is none, or none is wanted", async () => {
    expect((await examine({}))("openclaw")).toEqual(["ok: no gateway was found for this user"]);
    expect((await examine({ BARNACLE_GATEWAY_FIND: "false" }))("openclaw")).toEqual([
      "ok: is not looked for (gateway.find)",
    ]);
  });
});

describe("doctor on waking", () => {
  const configure = (config: string) => (bench: Bench) => {
    bench.runtime.files.put("/home/ann/.openclaw/openclaw.json", config);
  };

  test("names whom it would wake, and what keeps it from that", async () => {
    const hooks = '"hooks":{"enabled":true,"token":"hook-secret"}';
    const here = await examine(
      {},
      configure(`{${hooks},"agents":{"defaults":{"workspace":"/work"}}}`),
    );
    expect(here("waking")).toEqual(["ok: main at http://127.0.0.1:18789"]);
    const off = await examine({}, configure('{"agents":{"defaults":{"workspace":"/work"}}}'));
    expect(off("waking")).toEqual([
      "warning: main at http://127.0.0.1:18789 cannot be woken: no webhooks with a token, and no plugin",
    ]);
    const elsewhere = await examine({}, configure(`{${hooks}}`));
    expect(elsewhere("waking")).toEqual([
      "warning: nobody is woken: no agent of a gateway works in /work: main works in /home/ann/.openclaw/workspace",
    ]);
    const named = await examine({ BARNACLE_WAKING_AGENT_ID: "main" }, configure(`{${hooks}}`));
    expect(named("waking")).toEqual(["ok: main at http://127.0.0.1:18789"]);
  });

  test("says so where nobody can or shall be woken", async () => {
    expect((await examine({}))("waking")).toEqual(["ok: no gateway was found whose agents could be woken"]);
    expect((await examine({ BARNACLE_WAKING_ENABLED: "false" }))("waking")[0]).toMatch(/^ok: is off/);
    expect((await examine({ BARNACLE_GATEWAY_FIND: "false" }))("waking")[0]).toMatch(/^ok: is not possible/);
  });
});

describe("doctor on the Monitor", () => {
  test("finds one, misses one, and misses one that must be there", async () => {
    const found = await examine(
      { MONITOR_PORT: "9101" },
      (bench) => answering(bench, "http://127.0.0.1:9101/health", () => json({ identifier: "vps.t1", version: "0.9" })),
    );
    expect(found("monitor")).toEqual(["ok: vps.t1 answers at http://127.0.0.1:9101, version 0.9"]);
    expect((await examine({}))("monitor")[0]).toMatch(/^ok: none answers/);
    expect((await examine({ BARNACLE_MONITOR_CLIENT: "on" }))("monitor")[0]).toMatch(/^warning: none answers/);
    expect((await examine({ BARNACLE_MONITOR_CLIENT: "off" }))("monitor")[0]).toMatch(/^ok: is not looked for/);
  });

  test("names what else is on its port", async () => {
    const of = await examine(
      {},
      (bench) =>
        answering(
          bench,
          "http://127.0.0.1:9100/",
          () => new Response("<html>", { headers: { "content-type": "text/html" } }),
        ),
    );
    expect(of("monitor")[0]).toMatch(/^failure: .*text\/html that is no JSON object/);
  });
});

describe("doctor on the dead-man's switch", () => {
  test.each([
    [{}, "ok: none is configured"],
    [
      { BARNACLE_DEADMAN_URL: `https://kuma.example/api/push/${TOKEN}` },
      "ok: https://kuma.example is told by the conventions of uptime-kuma",
    ],
    [
      { BARNACLE_DEADMAN_URL: `https://watch.example/${TOKEN}` },
      "warning: https://watch.example is told only that all is well",
    ],
    [
      { BARNACLE_DEADMAN_URL: `https://watch.example/${TOKEN}`, BARNACLE_DEADMAN_KIND: "plain" },
      "ok: https://watch.example",
    ],
    [
      { BARNACLE_DEADMAN_URL: `https://g.example/api/v1/endpoints/${TOKEN}/external` },
      "warning: https://g.example is a Gatus",
    ],
  ])("%#", async (environment: Record<string, string>, message) => {
    expect((await examine(environment))("dead-man")[0]).toContain(message);
  });
});

describe("status", () => {
  test("shows gateways, Monitor, host and switch, and nothing of what is off", async () => {
    const bench = new Bench();
    bench.runtime.answer = () =>
      json(statusAnswer({
        gateways: [{
          profile: "ops",
          state: "running",
          url: "http://127.0.0.1:19789",
          state_directory: "/home/ann/.openclaw-ops",
          version: "OpenClaw 2026.9.6 (eb377ac)",
          generation: "scratch",
          hooks: true,
          agents: [{ id: "main", name: "Molly", workspace: "/w" }],
          unknown: [{ what: "hook token", why: "?" }],
        }],
        bridge: {
          state: "connected",
          endpoint: "http://127.0.0.1:9100",
          identifier: "vps.t1",
          version: "0.9",
          telemetry: { cpu_pct: 10.5, load_avg: [0.12, 0.09, 0.03] },
          asked: "2026-02-06T11:59:48Z",
          pushed: "2026-02-06T11:59:48Z",
          pushes: 3,
          consecutive_failures: 0,
          last_error: null,
        },
        deadman: {
          kind: "healthchecks",
          origin: "https://hc-ping.com",
          state: "requested",
          last_outcome: "success",
          last_request: "2026-02-06T11:59:48Z",
          consecutive_failures: 0,
          last_error: null,
        },
      }));
    await bench.run("status");
    for (
      const text of [
        "OpenClaw 2026.9.6 (eb377ac) (ops), running, http://127.0.0.1:19789: main; unknown: hook token",
        "vps.t1 0.9 at http://127.0.0.1:9100, told about OpenClaw 12 s ago",
        "cpu 10.5 %, load 0.12 0.09 0.03",
        "https://hc-ping.com, told that all is well 12 s ago",
      ]
    ) expect(bench.output).toContain(text);
    const bare = new Bench();
    bare.runtime.answer = () => json(statusAnswer());
    await bare.run("status");
    expect(bare.output).not.toMatch(/^(openclaw|monitor|host|dead-man)/m);
  });
});
