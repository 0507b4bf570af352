/** Hunts: a gateway that is there and not found, one that is taken for another, and what is not known given out as known. */
import { describe, expect, test } from "vitest";
import { chooseGateway, describeVacant, metadataOf } from "../../../src/openclaw/mod.ts";
import { HOME, json, olderGateway, OpenClawHost, page, recentGateway } from "./support.ts";

const CONFIG = `${HOME}/.openclaw/openclaw.json`;

describe("findGateways finds", () => {
  test("nothing where there is nothing", async () => {
    expect(await new OpenClawHost().find()).toEqual([]);
  });

  test("a running gateway of the newer generation, with its own word for its version", async () => {
    const box = new OpenClawHost().put(CONFIG, {
      gateway: { mode: "local", port: 19189, auth: { token: "gateway-token" } },
      hooks: { enabled: true, token: "hook-token", path: "wake/", allowedAgentIds: ["main"] },
      agents: { entries: { main: { name: "Molly" } } },
      meta: { lastTouchedVersion: "2026.9.4" },
    });
    await box.serve(19189, recentGateway("2026.9.6"));
    const gateway = await box.findOne();
    expect(gateway).toMatchObject({
      profile: undefined,
      stateDirectory: `${HOME}/.openclaw`,
      state: "running",
      version: { number: "2026.9.6", from: "gateway" },
      generation: "scratch",
      port: 19189,
      portFrom: "configuration",
      hooks: { isEnabled: true, url: "http://127.0.0.1:19189/wake", allowedAgentIds: ["main"] },
      unknown: [],
    });
    expect(gateway.hooks.token?.reveal()).toBe("hook-token");
    expect(JSON.stringify(gateway)).not.toMatch(/hook-token|gateway-token/);
    expect(metadataOf(gateway)).toEqual({
      version: "OpenClaw 2026.9.6",
      agents: [{ id: "main", name: "Molly", status: "online" }],
    });
  });

  test("a running gateway of the older generation, which tells no version: from its package", async () => {
    const box = new OpenClawHost()
      .put(CONFIG, "{ agents: { list: [{ id: 'main', workspace: '~/work', }] }, } // by hand")
      .put("/usr/bin/openclaw", "")
      .put("/usr/bin/../lib/node_modules/openclaw/package.json", { name: "openclaw", version: "2026.7.35" })
      .put("/usr/bin/../lib/node_modules/openclaw/dist/build-info.json", {
        version: "2026.7.35",
        commit: "aa94808cb056",
      })
      .put(`${HOME}/work/AGENTS.md`, "");
    await box.serve(18789, olderGateway);
    const gateway = await box.findOne({ PATH: "/bin:/usr/bin" });
    expect(gateway).toMatchObject({
      state: "running",
      version: { number: "2026.7.35", commit: "aa94808", from: "package" },
      generation: "heartbeat-file",
      portFrom: "default",
      agents: [{ id: "main", workspace: `${HOME}/work`, hasWorkspace: true, isWorkspacePinned: true }],
    });
    expect(metadataOf(gateway).version).toBe("OpenClaw 2026.7.35 (aa94808)");
  });

  test("an older one beside a newer package: its version is not that of the package", async () => {
    const box = new OpenClawHost().put(CONFIG, { meta: { lastTouchedVersion: "2026.9.6" } });
    await box.serve(18789, olderGateway);
    const gateway = await box.findOne();
    expect(gateway).toMatchObject({ version: undefined, generation: "heartbeat-file", state: "running" });
    expect(gateway.unknown.map(({ what }) => what)).toEqual(["version"]);
    expect(metadataOf(gateway)).not.toHaveProperty("version");
  });

  test("one that does not run: by who wrote its configuration last", async () => {
    const box = new OpenClawHost().put(CONFIG, { meta: { lastTouchedVersion: "2026.8.1" } });
    expect(await box.findOne()).toMatchObject({
      state: "stopped",
      version: { number: "2026.8.1", from: "configuration" },
      generation: "scratch",
    });
  });

  test("one that starts", async () => {
    const box = new OpenClawHost().put(CONFIG, {});
    await box.serve(18789, recentGateway("2026.9.6", "starting"));
    expect(await box.findOne()).toMatchObject({ state: "starting", generation: "scratch" });
  });

  test("named profiles, each with its port, and not directories that merely look like one", async () => {
    const box = new OpenClawHost()
      .put(CONFIG, { meta: { lastTouchedVersion: "2026.9.6" } })
      .put(`${HOME}/.openclaw-ops/openclaw.json`, { gateway: { port: 19789 } })
      .put(`${HOME}/.openclaw-rescue/openclaw.json`, { meta: { lastTouchedVersion: "2026.9.6" } })
      .put(`${HOME}/.openclaw-old/openclaw.json`, { meta: { lastTouchedVersion: "2026.7.1" } })
      .put(`${HOME}/.openclaw-backup/notes.txt`, "")
      .put(`${HOME}/.openclaw-../openclaw.json`, {});
    const found = await box.find();
    expect(found.map(({ profile, port }) => [profile, port])).toEqual([
      [undefined, 18789],
      ["old", 18789],
      ["ops", 19789],
      // FNV-1a of the name, as OpenClaw has it from 2026.8.1 on.
      ["rescue", 23532],
    ]);
  });

  test("what the environment names first, with its port and workspace", async () => {
    const box = new OpenClawHost().put(CONFIG, {}).put("/srv/claw/openclaw.json", {}).put("/etc/claw.json5", "{}");
    const [first, second, ...others] = await box.find({
      OPENCLAW_STATE_DIR: "/srv/claw/",
      OPENCLAW_CONFIG_PATH: "/etc/claw.json5",
      OPENCLAW_GATEWAY_PORT: "127.0.0.1:20100",
      OPENCLAW_WORKSPACE_DIR: "/srv/work",
    });
    expect(first).toMatchObject({
      stateDirectory: "/srv/claw",
      configPath: "/etc/claw.json5",
      isNamed: true,
      port: 20100,
      portFrom: "environment",
      agents: [{ workspace: "/srv/work" }],
    });
    expect(second).toMatchObject({ stateDirectory: `${HOME}/.openclaw`, isNamed: false, port: 18789 });
    expect(others).toEqual([]);
    expect(chooseGateway([second, first].filter((gateway) => gateway !== undefined))).toBe(first);
  });

  test("a profile that the environment names once, and homes where OPENCLAW_HOME says", async () => {
    const box = new OpenClawHost().put(`${HOME}/svc/.openclaw-ops/openclaw.json`, {});
    const found = await box.find({ OPENCLAW_PROFILE: "ops", OPENCLAW_HOME: "~/svc" });
    expect(found.map(({ profile, isNamed }) => [profile, isNamed])).toEqual([["ops", true]]);
  });

  test("state directories that our configuration names, and the state of its former names", async () => {
    const box = new OpenClawHost().put("/var/claw/openclaw.json", {}).put(`${HOME}/.clawdbot/clawdbot.json`, {});
    const found = await box.find({}, { stateDirectories: ["/var/claw"] });
    expect(found.map(({ configPath }) => configPath)).toEqual([
      "/var/claw/openclaw.json",
      `${HOME}/.clawdbot/clawdbot.json`,
    ]);
  });

  test("the port of a flag in the gateway's own lock, the newest", async () => {
    const locks = `${HOME}/.openclaw/tmp/openclaw-1000`;
    const box = new OpenClawHost().put(CONFIG, { gateway: { port: 19001 } })
      .put(`${locks}/gateway.0a1b2c3d.lock`, { pid: 7, createdAt: "2026-09-01T00:00:00.000Z", port: 19555 })
      .put(`${locks}/gateway.state.lock`, { pid: 8, createdAt: "2026-09-02T00:00:00.000Z", port: 19777 })
      .put(`${locks}/gateway.ffff.lock`, {
        pid: 9,
        createdAt: "2026-09-03T00:00:00.000Z",
        port: 1,
        role: "agent-embedded",
      })
      .put(`${locks}/gateway.half.lock`, "{");
    await box.serve(19777, recentGateway("2026.9.6"));
    expect(await box.findOne()).toMatchObject({ port: 19777, portFrom: "lock", state: "running" });
  });
});

