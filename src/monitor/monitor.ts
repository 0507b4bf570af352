/**
 * The Monitor: sampler, bridge and reporter put together, and the question whether this host has another.
 *
 * @module
 */
import type { Heartbeat, MonitorAnswer, OpenClawMetadataPush } from "../contract/mod.ts";
import { createApp } from "../http/mod.ts";
import type { Task } from "../scheduler/mod.ts";
import { VERSION } from "../version.ts";
import { Reporter } from "./backend/reporter.ts";
import { Bridge } from "./bridge/bridge.ts";
import { MetadataSlot } from "./bridge/metadata.ts";
import { describeOccupant, identifyOccupant, type Occupant } from "./bridge/occupant.ts";
import { bridgeRoutes } from "./bridge/routes.ts";
import { CPU_WINDOW_MIN_MS, Sampler } from "./telemetry/sampler.ts";
import type { Monitor, MonitorComponents, MonitorInit } from "./types.ts";

/** The names of the tasks in the loop. */
const SAMPLE_TASK = "monitor_sample";
const BRIDGE_TASK = "monitor_bridge";

const JITTER_RATIO = 0.1;
/** A sample that hangs ends itself sooner. */
const SAMPLE_TIMEOUT_MS = 10_000;
/** How often a port that somebody else has is tried again. */
const LOOK_AGAIN_MS = 30_000;
const LOOK_TIMEOUT_MS = 15_000;
/** A Monitor that is started anew leaves its port for a moment; one that is gone leaves it for longer. */
const FREE_LOOKS_MIN = 2;

/** Makes a Monitor, which does nothing until `start`. */
export function createMonitor(components: MonitorComponents, init: MonitorInit): Monitor {
  return new HostMonitor(components, init);
}

class HostMonitor implements Monitor {
  readonly #components: MonitorComponents;
  readonly #init: MonitorInit;
  readonly #sampler: Sampler;
  readonly #metadata: MetadataSlot;
  readonly #reporter: Reporter | undefined;
  readonly #bridge: Bridge;
  #other: Occupant | undefined;
  #freeLooks = 0;
  #samples: Task | undefined;
  #looks: Task | undefined;
  #starting: Promise<void> | undefined;
  #isStopped = false;

