/** How the loop reports what happens in it: metrics and log (S10). @module */
import { type BarnacleError, isBarnacleError } from "../errors.ts";
import type { Logger } from "../log/mod.ts";
import type { Counter, Histogram, Metrics } from "../metrics/mod.ts";
import type { RunOutcome } from "./run.ts";

/** From a local act to one that waits for a far end's time-out. */
const DURATION_BUCKETS_SECONDS: readonly number[] = [0.001, 0.01, 0.1, 1, 10];

/** What is known of a failure. */
export interface FailureReport {
  readonly task: string;
  readonly error: BarnacleError;
  readonly consecutiveFailures: number;
  /** `null`: the task keeps its interval. */
  readonly waitMs: number | null;
}

/** See the module's description. */
export class Accounts {
  readonly #log: Logger;
  readonly #runs: Counter;
  readonly #duration: Histogram;
  readonly #wakeups: Counter;

  constructor(components: { readonly log: Logger; readonly metrics: Metrics }) {
    const { log, metrics } = components;
    this.#log = log;
    this.#runs = metrics.counter("barnacle_task_runs_total", "Finished runs of the loop's tasks.", ["task", "outcome"]);
    const duration = "Time from the start of a run to its end, or to its time-out.";
    this.#duration = metrics.histogram("barnacle_task_duration_seconds", duration, DURATION_BUCKETS_SECONDS, ["task"]);
    this.#wakeups = metrics.counter("barnacle_scheduler_wakeups_total", "How often the loop woke.");
  }

  woke(): void {
    this.#wakeups.increment();
  }

  finished(task: string, outcome: RunOutcome, durationMs: number): void {
    this.#runs.increment({ task, outcome });
    this.#duration.observe(durationMs / 1_000, { task });
    if (outcome === "succeeded") this.#log.resolve(problemKey(task), "task_recovered", { task });
  }

  /** A failure of our own making (`INTERNAL`) is an error; a far end that is down is a warning. */
  failed(report: FailureReport): void {
    const { task, error, consecutiveFailures, waitMs } = report;
    const level = isBarnacleError(error, "INTERNAL") ? "error" : "warn";
    const fields = { task, error, consecutiveFailures, ...(waitMs === null ? {} : { retryInMs: waitMs }) };
    this.#log.problem(problemKey(task), level, "task_failed", fields);
  }

  /** A due time was met while the promise of a run that was given up is still pending. */
  held(task: string): void {
    const message = "The task is due, but a run that was told to end has not; it waits for that run";
    this.#log.problem(`${problemKey(task)}:held`, "error", "task_held", { message, task });
  }

  released(task: string): void {
    this.#log.resolve(`${problemKey(task)}:held`, "task_released", { task });
  }
}

function problemKey(task: string): string {
  return `task:${task}`;
}
