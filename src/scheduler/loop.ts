/**
 * The one loop: every periodic act of the agent is a task of it.
 *
 * It owns the one timer, the decision when a task runs, its time-out, its waits after failures, the order of the end,
 * and the reporting of failures. It does not own what a task does, nor its retries within a run; it cannot interrupt
 * code that neither awaits nor looks at its signal, and it keeps nothing across restarts.
 *
 * Invariants, cited by number where they are kept and in the names of the tests:
 *
 * - S1  Between `start` and the end of `stop` there is never more than one pending timer, and exactly one while the
 *       loop runs. It rings at the earliest of: a task's latest start, a run's time-out, the longest sleep.
 * - S2  A task has at most one unsettled run. A run that ignores its signal is given up at its time-out, but the task
 *       does not start again before its promise settles: two copies of one act at once could undo each other, and each
 *       time-out would leave one more behind. A task that meets a due time meanwhile says so and is held.
 * - S3  No task waits for another: the loop starts runs and awaits none. A time-out fails that run alone.
 * - S4  Due times are points of a grid laid at the start, each moved by its own jitter of at most `jitterRatio` of the
 *       interval. No run, early, late or long, moves a later one. Slots that fall into a run are served by it.
 * - S5  A task starts between its due time and `toleranceMs` after it. Each waking starts all that is due, so that
 *       tasks which tolerate it share wakings.
 * - S6  A wall clock set back changes nothing. After a host's sleep, or a clock set forward, each task runs at most
 *       once for all it missed, and then keeps to its grid.
 * - S7  Nudges before a run are one; nudges during a run cause one more. A task waiting after a failure keeps its wait,
 *       unless forced.
 * - S8  After the n-th failure in a row a task with backoff waits a random time up to `initialMs × 2^(n-1)`, at most
 *       `maxMs`, and no less than the failure asked for.
 * - S9  From `stop` on no run starts. Those running are told and awaited, then the closing acts follow in their order,
 *       each within its bound, all within the whole bound, whatever hangs.
 * - S10 Every run is counted under one outcome, and every failure is logged once a while until the task has recovered.
 *
 * @module
 */
import { BarnacleError, toBarnacleError } from "../errors.ts";
import { LOOP_SLEEP_MAX_MS, TASKS_MAX } from "../limits.ts";
import type { Logger } from "../log/mod.ts";
import type { Metrics } from "../metrics/mod.ts";
import type { Clock, Random } from "../runtime/port.ts";
import { Accounts } from "./accounts.ts";
import { Alarm } from "./alarm.ts";
import { Background } from "./background.ts";
import { Closing, type ClosingAct, type Unfinished } from "./closing.ts";
import { DueQueue } from "./due-queue.ts";
import { LoopTime } from "./loop-time.ts";
import { Run, type RunOutcome } from "./run.ts";
import { checkBoundMs, checkIntervalMs, checkTaskInit, checkToleranceMs } from "./task-init.ts";
import { TaskRecord } from "./task-record.ts";
import type { Scheduler, Task, TaskInit, TaskState } from "./types.ts";

/** What the loop works with. */
export interface SchedulerComponents {
  readonly clock: Clock;
  readonly random: Pick<Random, "unit">;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** How the loop behaves. */
export interface SchedulerInit {
  /** The loop wakes at least that often, to notice a host's sleep. Default `LOOP_SLEEP_MAX_MS`. */
  readonly sleepMaxMs?: number;
}

/** Makes a loop. It does nothing before `start`, except work given to `spawn`. */
export function createScheduler(components: SchedulerComponents, init: SchedulerInit = {}): Scheduler {
  return new Loop(components, init);
}

/** A run that is told of and awaited at the end, and whose time-out the alarm looks after. */
interface Running {
  readonly record: TaskRecord;
  readonly run: Run;
  readonly done: Promise<void>;
}

class Loop implements Scheduler {
  readonly #clock: Clock;
  readonly #random: Pick<Random, "unit">;
  readonly #sleepMaxMs: number;
  readonly #time: LoopTime;
  readonly #alarm: Alarm;
  readonly #accounts: Accounts;
  readonly #background: Background;
  readonly #closing: Closing;
  readonly #queue = new DueQueue<TaskRecord>();
  readonly #tasks = new Map<string, TaskRecord>();
  /** Without those that were given up: nobody waits for them any more. */
  readonly #running = new Set<Running>();
  readonly #closingActs: ClosingAct[] = [];
  #phase: "new" | "running" | "stopping" = "new";
  #sleepUntilMs = 0;
  #stopped: Promise<void> | undefined;

