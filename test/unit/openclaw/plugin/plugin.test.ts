/** Hunts: a plugin that acts when it is only registered, that breaks its gateway, lets a stranger in, or tells the wrong thing. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeTools } from "../../../../src/cli/tools/mod.ts";
import { HEARTBEAT_SECTION } from "../../../../src/mailbox/commands.ts";
import type { GatewayApi, GatewayTool } from "../../../../src/openclaw/plugin/gateway-api.ts";
import { jsonRoute } from "../../../../src/openclaw/plugin/json-route.ts";
import { heartbeatText } from "../../../../src/openclaw/plugin/prompt.ts";
import { Pusher } from "../../../../src/openclaw/plugin/pusher.ts";
import { openReceiver, type Receiver } from "../../../../src/openclaw/plugin/receiver.ts";
import { rosterOf } from "../../../../src/openclaw/plugin/roster.ts";
import { readSettings } from "../../../../src/openclaw/plugin/settings.ts";
import { registerTools } from "../../../../src/openclaw/plugin/tools.ts";
import { wakeAgent } from "../../../../src/openclaw/plugin/wake.ts";

const KEY = "key-of-the-plugin";

let folder: string;
let keyFile: string;
const servers: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "barnacle-plugin-"));
  keyFile = join(folder, "key");
  writeFileSync(keyFile, `${KEY}\n`);
});
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections(), server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Serves as a gateway serves a plugin's route. @returns its address */
async function serve(
  handler: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>,
): Promise<string> {
  const server = createServer((request, response) => void handler(request, response));
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

const authorization = { authorization: `Bearer ${KEY}` };

describe("settings", () => {
  test("are read from anything without a fault", () => {
    for (const given of [undefined, null, 7, "x", [], { workDirectories: 7, reportIntervalSec: "x", keyFile: "" }]) {
      expect(readSettings(given)).toMatchObject({
        pushUrl: "http://127.0.0.1:7410",
        reportIntervalMs: 30_000,
        keyFile: undefined,
        isReceiver: false,
      });
    }
  });

  test("keep our token from a Monitor", () => {
    expect(readSettings({ token: "t" }).token).toBe("t");
    expect(readSettings({ token: "t", monitorUrl: "http://127.0.0.1:9100/" })).toMatchObject({
      token: undefined,
      pushUrl: "http://127.0.0.1:9100",
    });
  });
});

describe("the roster", () => {
  test("is read in both shapes of the configuration", () => {
    const status = "online";
    expect(rosterOf({ agents: { entries: { main: {}, two: { name: "Two" } } } })).toEqual([
      { id: "main", name: "main", status },
      { id: "two", name: "Two", status },
    ]);
    expect(rosterOf({ agents: { list: [{ id: "one", name: "One" }, { name: "nobody" }] } })).toEqual([
      { id: "one", name: "One", status },
    ]);
  });

  test("has the agent that is there without a name, and nobody where nothing is known", () => {
    expect(rosterOf({})).toEqual([{ id: "main", name: "main", status: "online" }]);
    expect(rosterOf(undefined)).toEqual([]);
  });
});

describe("the pusher", () => {
  const metadata = { version: "OpenClaw 2026.9.6 (eb377ac)", plugin_version: "0.2.0", agents: [] };

  function makePusher(pushUrl: string, more: Record<string, unknown> = {}) {
    const debugged: string[] = [];
    const pusher = new Pusher({
      fetch: (...call) => fetch(...call),
      metadata: () => metadata,
      debug: (text) => debugged.push(text),
    }, {
      ...readSettings({ barnacleUrl: pushUrl, ...more }),
    });
    return { pusher, debugged };
  }

  test("tells why the gateway stops, with the key and everything else", async () => {
    const asked: {
      readonly path: string | undefined;
      readonly authorization: string | undefined;
      readonly body: unknown;
    }[] = [];
    const url = await serve(async (request, response) => {
      let text = "";
      for await (const chunk of request) text += String(chunk);
      asked.push({ path: request.url, authorization: request.headers.authorization, body: JSON.parse(text) });
      response.end("{}");
      return true;
    });
    const { pusher } = makePusher(url, { token: "t" });
    pusher.start();
    // As 2026.7.35 does it: the service ends first.
    await pusher.stop(undefined);
    await pusher.stop("plugin replacement");
    await pusher.stop("plugin replacement");
    expect(asked).toEqual([{
      path: "/openclaw",
      authorization: "Bearer t",
      body: { ...metadata, event: "gateway_stop", reason: "plugin replacement" },
    }]);
  });

  test("is quiet when nobody is there, and when the answer is a refusal", async () => {
    const { pusher, debugged } = makePusher("http://127.0.0.1:1");
    pusher.start();
    await pusher.stop("gateway stopping");
    const url = await serve((_request, response) => {
      response.writeHead(401).end();
      return Promise.resolve(true);
    });
    const refused = makePusher(url);
    refused.pusher.start();
    await refused.pusher.stop("gateway stopping");
    expect([debugged.length, refused.debugged]).toEqual([1, [`${url}/openclaw answered 401`]]);
  });
});

describe("the routes of the plugin", () => {
  test("let nobody in without the key, and nobody at all where there is none", async () => {
    const url = await serve(jsonRoute(keyFile, "GET", () => ({ status: 200, body: { ok: true } })));
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: "Bearer wrong" } })).status).toBe(401);
    expect((await fetch(url, { headers: authorization })).status).toBe(200);
    const closed = await serve(jsonRoute(join(folder, "none"), "GET", () => ({ status: 200, body: {} })));
    expect((await fetch(closed, { headers: authorization })).status).toBe(401);
    const unset = await serve(jsonRoute(undefined, "GET", () => ({ status: 200, body: {} })));
    expect((await fetch(unset, { headers: { authorization: "Bearer undefined" } })).status).toBe(401);
  });

  test("refuse another method, what is no JSON, and what is too long", async () => {
    const url = await serve(jsonRoute(keyFile, "POST", () => ({ status: 200, body: {} })));
    const post = (body: string) => fetch(url, { method: "POST", headers: authorization, body });
    expect((await fetch(url, { headers: authorization })).status).toBe(405);
    expect((await post("{")).status).toBe(400);
    expect((await post("x".repeat(20_000))).status).toBe(400);
    expect((await post("{}")).status).toBe(200);
  });
});

