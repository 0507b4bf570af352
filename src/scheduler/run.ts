/** One run of a task. @module */
import { BarnacleError } from "../errors.ts";
import type { RunReason } from "./types.ts";

/** How a run ended. `aborted`: the loop stopped or the task was removed, which is nobody's failure. */
export type RunOutcome = "succeeded" | "failed" | "timed_out" | "aborted";

/** A run in progress, or one that is over for the loop while its promise is still pending. */
export class Run {
  readonly reason: RunReason;
  /** Monotonic, in milliseconds. */
  readonly startedAtMs: number;
  /** Monotonic, in milliseconds: the loop does not wait beyond. */
  readonly deadlineMs: number;
  readonly #controller = new AbortController();
  #isOver = false;

  constructor(init: { readonly reason: RunReason; readonly startedAtMs: number; readonly timeoutMs: number }) {
    this.reason = init.reason;
    this.startedAtMs = init.startedAtMs;
    this.deadlineMs = init.startedAtMs + init.timeoutMs;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the loop has drawn its conclusion already, by time-out: what the promise still brings does not count. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends the run for the loop and tells it so. @returns the failure to record */
  timeOut(taskName: string): BarnacleError {
    this.#isOver = true;
    const error = new BarnacleError({
      code: "TIMED_OUT",
      action: `Run the task "${taskName}"`,
      value: "no end",
      wanted: `an end within ${this.deadlineMs - this.startedAtMs} ms`,
      retryable: true,
    });
    this.#controller.abort(error);
    return error;
  }

  /** Tells the run to end; how it ends still counts. */
  abort(taskName: string): void {
    this.#controller.abort(new BarnacleError({ code: "ABORTED", action: `Run the task "${taskName}"` }));
  }
}
