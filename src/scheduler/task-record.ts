/**
 * What the loop knows of one task: its rhythm, its nudges, its waits and its history.
 *
 * Decides when the task may run next and why; starts nothing itself. All times are loop times in milliseconds where not
 * said otherwise.
 *
 * @module
 */
import { CLOCK_JUMP_MIN_MS } from "../limits.ts";
import type { Random } from "../runtime/port.ts";
import { backoffWaitMs } from "./backoff.ts";
import type { Window } from "./due-queue.ts";
import { Rhythm } from "./rhythm.ts";
import type { Run } from "./run.ts";
import type { RunReason, TaskInit, TaskState } from "./types.ts";

interface Nudge {
  readonly askedAtMs: number;
  readonly latestMs: number;
  readonly force: boolean;
}

/** See the module's description. */
export class TaskRecord {
  readonly init: TaskInit;
  readonly #random: Pick<Random, "unit">;
  readonly #rhythm: Rhythm;
  #toleranceMs: number;
  #run: Run | undefined;
  #nudge: Nudge | null = null;
  /** Until when the task waits after a failure; rules over rhythm and nudges. */
  #waitUntilMs: number | null = null;
  /** Whether a due time was met while the promise of an overdue run was still pending. */
  #isHeld = false;
  #isRemoved = false;
  #lastRunAtWallMs: number | null = null;
  #lastDurationMs: number | null = null;
  #runs = 0;
  #failures = 0;
  #consecutiveFailures = 0;

  constructor(init: TaskInit, random: Pick<Random, "unit">) {
    const { firstDelayMs, intervalMs, jitterRatio = 0 } = init;
    this.init = init;
    this.#random = random;
    this.#toleranceMs = init.toleranceMs ?? 0;
    this.#rhythm = new Rhythm({ intervalMs, firstDelayMs, jitterRatio }, random);
  }

  /** The run whose promise is pending, if any: in progress, or over for the loop. */
  get run(): Run | undefined {
    return this.#run;
  }

  get isRemoved(): boolean {
    return this.#isRemoved;
  }

  get consecutiveFailures(): number {
    return this.#consecutiveFailures;
  }

  get nextDueMs(): number | null {
    return this.window()?.dueMs ?? null;
  }

  /** Starts the rhythm. */
  begin(nowMs: number): void {
    this.#rhythm.begin(nowMs);
  }

  remove(): void {
    this.#isRemoved = true;
  }

  setIntervalMs(intervalMs: number | null, nowMs: number): void {
    this.#rhythm.setIntervalMs(intervalMs, nowMs);
  }

  setToleranceMs(toleranceMs: number): void {
    this.#toleranceMs = toleranceMs;
  }