describe("waking", () => {
  const calls: unknown[] = [];
  const api = {
    runtime: {
      system: {
        enqueueSystemEvent: (...call: unknown[]) => calls.push(call),
        requestHeartbeat: (call: unknown) => calls.push(call),
      },
    },
  } as unknown as GatewayApi;

  test("queues the text for the agent's session and asks for a turn at once", () => {
    calls.length = 0;
    expect(wakeAgent(api, { agentId: "main", text: "3 new" })).toEqual({ status: 200, body: { ok: true } });
    const address = { agentId: "main", sessionKey: "agent:main:main" };
    expect(calls).toEqual([
      ["3 new", address],
      { ...address, source: "hook", intent: "immediate", reason: "hook:barnacle" },
    ]);
  });

  test.each([[undefined], [{ text: "x" }], [{ agentId: "a b", text: "x" }], [{ agentId: "main" }], [{
    agentId: "main",
    text: "x".repeat(3_000),
  }]])("refuses %j", (body) => {
    calls.length = 0;
    expect(wakeAgent(api, body).status).toBe(400);
    expect(calls).toEqual([]);
  });

  test("says so where the gateway has no such means", () => {
    expect(wakeAgent({ runtime: {} } as unknown as GatewayApi, { agentId: "main", text: "x" }).status).toBe(501);
  });
});

describe("what an agent is told at its heartbeat", () => {
  const build = globalThis as Record<string, unknown>;
  beforeEach(() => void (build["BARNACLE_HEARTBEAT"] = HEARTBEAT_SECTION));
  afterEach(() => void delete build["BARNACLE_HEARTBEAT"]);

  /** A gateway's interface, with this configuration. */
  const told = (config: unknown, workspace = "/work"): string => {
    const runtime = { config: { current: () => config }, agent: { resolveAgentWorkspaceDir: () => workspace } };
    return heartbeatText({ runtime } as unknown as GatewayApi, { agentId: "main", workDirectory: "/work" });
  };

  test("has absolute paths", () => {
    expect(told({})).toBe(HEARTBEAT_SECTION.replaceAll("`.moltcomm/", "`/work/.moltcomm/"));
    const bare = { runtime: {} } as unknown as GatewayApi;
    expect(heartbeatText(bare, { agentId: "main", workDirectory: "/work" })).toBe(told({}));
  });

  test.each([
    [{ agents: { defaults: { sandbox: { mode: "all", workspaceAccess: "rw" } } } }],
    [{ agents: { entries: { main: { sandbox: { mode: "all", workspaceAccess: "rw" } } } } }],
    [{ agents: { list: [{ id: "main", sandbox: { mode: "all", workspaceAccess: "rw" } }] } }],
  ])("has those of its sandbox, by %j", (config) => {
    expect(told(config)).toContain("`/workspace/.moltcomm/inbox.cursor`");
  });

  test("has the tools where its sandbox has them in place of the files", () => {
    const text = told({
      agents: { defaults: { sandbox: { mode: "all" } } },
      plugins: { entries: { barnacle: {} } },
      tools: { sandbox: { tools: { alsoAllow: ["barnacle"] } } },
    });
    expect(text).not.toContain(".moltcomm");
    for (const tool of ["read_messages", "send_message", "mark_read"]) expect(text).toContain(`barnacle_${tool}`);
    const [begin, title, ...rest] = HEARTBEAT_SECTION.split("\n");
    expect(text.split("\n").slice(0, 2)).toEqual([begin, title]);
    expect(text.split("\n").slice(-2)).toEqual(rest.slice(-2));
  });
});