describe("a state directory without a configuration", () => {
  test("is no gateway, and is told of: an empty one, one with other things in it, one that somebody names", async () => {
    const box = new OpenClawHost().put(`${HOME}/.openclaw/workspace/AGENTS.md`, "");
    const { gateways, vacant, files } = await box.look({}, { stateDirectories: ["/not/there"] });
    expect(gateways).toEqual([]);
    expect(vacant.map(({ isNamed, stateDirectory }) => [stateDirectory, isNamed])).toEqual([
      ["/not/there", true],
      [`${HOME}/.openclaw`, false],
    ]);
    expect(vacant.map(describeVacant)[1]).toBe(
      `${HOME}/.openclaw is no gateway's: there is no ${CONFIG}, no lock of a gateway that runs, and none answers`,
    );
    // So that one that is set up there is noticed at once.
    expect(files).toContain(CONFIG);
  });

  test("is one with a lock, and one at whose port a gateway answers", async () => {
    const locked = new OpenClawHost()
      .put(`${HOME}/.openclaw/tmp/openclaw-1000/gateway.0a1b.lock`, { pid: 7, createdAt: "2026-09-01", port: 19555 });
    expect(await locked.findOne()).toMatchObject({ port: 19555, portFrom: "lock", state: "stopped" });
    const unconfigured = new OpenClawHost().put(`${HOME}/.openclaw/workspace/AGENTS.md`, "");
    await unconfigured.serve(18789, olderGateway);
    expect(await unconfigured.findOne()).toMatchObject({ state: "running", generation: "heartbeat-file" });
  });

  test("is one that cannot be read: it may be anything", async () => {
    expect(await new OpenClawHost().put(CONFIG, "{").findOne()).toMatchObject({
      unknown: [{ what: "configuration" }, {}],
    });
  });

  test("does not count where something else listens at the default port", async () => {
    const box = new OpenClawHost().put(`${HOME}/.openclaw/workspace/AGENTS.md`, "");
    await box.serve(18789, page);
    expect(await box.find()).toEqual([]);
  });
});

