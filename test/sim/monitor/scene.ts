/**
 * A simulated host with the real Monitor on it, and a backend on another.
 *
 * @module
 */
import type { Heartbeat, MonitorAnswer } from "../../../src/contract/mod.ts";
import { createLogger, Redactor, Secret } from "../../../src/log/mod.ts";
import { createMetrics, type Metrics } from "../../../src/metrics/mod.ts";
import { createMonitor, type Monitor, type MonitorInit } from "../../../src/monitor/mod.ts";
import type { Runtime } from "../../../src/runtime/port.ts";
import { createScheduler } from "../../../src/scheduler/mod.ts";
import { type SimHost, SimWorld } from "../mod.ts";
import "../fleet/preload.ts";
import type { SimProcess } from "../process/sim-process.ts";

export const PORT = 9100;
export const KEY = "a-key-of-the-backend";
export const INTERVAL_MS = 30_000;

/** One request that reached the backend. */
export interface Arrival {
  readonly path: string;
  readonly atMs: number;
  readonly key: string | null;
  readonly heartbeat: Heartbeat;
}

/** One line of the log. */
export interface Line {
  readonly event: string;
  readonly level: string;
  readonly message?: string;
  readonly [field: string]: unknown;
}

/** A Monitor that runs. */
export class Watched {
  readonly monitor: Monitor;
  readonly metrics: Metrics = createMetrics();
  readonly lines: Line[] = [];
  readonly process: SimProcess;
  readonly runtime: Runtime;
  readonly #scene: Scene;

  constructor(scene: Scene, init: Partial<MonitorInit> & { readonly hasBackend?: boolean } = {}) {
    this.#scene = scene;
    const { process, runtime } = scene.host.startIdle({ name: `monitor-${scene.watched.length}` });
    this.process = process;
    this.runtime = runtime;
    const redact = new Redactor();
    const apiKey = new Secret(KEY);
    redact.register(apiKey);
    const output = { isTerminal: false, columns: undefined, write: (text: string) => this.#take(text) };
    const log = createLogger({ clock: runtime.clock, output, redact }, {
      level: "info",
      format: "json",
      colors: false,
    });
    const scheduler = createScheduler({ ...runtime, log, metrics: this.metrics });
    const client = runtime.http.client({});
    this.monitor = createMonitor({ ...runtime, fetch: client.fetch, log, metrics: this.metrics, redact, scheduler }, {
      identifier: "vps.t1",
      port: PORT,
      rootFs: "/",
      intervalMs: INTERVAL_MS,
      yields: false,
      ...(init.hasBackend === false ? {} : {
        backend: {
          backendUrl: "http://backend:8000",
          path: "/monitor/server/heartbeat",
          apiKey,
          timeoutMs: 10_000,
          fetch: client.fetch,
        },
      }),
      ...init,
    });
    scheduler.start();
  }

  get answer(): MonitorAnswer {
    return this.monitor.answer();
  }

  async start(): Promise<this> {
    await this.#scene.world.wait(this.monitor.start());
    return this;
  }

  /** Asks the bridge, as a program on the same host. */
  async ask(path: string, init: RequestInit = {}): Promise<{ readonly status: number; readonly body: unknown }> {
    const { world, host } = this.#scene;
    const { http } = world.createRuntime(host);
    const headers = { "content-type": "application/json", ...init.headers };
    const response = await world.wait(http.client({}).fetch(`http://127.0.0.1:${PORT}${path}`, { ...init, headers }));
    return { status: response.status, body: JSON.parse(await world.wait(response.text())) };
  }

  push(body: unknown): Promise<{ readonly status: number; readonly body: unknown }> {
    return this.ask("/openclaw", { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) });
  }

  /** The messages of an event. */
  said(event: string): string[] {
    return this.lines.filter((line) => line.event === event).map(({ message = "" }) => message);
  }

  #take(text: string): void {
    for (const line of text.split("\n")) if (line !== "") this.lines.push(JSON.parse(line) as Line);
  }
}

/** Answers one heartbeat. */
export type Behaviour = (arrival: Arrival) => Response | Promise<Response>;

/** The world of one test. */
export class Scene {
  readonly world = new SimWorld({ seed: 5 });
  readonly host: SimHost = this.world.addHost("vps");
  readonly arrivals: Arrival[] = [];
  readonly watched: Watched[] = [];
  behave: Behaviour = () => Response.json({ status: "ok" });

  /** Serves the backend. */
  async backend(): Promise<this> {
    const runtime = this.world.createRuntime(this.world.addHost("backend"));
    await this.serve(runtime, "0.0.0.0", 8_000, async (request) => {
      const arrival: Arrival = {
        path: new URL(request.url).pathname,
        atMs: this.world.clock.monotonicMs(),
        key: request.headers.get("x-api-key"),
        heartbeat: await request.json(),
      };
      this.arrivals.push(arrival);
      return await this.behave(arrival);
    });
    return this;
  }

  /** Puts something else on the Monitor's port. @returns its process, to be killed */
  async occupy(answer: (path: string) => Response | Promise<Response>): Promise<SimProcess> {
    const { process, runtime } = this.host.startIdle({ name: "occupant" });
    await this.serve(runtime, "127.0.0.1", PORT, (request) => answer(new URL(request.url).pathname));
    return process;
  }

  async monitor(init: ConstructorParameters<typeof Watched>[1] = {}): Promise<Watched> {
    const watched = new Watched(this, init);
    this.watched.push(watched);
    return await watched.start();
  }

  async serve(
    { http }: Runtime,
    host: string,
    port: number,
    handler: (request: Request) => Response | Promise<Response>,
  ): Promise<void> {
    await this.world.wait(http.serve({ address: { host, port }, idleTimeoutMs: 30_000, connectionsMax: 100, handler }));
  }
}
