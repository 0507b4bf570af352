/** What features know of the loop. @module */

/** Why a run happens. `catch-up`: the clock shows that due times were missed (a suspended host, a set clock). */
export type RunReason = "due" | "nudge" | "catch-up";

/** What a run is told. */
export interface RunContext {
  /** Aborted when the run exceeds its time-out or the loop stops. */
  readonly signal: AbortSignal;
  readonly reason: RunReason;
}

/** How a failing task slows down: exponential from `initialMs`, doubling to `maxMs`, each wait drawn between 0 and that (full jitter). */
export interface BackoffInit {
  readonly initialMs: number;
  readonly maxMs: number;
}

/** A periodic act. */
export interface TaskInit {
  /** Unique in the loop; stands in `/status`, logs and metrics. */
  readonly name: string;
  /** From one due time to the next. `null`: runs only when nudged. */
  readonly intervalMs: number | null;
  /** The first due time after the start. Default: 0 for periodic tasks. */
  readonly firstDelayMs?: number;
  /** Each due time is moved by up to this share of the interval, either way, without moving the rhythm. Default 0. */
  readonly jitterRatio?: number;
  /** How much later than due a run may start, so that wake-ups close together become one. Default 0. */
  readonly toleranceMs?: number;
  /** A run longer than this is aborted and counts as failed. */
  readonly timeoutMs: number;
  /** Default: a failed task keeps its interval. */
  readonly backoff?: BackoffInit;
  /**
   * The task tells of its rejections itself, since it knows more; the loop then counts them and logs only what it ended itself.
   * Default false.
   */
  readonly logsOwnFailures?: boolean;
  /** Does one round. A rejection is a failure; its `retryAfterMs`, if any, is the least wait. */
  run(context: RunContext): Promise<void>;
}

/** A task in the loop. */
export interface Task {
  /**
   * Asks for a run soon. Nudges before that run are one; a nudge during a run causes one more after it. A task that is backing off keeps
   * its wait, unless `force`.
   *
   * @param options.withinMs the run may wait so long for company (merging changes); default 0
   */
  nudge(options?: { readonly force?: boolean; readonly withinMs?: number }): void;
  setIntervalMs(intervalMs: number | null): void;
  /** How much later than due a run may start from now on. */
  setToleranceMs(toleranceMs: number): void;
  /** Takes the task out of the loop; a run in progress is aborted. */
  remove(): void;
}

/** One task as `/status` shows it. Times are Unix milliseconds. */
export interface TaskState {
  readonly name: string;
  readonly running: boolean;
  readonly lastRunAtMs: number | null;
  readonly nextRunAtMs: number | null;
  readonly lastDurationMs: number | null;
  readonly runs: number;
  readonly failures: number;
  readonly consecutiveFailures: number;
}

/** The one loop. */
export interface Scheduler {
  /** @throws `INTERNAL` when the name is taken */
  add(init: TaskInit): Task;
  /** Starts background work that is no periodic task: its failure is logged, and `stop` waits for it. */
  spawn(name: string, work: (signal: AbortSignal) => Promise<void>): void;
  /** An act for the end (`draining`, last flush, `offline`): in order of registration, each within its own bound. */
  onStop(name: string, timeoutMs: number, act: (signal: AbortSignal) => Promise<void>): void;
  start(): void;
  /** No new runs; the running ones are told and awaited, then the closing acts. Resolves within `timeoutMs`, whatever hangs. Idempotent. */
  stop(timeoutMs: number): Promise<void>;
  snapshot(): TaskState[];
}
