/** What the loop's tests share: a loop in simulated time, and a log that can be looked at. @module */
import type { LogFields, Logger } from "../../../src/log/mod.ts";
import { createMetrics, type Metrics } from "../../../src/metrics/mod.ts";
import { createScheduler, type RunReason, type Scheduler, type SchedulerInit } from "../../../src/scheduler/mod.ts";
import { SimClock } from "../../sim/clock.ts";
import { SeededRandom } from "../../sim/random.ts";

/** One call of a logger. */
export interface LoggedEvent {
  readonly kind: string;
  readonly event: string;
  readonly fields: LogFields;
}

/** Keeps every call, without rate limits. */
export class RecordingLogger implements Logger {
  readonly events: LoggedEvent[] = [];

  debug = (event: string, fields: LogFields = {}): void => this.#keep("debug", event, fields);
  info = (event: string, fields: LogFields = {}): void => this.#keep("info", event, fields);
  warn = (event: string, fields: LogFields = {}): void => this.#keep("warn", event, fields);
  error = (event: string, fields: LogFields = {}): void => this.#keep("error", event, fields);
  child = (): Logger => this;
  problem = (key: string, level: string, event: string, fields: LogFields = {}): void =>
    this.#keep(`problem ${level} ${key}`, event, fields);
  resolve = (key: string, event: string, fields: LogFields = {}): void => this.#keep(`resolve ${key}`, event, fields);

  named(event: string): LoggedEvent[] {
    return this.events.filter((logged) => logged.event === event);
  }

  #keep(kind: string, event: string, fields: LogFields): void {
    this.events.push({ kind, event, fields });
  }
}

/** A loop with everything it works with. */
export interface Bench {
  readonly clock: SimClock;
  readonly random: SeededRandom;
  readonly log: RecordingLogger;
  readonly metrics: Metrics;
  readonly scheduler: Scheduler;
  /** The value of a sample in the rendered metrics; 0 when it is not there. */
  readonly sample: (prefix: string) => number;
}

export function makeBench(init?: SchedulerInit, seed = 1): Bench {
  const clock = new SimClock();
  const random = new SeededRandom(seed);
  const log = new RecordingLogger();
  const metrics = createMetrics();
  const scheduler = createScheduler({ clock, random, log, metrics }, init);
  const sample = (prefix: string) => {
    const line = metrics.render().split("\n").find((text) => text.startsWith(`${prefix} `));
    return line === undefined ? 0 : Number(line.slice(prefix.length + 1));
  };
  return { clock, random, log, metrics, scheduler, sample };
}

export const WAKEUPS = "barnacle_scheduler_wakeups_total";

/** A promise that a test settles by hand. */
export interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function deferred(): Deferred {
  let settlers: Pick<Deferred, "resolve" | "reject"> = { resolve: () => {}, reject: () => {} };
  const promise = new Promise<void>((resolve, reject) => {
    settlers = { resolve, reject };
  });
  return { promise, ...settlers };
}

/** The instants and reasons at which a task ran. */
export class RunTrace {
  readonly #clock: SimClock;
  readonly startsMs: number[] = [];
  readonly reasons: RunReason[] = [];

  constructor(clock: SimClock) {
    this.#clock = clock;
  }

  readonly run = ({ reason }: { readonly reason: RunReason }): Promise<void> => {
    this.startsMs.push(this.#clock.monotonicMs());
    this.reasons.push(reason);
    return Promise.resolve();
  };
}
