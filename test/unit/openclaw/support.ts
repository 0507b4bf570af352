/** A simulated host with OpenClaw's files on it, and gateways that answer as those of either generation do. */
import { type FinderInit, findGateways, type FoundGateways, type Gateway } from "../../../src/openclaw/mod.ts";
import "../../support/far-end.ts";
import { type Main, type SimHost, SimWorld } from "../../sim/mod.ts";

export const HOME = "/home/ann";

export function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

export function page(): Response {
  return new Response("<!doctype html><title>Control</title>", { headers: { "content-type": "text/html" } });
}

type Answer = (path: string) => Response | Promise<Response>;

/** A gateway of 2026.8.1 or newer. */
export function recentGateway(version: string, status = "started"): Answer {
  return (path) =>
    path === "/startupz" ? json(status === "started" ? 200 : 503, { ok: true, status, version }) : page();
}

/** A gateway of 2026.7.x: the question is unknown to it, and what is unknown shows its page. */
export const olderGateway: Answer = (path) => path === "/healthz" ? json(200, { ok: true, status: "live" }) : page();

export class OpenClawHost {
  readonly world = new SimWorld({ seed: 5 });
  readonly host: SimHost = this.world.addHost("box");

  put(path: string, content: unknown): this {
    this.host.disk.replace(path, typeof content === "string" ? content : JSON.stringify(content));
    return this;
  }

  async serve(port: number, answer: Answer): Promise<void> {
    const main: Main = async ({ http }) => {
      await http.serve({
        address: { host: "127.0.0.1", port },
        idleTimeoutMs: 30_000,
        connectionsMax: 10,
        handler: (request) => answer(new URL(request.url).pathname),
      });
    };
    this.host.start(main);
    await this.world.run(50);
  }

  async look(environment: Record<string, string> = {}, init: FinderInit = {}): Promise<FoundGateways> {
    const runtime = this.world.createRuntime(this.host, { environment: { HOME, ...environment } });
    const { fetch } = runtime.http.client({});
    return await this.world.wait(findGateways({ ...runtime, fetch }, init, new AbortController().signal));
  }

  async find(environment: Record<string, string> = {}, init: FinderInit = {}): Promise<readonly Gateway[]> {
    return (await this.look(environment, init)).gateways;
  }

  async findOne(environment: Record<string, string> = {}): Promise<Gateway> {
    const [gateway] = await this.find(environment);
    if (gateway === undefined) throw new Error("No gateway was found");
    return gateway;
  }
}