describe("findGateways says what it does not know, and why", () => {
  test("a configuration that is no JSON5: with the place, without agents", async () => {
    const box = new OpenClawHost().put(CONFIG, "{\n  gateway: { port: 19189, secret: 'abc }\n}");
    const gateway = await box.findOne();
    expect(gateway).toMatchObject({ agents: [], port: 18789, state: "stopped" });
    expect(gateway.unknown[0]?.what).toBe("configuration");
    expect(gateway.unknown[0]?.why).toContain("line 2, column");
    expect(gateway.unknown[0]?.why).not.toContain("abc");
  });

  test("something else on its port", async () => {
    const box = new OpenClawHost().put(CONFIG, {});
    await box.serve(18789, page);
    const gateway = await box.findOne();
    expect(gateway.state).toBe("unknown");
    expect(gateway.unknown[0]).toMatchObject({ what: "gateway" });
  });

  test.each([
    ["JSON of another kind", () => json(200, { status: "up" })],
    ["JSON that is none", () => new Response("{", { headers: { "content-type": "application/json" } })],
    ["a version of another form", () => json(200, { ok: true, status: "started", version: "<b>9</b>" })],
  ])("%s", async (_what, answer) => {
    const box = new OpenClawHost().put(CONFIG, {});
    await box.serve(18789, answer);
    expect((await box.findOne()).version).toBeUndefined();
  });

  test("a gateway that never answers, in bounded time", async () => {
    const box = new OpenClawHost().put(CONFIG, {});
    await box.serve(18789, () => new Promise(() => {}));
    expect(await box.findOne()).toMatchObject({
      state: "unknown",
      unknown: [{ what: "gateway", why: expect.stringContaining("TIMED_OUT") }, { what: "version" }],
    });
  });

  test("a gateway on another host is not asked for", async () => {
    const box = new OpenClawHost().put(CONFIG, { gateway: { mode: "remote" } });
    await box.serve(18789, recentGateway("2026.9.6"));
    expect(await box.findOne()).toMatchObject({ mode: "remote", state: "unknown" });
  });
});

