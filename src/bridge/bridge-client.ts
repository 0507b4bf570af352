/**
 * The client of the bridge: a task of the loop that looks for a Monitor, asks it what it measured, and tells it about OpenClaw.
 *
 * @module
 */
import type { BridgeAnswer, OpenClawMetadataPush, ReceivedMonitorHealth, ReceivedTelemetry } from "../contract/mod.ts";
import { type BarnacleError, isBarnacleError, toBarnacleError } from "../errors.ts";
import type { Logger } from "../log/mod.ts";
import type { Counter, Metrics } from "../metrics/mod.ts";
import type { Scheduler, Task } from "../scheduler/mod.ts";
import { askHealth, askTelemetry, type BridgeCall, type BridgeCallComponents, pushMetadata } from "./calls.ts";

/** What the client works with. */
export interface BridgeClientComponents extends BridgeCallComponents {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly scheduler: Pick<Scheduler, "add">;
}

/** Gives metadata to a Monitor. */
export type PushMetadata = (metadata: OpenClawMetadataPush) => void;

/** Whom to ask, how often, and what to tell. */
export interface BridgeClientInit {
  /** Without a slash at its end. */
  readonly url: string;
  readonly intervalMs: number;
  /** A Monitor that is not there is a problem; else it is none. */
  readonly isRequired: boolean;
  /** What is known of OpenClaw by now; `undefined` when nothing is, and nothing is pushed then. */
  readonly metadata: () => OpenClawMetadataPush | undefined;
  /** The Monitor of our own process, while it is the Monitor of this host: it is told without a call. */
  readonly ownMonitor?: () => PushMetadata | undefined;
}

/** Source: the Monitor's contract, "The client's side". */
const FIRST_DELAY_MS = 2_000;
/** Three calls, each with its own bound, and something to spare. */
const TIMEOUT_MS = 10_000;
/** A round waits so long for company, and news for more news. */
const MERGE_MS = 1_000;
/** Of the interval: where nobody was found, a round waits so long for company. */
const ABSENT_TOLERANCE_RATIO = 1 / 3;
const PROBLEM_KEY = "bridge";

type Call = "health" | "telemetry" | "openclaw";

/** Looks for the Monitor of this host, and keeps in touch with it. Does nothing until `start`. */
export class BridgeClient {
  readonly #components: BridgeClientComponents;
  readonly #init: BridgeClientInit;
  readonly #calls: Counter;
  #task: Task | undefined;
  #state: BridgeAnswer["state"] = "looking";
  #health: ReceivedMonitorHealth | undefined;
  #telemetry: ReceivedTelemetry | undefined;
  #telemetryAtMs: number | undefined;
  #pushedAtMs: number | undefined;
  #pushes = 0;
  #failures = 0;
  #lastError: BarnacleError | undefined;
  #hasSaidAbsent = false;
  #hasAsked = false;

  constructor(components: BridgeClientComponents, init: BridgeClientInit) {
    this.#components = components;
    this.#init = init;
    const { metrics } = components;
    this.#calls = metrics.counter(
      "barnacle_bridge_calls_total",
      "Calls of a Monitor's bridge, by call and how they ended; absent means that nobody listened.",
      ["call", "outcome"],
    );
    metrics.observed(
      "barnacle_bridge_connected",
      "gauge",
      "1 while a Monitor answers, or is in this process.",
      () => Number(this.#state === "connected" || this.#state === "own"),
    );
  }