describe("the tools of the plugin", () => {
  test("have names that no other plugin's have, and are each called by the name that our command knows", async () => {
    const build = globalThis as Record<string, unknown>;
    build["BARNACLE_TOOLS"] = describeTools();
    const registered: { readonly name: string; readonly tool: GatewayTool }[] = [];
    const api = {
      registerTool: (make: (context: object) => GatewayTool, { name }: { readonly name: string }) =>
        registered.push({ name, tool: make({}) }),
    } as unknown as GatewayApi;
    const asked: unknown[] = [];
    registerTools(api, readSettings({}), {
      fleet_status: (input) => {
        asked.push(input);
        return Promise.resolve("nobody\n");
      },
    });
    delete build["BARNACLE_TOOLS"];
    expect(registered.map(({ name }) => name)).toContain("barnacle_send_message");
    expect(registered.every(({ name, tool }) => name.startsWith("barnacle_") && tool.name === name)).toBe(true);
    const fleet = registered.find(({ name }) => name === "barnacle_fleet_status")?.tool;
    expect(await fleet?.execute("1", { min_free: 1 })).toEqual({ content: [{ type: "text", text: "nobody\n" }] });
    expect(asked).toEqual([{ min_free: 1 }]);
  });
});

describe("the receiver", () => {
  const document = (more: Record<string, unknown> = {}) => ({
    service_name: "project-chimera",
    instance_id: "one",
    message_id: "6f1e1d1c-5b1a-4a19-9817-161514131211",
    timestamp: new Date().toISOString(),
    uptime_seconds: 1,
    version: "0.1.0",
    capabilities: ["transcribe"],
    capacity: { concurrent_tasks: 4, queue_length: 0 },
    health: { status: "healthy", details: {} },
    ...more,
  });
  let receiver: Receiver;
  const open = () =>
    receiver = openReceiver({ keyFile, receivedFile: join(folder, "received.json"), debug: () => undefined });
  async function post(body: unknown, headers: Record<string, string> = authorization) {
    const url = await serve((request, response) => receiver.handle(request, response));
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: text,
    });
    return { status: answer.status, body: JSON.parse(await answer.text()) };
  }

  test("takes a status by the contract: once, and never an older one over a newer", async () => {
    open();
    expect(await post(document())).toMatchObject({ status: 202, body: { accepted: true, duplicate: false } });
    expect(await post(document())).toMatchObject({ status: 202, body: { duplicate: true } });
    const older = { message_id: "6f1e1d1c-5b1a-4a19-9817-161514131212", timestamp: "2026-01-01T00:00:00Z" };
    expect(await post(document(older))).toMatchObject({ status: 202, body: { stale: true } });
    expect(await receiver.describeFleet({ capability: "transcribe", min_free: 1 })).toContain(
      "one (project-chimera): healthy, available, 4 free",
    );
    expect(await receiver.describeFleet({ capability: "paint" })).toContain("0 of 1 instances");
  });

  test("refuses by the contract", async () => {
    open();
    expect((await post(document(), {})).status).toBe(401);
    expect((await post(document(), { authorization: "Bearer wrong" })).status).toBe(401);
    expect(await post(document({ capacity: 7 }))).toMatchObject({
      status: 400,
      body: { error: { field: "capacity" } },
    });
    expect((await post("{")).status).toBe(400);
    expect((await post(document({ extra: "x".repeat(70_000) }))).status).toBe(413);
    expect((await post(document(), { ...authorization, "content-type": "text/plain" })).status).toBe(415);
  });

  test("takes no more of one key than its rate, says when to come again, and our own tool is not held up by that", async () => {
    const rates = { requestsPerSecondPerKey: 1, burstPerKey: 2 };
    receiver = openReceiver({ keyFile, receivedFile: undefined, rates, debug: () => undefined });
    const url = await serve((request, response) => receiver.handle(request, response));
    const publish = (key: string) =>
      fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
        body: JSON.stringify(document()),
      });
    const statuses: number[] = [];
    for (let count = 0; count < 2; count++) statuses.push((await publish(KEY)).status);
    // A stranger's tries are not the key's.
    statuses.push((await publish("wrong")).status);
    expect(statuses).toEqual([202, 202, 401]);
    const answers = await Promise.all(Array.from({ length: 20 }, () => publish(KEY)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(10);
    expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await receiver.describeFleet({})).toContain("1 of 1 instances");
  });

  test("shows nothing of a stranger's that could move a terminal or break a line", async () => {
    open();
    await post(document({ service_name: "a\nb", capabilities: ["x\u001b[2J"] }));
    expect(await receiver.describeFleet({})).not.toMatch(/\p{Cc}\[2J|a\nb/u);
  });

  test("keeps what it heard through a restart, and begins anew with a file that is damaged", async () => {
    open();
    await post(document());
    await receiver.close();
    expect(JSON.parse(readFileSync(join(folder, "received.json"), "utf8"))).toHaveLength(1);
    open();
    expect(await post(document())).toMatchObject({ body: { duplicate: true } });
    writeFileSync(join(folder, "received.json"), '[{"owner":1},');
    open();
    expect(await post(document())).toMatchObject({ body: { duplicate: false } });
  });
});