describe("the hook token", () => {
  const hooks = { enabled: true, token: "${HOOK_TOKEN}" };

  test("is taken from the environment, the gateway's .env, or the configuration's env, in that order", async () => {
    const box = new OpenClawHost().put(CONFIG, { hooks, env: { vars: { HOOK_TOKEN: "third" } } });
    expect((await box.findOne()).hooks.token?.reveal()).toBe("third");
    box.put(`${HOME}/.openclaw/.env`, "# secrets\nexport HOOK_TOKEN = 'second'\n");
    expect((await box.findOne()).hooks.token?.reveal()).toBe("second");
    expect((await box.findOne({ HOOK_TOKEN: "first" })).hooks.token?.reveal()).toBe("first");
  });

  test.each([
    [hooks, "known to the gateway only"],
    [{ enabled: true }, "is not set"],
    [{ enabled: true, token: { source: "env" } }, "is no text"],
  ])("that cannot be had is told of: %j", async (given, why) => {
    const gateway = await new OpenClawHost().put(CONFIG, { hooks: given }).findOne();
    expect(gateway.hooks.token).toBeUndefined();
    expect(gateway.unknown.find(({ what }) => what === "hook token")?.why).toContain(why);
  });

  test("with an escaped reference stands as it is", async () => {
    const box = new OpenClawHost().put(CONFIG, { hooks: { enabled: true, token: "$${AS_IS}" } });
    expect((await box.findOne()).hooks.token?.reveal()).toBe("${AS_IS}");
  });
});

describe("included files", () => {
  test("are merged: a list in its order, and what stands beside them last", async () => {
    const box = new OpenClawHost()
      .put(
        CONFIG,
        '{ gateway: { $include: ["./a.json5", "sub/b.json5"], port: 19003 }, agents: { $include: "agents.json5" } }',
      )
      .put(`${HOME}/.openclaw/a.json5`, "{ port: 19001, mode: 'remote' }")
      .put(`${HOME}/.openclaw/sub/b.json5`, "{ $include: './c.json5', mode: 'local' }")
      .put(`${HOME}/.openclaw/sub/c.json5`, "{ tls: { enabled: true } }")
      .put(`${HOME}/.openclaw/agents.json5`, "{ entries: { one: {}, two: {} } }");
    const gateway = await box.findOne();
    expect(gateway).toMatchObject({ port: 19003, mode: "local", baseUrl: "https://127.0.0.1:19003" });
    expect(gateway.agents.map(({ id }) => id)).toEqual(["one", "two"]);
  });

  test.each([
    ["leads out of the directory", '{ $include: "../secrets.json" }', "leads out"],
    ["is not there", '{ $include: "none.json5" }', "there is no"],
    ["includes itself", '{ $include: "./openclaw.json" }', "too many"],
    ["is no name", "{ $include: 7 }", "leads out"],
  ])("that %s is told of", async (_what, text, why) => {
    const gateway = await new OpenClawHost().put(CONFIG, text).findOne();
    expect(gateway.unknown[0]?.what).toBe("configuration");
    expect(gateway.unknown[0]?.why).toContain(why);
  });
});