  /**
   * Remembers the wish to run. One that comes while the task waits after a failure is served by the attempt to come
   * (S7).
   */
  nudge(nowMs: number, wish: { readonly force: boolean; readonly withinMs: number }): void {
    if (this.#waitUntilMs !== null && !wish.force) return;
    // Slots that fell into the wait were not missed: the run to come serves them.
    if (this.#waitUntilMs !== null) this.#rhythm.passTo(nowMs);
    this.#waitUntilMs = null;
    this.#isHeld = false;
    const latestMs = nowMs + wish.withinMs;
    const earlier = this.#nudge;
    this.#nudge = {
      askedAtMs: earlier?.askedAtMs ?? nowMs,
      latestMs: Math.min(earlier?.latestMs ?? Infinity, latestMs),
      force: wish.force || (earlier?.force ?? false),
    };
  }

  /** When the task may and must start; `null` while it runs, is held (S2), or has nothing to wait for. */
  window(): Window | null {
    if (this.#isRemoved || this.#isHeld || (this.#run !== undefined && !this.#run.isOver)) return null;
    if (this.#waitUntilMs !== null) return this.#tolerant(this.#waitUntilMs);
    const slot = this.#rhythm.dueMs === null ? null : this.#tolerant(this.#rhythm.dueMs);
    const nudge = this.#nudge;
    if (nudge === null) return slot;
    return {
      dueMs: Math.min(nudge.askedAtMs, slot?.dueMs ?? Infinity),
      latestMs: Math.min(nudge.latestMs, slot?.latestMs ?? Infinity),
    };
  }

  /** Why a run that starts now does. Far later than it had to be is what only the clock, or a host asleep, can do. */
  reasonAt(nowMs: number): RunReason {
    const dueMs = this.#waitUntilMs ?? this.#rhythm.dueMs;
    if (dueMs === null || dueMs > nowMs) return "nudge";
    return nowMs - dueMs - this.#toleranceMs >= CLOCK_JUMP_MIN_MS ? "catch-up" : "due";
  }

  /** A run starts: it serves every wish and every slot up to now. */
  started(run: Run, now: { readonly loopMs: number; readonly wallMs: number }): void {
    this.#run = run;
    this.#nudge = null;
    this.#waitUntilMs = null;
    this.#rhythm.passTo(now.loopMs);
    this.#lastRunAtWallMs = now.wallMs;
    this.#runs++;
  }

  /** The run ended well. */
  succeeded(nowMs: number, durationMs: number): void {
    this.#ended(nowMs, durationMs);
    this.#consecutiveFailures = 0;
  }

  /**
   * The run failed, or is given up while its promise is pending.
   *
   * @returns the wait before the next attempt in milliseconds; `null` when the task keeps its interval
   */
  failed(nowMs: number, durationMs: number, retryAfterMs: number | undefined): number | null {
    this.#ended(nowMs, durationMs);
    this.#failures++;
    this.#consecutiveFailures++;
    if (this.#nudge?.force === true) return null;
    const failure = { consecutive: this.#consecutiveFailures, retryAfterMs };
    const waitMs = backoffWaitMs(this.init.backoff, failure, this.#random);
    if (waitMs === null) return null;
    // Without backoff the next slot makes the attempt, unless the failure asked for a longer wait. Nudges wait either
    // way.
    const slotMs = this.init.backoff === undefined ? this.#rhythm.dueMs : null;
    this.#waitUntilMs = Math.max(nowMs + waitMs, slotMs ?? 0);
    return this.#waitUntilMs - nowMs;
  }

  /**
   * Notes that a due time was met while the promise of an overdue run is pending: nothing is due any more until it
   * settles.
   */
  hold(): void {
    this.#isHeld = true;
  }

  /** The promise of the run settled, as the last thing that happens to it. */
  settled(nowMs: number): void {
    const wasOver = this.#run?.isOver === true;
    this.#run = undefined;
    this.#isHeld = false;
    if (!wasOver) return;
    // Due times met meanwhile are past: a retry comes now, a task without backoff goes on with its next slot.
    if (this.#waitUntilMs !== null) this.#waitUntilMs = Math.max(this.#waitUntilMs, nowMs);
    else this.#rhythm.passTo(nowMs);
  }

  /** @param toWallMs turns a loop time into Unix milliseconds */
  state(toWallMs: (loopMs: number) => number): TaskState {
    const nextDueMs = this.nextDueMs;
    return {
      name: this.init.name,
      running: this.#run !== undefined,
      lastRunAtMs: this.#lastRunAtWallMs,
      nextRunAtMs: nextDueMs === null ? null : toWallMs(nextDueMs),
      lastDurationMs: this.#lastDurationMs,
      runs: this.#runs,
      failures: this.#failures,
      consecutiveFailures: this.#consecutiveFailures,
    };
  }

  /** Slots that fell into the run are served by it: there is no burst after a long one. */
  #ended(nowMs: number, durationMs: number): void {
    this.#lastDurationMs = Math.round(durationMs);
    this.#rhythm.passTo(nowMs);
  }

  #tolerant(dueMs: number): Window {
    return { dueMs, latestMs: dueMs + this.#toleranceMs };
  }
}
