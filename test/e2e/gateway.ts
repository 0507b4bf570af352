/** An OpenClaw gateway in a few lines: as much of one as is asked of from outside, in the words of the notes on real ones. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ServerResponse } from "node:http";
import { type MonitorRequest, StrangersMonitor } from "./monitor.ts";

export const HOOK_TOKEN = "hook-token-of-many-letters";
export const PLUGIN_KEY = "key-of-the-plugin-in-the-gateway";

/** What it is asked, and how it answers: a server that remembers. */
export class ScriptedGateway {
  /** Whether our plugin is in it. */
  hasPlugin = false;
  readonly #server = new StrangersMonitor();

  constructor() {
    this.#server.behave = (request, response) => this.#answer(request, response);
  }

  get wakes(): readonly MonitorRequest[] {
    return this.#server.requests.filter(({ method, path }) => method === "POST" && path.endsWith("/wake"));
  }

  async start(): Promise<number> {
    return await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }

  /** The first wake call that fits, past or to come. */
  async wake(fits: (body: Readonly<Record<string, unknown>>) => boolean = () => true): Promise<MonitorRequest> {
    return await this.#server.request(({ body, method, path }) =>
      method === "POST" && path.endsWith("/wake") && fits(JSON.parse(body) as Readonly<Record<string, unknown>>)
    );
  }

  #answer({ headers, method, path }: MonitorRequest, response: ServerResponse): void {
    const json = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    const is = (secret: string) => headers.authorization === `Bearer ${secret}`;
    if (path === "/startupz") return json(200, { ok: true, status: "started", version: "2026.9.6" });
    if (path === "/healthz") return json(200, { ok: true, status: "live" });
    if (this.hasPlugin && path.startsWith("/barnacle/") && !is(PLUGIN_KEY)) return json(401, { error: {} });
    if (this.hasPlugin && path === "/barnacle/health") return json(200, { plugin_version: "1", version: "2026.9.6" });
    if (this.hasPlugin && path === "/barnacle/wake") return json(200, { ok: true });
    if (method === "POST" && path === "/hooks/wake" && is(HOOK_TOKEN)) {
      return json(200, { ok: true, mode: "now", eventOutcome: "queued" });
    }
    if (path === "/hooks/wake") {
      response.writeHead(401, { "content-type": "text/plain" });
      response.end("Unauthorized");
      return;
    }
    // Its web page, for every path that it does not know.
    response.writeHead(method === "GET" ? 200 : 404, { "content-type": "text/html" });
    response.end("<!doctype html><title>OpenClaw Control</title>");
  }
}

/** Puts a configuration into a home, of a gateway on this port whose only agent works in this directory, or whose agents in these. */
export function configureGateway(
  home: string,
  port: number,
  workspaces: string | Readonly<Record<string, string>>,
): void {
  const path = join(home, ".openclaw", "openclaw.json");
  mkdirSync(dirname(path), { recursive: true });
  const config = {
    gateway: { mode: "local", port, auth: { mode: "token", token: "gateway-token" } },
    hooks: {
      enabled: true,
      token: HOOK_TOKEN,
      allowedAgentIds: typeof workspaces === "string" ? ["main"] : Object.keys(workspaces),
    },
    agents: typeof workspaces === "string"
      ? { defaults: { workspace: workspaces } }
      : { entries: Object.fromEntries(Object.entries(workspaces).map(([id, workspace]) => [id, { workspace }])) },
  };
  writeFileSync(path, JSON.stringify(config));
}