  constructor(components: SchedulerComponents, init: SchedulerInit) {
    const { clock, log, random } = components;
    this.#clock = clock;
    this.#random = random;
    this.#sleepMaxMs = init.sleepMaxMs ?? LOOP_SLEEP_MAX_MS;
    this.#time = new LoopTime(clock);
    this.#alarm = new Alarm(clock);
    this.#accounts = new Accounts(components);
    this.#background = new Background(log);
    this.#closing = new Closing({ clock, log, alarm: this.#alarm });
  }

  add(init: TaskInit): Task {
    checkTaskInit(init);
    const action = `Add the task "${init.name}"`;
    if (this.#tasks.has(init.name)) {
      throw new BarnacleError({ code: "INTERNAL", action, value: "a name that is taken", wanted: "a name of its own" });
    }
    if (this.#tasks.size >= TASKS_MAX) {
      throw new BarnacleError({ code: "INTERNAL", action, value: `${TASKS_MAX} tasks already`, wanted: "fewer" });
    }
    const record = new TaskRecord(init, this.#random);
    this.#tasks.set(init.name, record);
    if (this.#phase === "running") record.begin(this.#time.nowMs());
    this.#requeue(record);
    return this.#handleOf(record);
  }

  spawn(name: string, work: (signal: AbortSignal) => Promise<void>): void {
    this.#background.spawn(name, work);
  }

  onStop(name: string, timeoutMs: number, act: (signal: AbortSignal) => Promise<void>): void {
    checkBoundMs(name, timeoutMs);
    this.#closingActs.push({ name, timeoutMs, act });
  }

  start(): void {
    if (this.#phase !== "new") return;
    this.#phase = "running";
    const nowMs = this.#time.nowMs();
    this.#sleepUntilMs = this.#clock.monotonicMs() + this.#sleepMaxMs;
    for (const record of this.#tasks.values()) {
      record.begin(nowMs);
      this.#queue.set(record, record.window());
    }
    this.#setAlarm();
  }

  async stop(timeoutMs: number): Promise<void> {
    this.#closing.endWithin(timeoutMs);
    this.#stopped ??= this.#close();
    await this.#stopped;
  }

  snapshot(): TaskState[] {
    // Whoever looks at the clocks may be the first to see a jump.
    this.#setAlarm();
    const nowMs = this.#time.nowMs();
    const wallMs = this.#clock.wallMs();
    return [...this.#tasks.values()].map((record) => record.state((loopMs) => Math.round(wallMs + loopMs - nowMs)));
  }

  #handleOf(record: TaskRecord): Task {
    return {
      nudge: ({ force = false, withinMs = 0 } = {}) => {
        record.nudge(this.#time.nowMs(), { force, withinMs });
        this.#requeue(record);
      },
      setIntervalMs: (intervalMs) => {
        checkIntervalMs(record.init.name, intervalMs);
        record.setIntervalMs(intervalMs, this.#time.nowMs());
        this.#requeue(record);
      },
      setToleranceMs: (toleranceMs) => {
        checkToleranceMs(record.init.name, toleranceMs);
        record.setToleranceMs(toleranceMs);
        this.#requeue(record);
      },
      remove: () => this.#remove(record),
    };
  }

  #remove(record: TaskRecord): void {
    if (record.isRemoved) return;
    record.remove();
    this.#tasks.delete(record.init.name);
    record.run?.abort(record.init.name);
    this.#requeue(record);
  }

  /** Brings the queue and the alarm up to what the record says now. */
  #requeue(record: TaskRecord): void {
    this.#queue.set(record, record.window());
    this.#setAlarm();
  }

  /** Keeps S1: whatever changes a due time or a time-out ends here. */
  #setAlarm(): void {
    if (this.#phase !== "running") return;
    // Looks at the clocks first: a jump that shows now brings every due time nearer.
    this.#time.nowMs();
    let atMs = Math.min(this.#sleepUntilMs, this.#time.toMonotonicMs(this.#queue.latestMs));
    for (const { run } of this.#running) atMs = Math.min(atMs, run.deadlineMs);
    this.#alarm.set(atMs, () => this.#wake());
  }

  /** The only place where runs start. */
  #wake(): void {
    const monotonicMs = this.#clock.monotonicMs();
    this.#sleepUntilMs = monotonicMs + this.#sleepMaxMs;
    try {
      this.#accounts.woke();
      for (const running of this.#running) if (running.run.deadlineMs <= monotonicMs) this.#giveUp(running);
      const nowMs = this.#time.nowMs();
      for (const record of this.#queue.take(nowMs)) this.#begin(record, nowMs);
    } finally {
      this.#setAlarm();
    }
  }

  #begin(record: TaskRecord, nowMs: number): void {
    // A run that was just given up may have answered its signal by stopping the loop.
    if (this.#phase !== "running") return;
    if (record.run !== undefined) {
      record.hold();
      this.#accounts.held(record.init.name);
      return;
    }
    const startedAtMs = this.#clock.monotonicMs();
    const run = new Run({ reason: record.reasonAt(nowMs), startedAtMs, timeoutMs: record.init.timeoutMs });
    record.started(run, { loopMs: nowMs, wallMs: this.#clock.wallMs() });
    const running: Running = { record, run, done: perform(record, run).then((error) => this.#settled(running, error)) };
    this.#running.add(running);
  }

  /** A run's promise settled: the run counts now, unless it was given up before. */
  #settled(running: Running, error: BarnacleError | undefined): void {
    const { record, run } = running;
    this.#running.delete(running);
    if (run.isOver) this.#accounts.released(record.init.name);
    else this.#conclude(running, outcomeOf(run, error), error);
    record.settled(this.#time.nowMs());
    this.#requeue(record);
  }

  /** Keeps S3: the run is over for the loop, whether or not its promise ever settles. */
  #giveUp(running: Running): void {
    const { record, run } = running;
    this.#running.delete(running);
    const error = run.timeOut(record.init.name);
    this.#conclude(running, record.isRemoved ? "aborted" : "timed_out", error);
    this.#queue.set(record, record.window());
  }

  #conclude({ record, run }: Running, outcome: RunOutcome, error: BarnacleError | undefined): void {
    const task = record.init.name;
    const nowMs = this.#time.nowMs();
    const durationMs = this.#clock.monotonicMs() - run.startedAtMs;
    this.#accounts.finished(task, outcome, durationMs);
    if (outcome === "succeeded") record.succeeded(nowMs, durationMs);
    if (error === undefined || outcome === "succeeded" || outcome === "aborted") return;
    const waitMs = record.failed(nowMs, durationMs, error.retryAfterMs);
    if (outcome === "failed" && record.init.logsOwnFailures === true) return;
    this.#accounts.failed({ task, error, waitMs, consecutiveFailures: record.consecutiveFailures });
  }

  /** Keeps S9. The closing acts belong to a loop that ran: what never started has nothing to say goodbye to. */
  async #close(): Promise<void> {
    const acts = this.#phase === "running" ? [...this.#closingActs] : [];
    this.#phase = "stopping";
    this.#alarm.clear();
    const unfinished: Unfinished[] = [...this.#running].map(({ done, record }) => ({ done, name: record.init.name }));
    for (const { record, run } of this.#running) run.abort(record.init.name);
    await this.#closing.run([...unfinished, ...this.#background.stop()], acts);
  }
}

/**
 * Does one run, once the loop has noted it: what a task does before its first `await` may stop the loop.
 * @returns its failure
 */
async function perform(record: TaskRecord, run: Run): Promise<BarnacleError | undefined> {
  await Promise.resolve();
  try {
    run.signal.throwIfAborted();
    await record.init.run({ signal: run.signal, reason: run.reason });
    return undefined;
  } catch (thrown) {
    return toBarnacleError(thrown, `Run the task "${record.init.name}"`);
  }
}

/** A run that was told to end and failed did what it was told. */
function outcomeOf(run: Run, error: BarnacleError | undefined): RunOutcome {
  if (error === undefined) return "succeeded";
  return run.signal.aborted ? "aborted" : "failed";
}
