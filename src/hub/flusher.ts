/**
 * When the store writes: soon after something changed, again and again while the disk refuses, and for the last time at
 * the end.
 *
 * @module
 */
import { isBarnacleError } from "../errors.ts";
import type { CheckResult } from "../http/mod.ts";
import type { Logger } from "../log/mod.ts";
import type { Histogram, Metrics } from "../metrics/mod.ts";
import type { Clock } from "../runtime/port.ts";
import type { Scheduler, Task } from "../scheduler/mod.ts";
import type { InstanceStore } from "./store.ts";

/**
 * How long a change may wait for others before it is written; with the writing itself it is durable within a second.
 */
const WITHIN_MS = 500;
const TIMEOUT_MS = 60_000;
const BACKOFF = { initialMs: 500, maxMs: 10_000 };
const BUCKETS_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
const PROBLEM = "hub_flush";

/** What a flusher works with. */
export interface FlusherComponents {
  readonly store: InstanceStore;
  readonly scheduler: Pick<Scheduler, "add">;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Adds its task to the loop when made. */
export class Flusher {
  readonly #components: FlusherComponents;
  readonly #durations: Histogram;
  readonly #task: Task;
  #isAsked = false;
  #failure: string | undefined;

  constructor(components: FlusherComponents) {
    this.#components = components;
    this.#durations = components.metrics.histogram(
      "barnacle_hub_flush_duration_seconds",
      "Writing what changed to the database.",
      BUCKETS_SECONDS,
    );
    this.#task = components.scheduler.add({
      name: "hub_flush",
      intervalMs: null,
      timeoutMs: TIMEOUT_MS,
      backoff: BACKOFF,
      run: ({ signal }) => this.flush(signal),
    });
  }

  /** Instances whose last change is not on disk. */
  get changedCount(): number {
    return this.#components.store.changedCount;
  }

  /**
   * Notes a change. One nudge does for all until the flush begins: one for each publication would be work for nothing.
   */
  note(row: number): void {
    this.#components.store.note(row);
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#task.nudge({ withinMs: WITHIN_MS });
  }

  /** Writes what has changed. @throws what the store throws, after it has been reported */
  async flush(signal: AbortSignal): Promise<void> {
    const { clock, log, store } = this.#components;
    this.#isAsked = false;
    const startedMs = clock.monotonicMs();
    try {
      await store.flush(signal);
    } catch (thrown) {
      this.#failure = isBarnacleError(thrown) ? thrown.code : "INTERNAL";
      log.problem(PROBLEM, "error", "hub_flush_failed", { error: thrown, waiting: store.changedCount });
      throw thrown;
    }
    this.#failure = undefined;
    this.#durations.observe((clock.monotonicMs() - startedMs) / 1000);
    log.resolve(PROBLEM, "hub_flush_recovered");
  }

  /** Whether writing works, for `GET /readyz`. */
  check(): CheckResult {
    if (this.#failure === undefined) return { ok: true };
    return { ok: false, message: `writing fails (${this.#failure}); ${this.changedCount} instances wait in memory` };
  }
}