  constructor(components: MonitorComponents, init: MonitorInit) {
    const { clock, log, metrics } = components;
    this.#components = components;
    this.#init = init;
    this.#sampler = new Sampler(components, init);
    this.#metadata = new MetadataSlot(clock, init.metadataExpiryMs);
    const { backend, identifier } = init;
    this.#reporter = backend === undefined
      ? undefined
      : new Reporter({ ...components, fetch: backend.fetch }, backend, () => this.#heartbeat());
    const routes = [
      ...bridgeRoutes({ identifier, sampler: this.#sampler, metadata: this.#metadata }),
      ...init.extraRoutes ?? [],
    ];
    const app = createApp({ routes, log, metrics, clock }, {
      title: "Barnacle: the Monitor's bridge",
      version: VERSION,
      role: "monitor",
    });
    this.#bridge = new Bridge({ ...components, app }, init);
    metrics.observed(
      "barnacle_monitor_running",
      "gauge",
      "1 while this process is the host's Monitor, 0 while it leaves that to another.",
      () => this.isRunning ? 1 : 0,
    );
    metrics.observed(
      "barnacle_monitor_bridge_listening",
      "gauge",
      "1 while the bridge listens.",
      () => this.#bridge.view.address === null ? 0 : 1,
    );
  }

  start(): Promise<void> {
    return this.#starting ??= this.#start();
  }

  async #start(): Promise<void> {
    const never = new AbortController().signal;
    const occupant = await this.#bridge.open(never);
    this.#settle(occupant);
    this.#looks = this.#components.scheduler.add({
      name: BRIDGE_TASK,
      intervalMs: this.#isSettled ? null : LOOK_AGAIN_MS,
      firstDelayMs: LOOK_AGAIN_MS,
      timeoutMs: LOOK_TIMEOUT_MS,
      run: ({ signal }) => this.#look(signal),
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const task of [this.#samples, this.#looks]) task?.remove();
    this.#reporter?.stop();
    await this.#bridge.close();
  }

  get isRunning(): boolean {
    return this.#samples !== undefined;
  }

  push(metadata: OpenClawMetadataPush): void {
    this.#metadata.take(metadata);
  }

  answer(): MonitorAnswer {
    const { identifier } = this.#init;
    const pushed = this.#metadata.pushed;
    const other = this.#other;
    return {
      state: other !== undefined ? "standby" : "running",
      identifier,
      bridge: other !== undefined
        ? { address: null, problem: `port ${this.#init.port} is left to ${describeOccupant(other)}` }
        : { ...this.#bridge.view },
      backend: backendAnswer(this.#reporter?.view),
      metadata: pushed === undefined ? null : {
        ...(pushed.metadata.openclaw_version === undefined
          ? {}
          : { openclaw_version: pushed.metadata.openclaw_version }),
        ...(pushed.metadata.plugin_version === undefined ? {} : { plugin_version: pushed.metadata.plugin_version }),
        agents: pushed.metadata.agents?.length ?? 0,
        received: new Date(pushed.atWallMs).toISOString(),
      },
      telemetry: other !== undefined ? null : this.#sampler.newest?.answer ?? null,
    };
  }

  get #isSettled(): boolean {
    return this.#bridge.view.address !== null;
  }

  /** Somebody else's port is tried again. One that another Monitor left is taken only when it is still free the next time. */
  async #look(signal: AbortSignal): Promise<void> {
    if (this.#other !== undefined && this.#freeLooks < FREE_LOOKS_MIN - 1) {
      // Asking leaves the port alone: whoever is started anew finds it free.
      const occupant = await identifyOccupant(this.#components, this.#init.port, signal);
      this.#freeLooks = occupant.kind === "silent" ? this.#freeLooks + 1 : 0;
      if (occupant.kind === "monitor" || occupant.kind === "silent") return;
    }
    const occupant = await this.#bridge.open(signal);
    if (this.#isStopped) return await this.#bridge.close();
    this.#freeLooks = 0;
    this.#settle(occupant);
    if (this.#isSettled) this.#looks?.setIntervalMs(null);
  }

  /** Is the Monitor, or leaves that to the one that is there. */
  #settle(occupant: Occupant | undefined): void {
    const { log } = this.#components;
    if (occupant?.kind === "monitor" && this.#init.yields) {
      if (this.#other === undefined) {
        log.info("monitor_standby", {
          message: `Port ${this.#init.port} is taken by ${describeOccupant(occupant)}: this host is left to it`,
          port: this.#init.port,
        });
      }
      this.#other = occupant;
      this.#samples?.remove();
      this.#samples = undefined;
      this.#reporter?.stop();
      return;
    }
    if (this.#other !== undefined) {
      log.info("monitor_takes_over", { message: `The other Monitor on port ${this.#init.port} is gone` });
    }
    this.#other = undefined;
    if (occupant !== undefined) this.#bridge.tell(occupant);
    else if (this.#isSettled) this.#bridge.tellOpen();
    this.#run();
  }

  #run(): void {
    const { clock, scheduler } = this.#components;
    if (this.#samples !== undefined) return;
    this.#reporter?.start();
    const task = scheduler.add({
      name: SAMPLE_TASK,
      intervalMs: this.#init.intervalMs,
      firstDelayMs: 0,
      jitterRatio: JITTER_RATIO,
      timeoutMs: SAMPLE_TIMEOUT_MS,
      run: async () => {
        if (await this.#sampler.sample()) this.#reporter?.sampled();
        // The first look at the processor tells nothing yet; the second one need not wait for an interval.
        else clock.setTimer(CPU_WINDOW_MIN_MS, () => task.nudge());
      },
    });
    this.#samples = task;
  }

  #heartbeat(): Heartbeat | undefined {
    const { newest } = this.#sampler;
    if (newest === undefined) return undefined;
    return { identifier: this.#init.identifier, ...this.#metadata.pushed?.metadata, ...newest.telemetry };
  }
}

function backendAnswer(view: Reporter["view"] | undefined): MonitorAnswer["backend"] {
  if (view === undefined) {
    return { state: "off", endpoint: null, last_success: null, consecutive_failures: 0, last_error: null };
  }
  const { lastError } = view;
  return {
    state: view.state,
    endpoint: view.endpoint,
    last_success: view.lastSuccessAtMs === null ? null : new Date(view.lastSuccessAtMs).toISOString(),
    consecutive_failures: view.consecutiveFailures,
    last_error: lastError === null ? null : {
      code: lastError.code,
      message: lastError.message,
      ...(lastError.hint === undefined ? {} : { hint: lastError.hint }),
    },
  };
}