  /** Begins to look. Idempotent. */
  start(): void {
    this.#task ??= this.#components.scheduler.add({
      name: "bridge",
      intervalMs: this.#init.intervalMs,
      firstDelayMs: FIRST_DELAY_MS,
      toleranceMs: MERGE_MS,
      timeoutMs: TIMEOUT_MS,
      logsOwnFailures: true,
      run: ({ signal }) => this.#round(signal).finally(() => this.#pace()),
    });
  }

  /** Tells the Monitor soon, because what there is to tell has changed. */
  changed(): void {
    // Before the first round the Monitor may not have started yet.
    if (this.#hasAsked) this.#task?.nudge({ withinMs: MERGE_MS });
  }

  /** Asks and pushes no more. Idempotent. */
  stop(): void {
    this.#task?.remove();
    this.#task = undefined;
  }

  /** For `GET /status`. */
  answer(): BridgeAnswer {
    const error = this.#lastError;
    return {
      state: this.#state,
      endpoint: this.#init.url,
      identifier: this.#health?.identifier ?? this.#telemetry?.identifier ?? null,
      version: this.#health?.version ?? null,
      telemetry: this.#telemetry ?? null,
      asked: timestampOf(this.#telemetryAtMs),
      pushed: timestampOf(this.#pushedAtMs),
      pushes: this.#pushes,
      consecutive_failures: this.#failures,
      last_error: error === undefined
        ? null
        : { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) },
    };
  }

  #pace(): void {
    const absentToleranceMs = this.#init.intervalMs * ABSENT_TOLERANCE_RATIO;
    this.#task?.setToleranceMs(this.#state === "looking" ? absentToleranceMs : MERGE_MS);
  }

  async #round(signal: AbortSignal): Promise<void> {
    this.#hasAsked = true;
    const tellOwn = this.#init.ownMonitor?.();
    if (tellOwn !== undefined) return this.#tellOwn(tellOwn);
    const call: BridgeCall = { url: this.#init.url, signal };
    try {
      const health = await this.#count("health", () => askHealth(this.#components, call));
      await this.#exchange(call);
      this.#succeeded(health);
    } catch (thrown) {
      // Told to stop, by the loop: neither the Monitor's failure nor ours.
      if (signal.aborted) throw thrown;
      const error = toBarnacleError(thrown, "Ask the Monitor");
      const isAbsent = error.code === "CONNECTION_REFUSED";
      this.#failed(error, isAbsent);
      if (!isAbsent || this.#init.isRequired) throw error;
    }
  }

  /** What it measured, and what it is to know: neither waits for the other to work. */
  async #exchange(call: BridgeCall): Promise<void> {
    const { clock } = this.#components;
    let fault: unknown;
    try {
      this.#telemetry = await this.#count("telemetry", () => askTelemetry(this.#components, call));
      this.#telemetryAtMs = clock.wallMs();
    } catch (thrown) {
      if (call.signal.aborted) throw thrown;
      fault = thrown;
      this.#telemetry = undefined;
    }
    const metadata = this.#init.metadata();
    if (metadata !== undefined) {
      await this.#count("openclaw", () => pushMetadata(this.#components, call, metadata));
      this.#pushed();
    }
    if (fault !== undefined) throw fault;
  }

  async #count<T>(call: Call, act: () => Promise<T>): Promise<T> {
    try {
      const result = await act();
      this.#calls.increment({ call, outcome: "success" });
      return result;
    } catch (thrown) {
      const outcome = isBarnacleError(thrown, "CONNECTION_REFUSED") ? "absent" : "failure";
      this.#calls.increment({ call, outcome });
      throw thrown;
    }
  }

  #tellOwn(tell: PushMetadata): void {
    this.#resolve();
    this.#state = "own";
    this.#health = undefined;
    this.#telemetry = undefined;
    const metadata = this.#init.metadata();
    if (metadata === undefined) return;
    tell(metadata);
    this.#pushed();
  }

  #pushed(): void {
    this.#pushes++;
    this.#pushedAtMs = this.#components.clock.wallMs();
  }

  #succeeded(health: ReceivedMonitorHealth): void {
    const { log } = this.#components;
    const isNews = this.#state !== "connected" || this.#health?.identifier !== health.identifier;
    this.#health = health;
    this.#resolve();
    this.#state = "connected";
    this.#hasSaidAbsent = false;
    if (isNews) log.info("monitor_found", { endpoint: this.#init.url, ...health });
  }

  #resolve(): void {
    this.#failures = 0;
    this.#lastError = undefined;
    this.#components.log.resolve(PROBLEM_KEY, "monitor_recovered", { endpoint: this.#init.url });
  }

  #failed(error: BarnacleError, isAbsent: boolean): void {
    const wasConnected = this.#state === "connected";
    this.#health = undefined;
    this.#telemetry = undefined;
    if (isAbsent && !this.#init.isRequired) return this.#absent(wasConnected);
    this.#failures++;
    this.#lastError = error;
    this.#state = "failing";
    this.#components.log.problem(PROBLEM_KEY, "warn", "monitor_failed", {
      message: error.message,
      error,
      consecutiveFailures: this.#failures,
    });
  }

  /** No error: said once, and again when one that was there has gone. */
  #absent(wasConnected: boolean): void {
    const { log } = this.#components;
    const wasFailing = this.#failures > 0;
    this.#failures = 0;
    this.#lastError = undefined;
    this.#state = "looking";
    const { intervalMs, url: endpoint } = this.#init;
    const found = wasConnected || wasFailing ? "The Monitor is gone" : "There is no Monitor";
    const message = `${found}; it is looked for every ${intervalMs / 1_000} s`;
    if (wasFailing) log.resolve(PROBLEM_KEY, "monitor_absent", { message, endpoint });
    else if (wasConnected || !this.#hasSaidAbsent) log.info("monitor_absent", { message, endpoint });
    this.#hasSaidAbsent = true;
  }
}

function timestampOf(unixMs: number | undefined): string | null {
  return unixMs === undefined ? null : new Date(unixMs).toISOString();
}
