/** The due times of one task: points of a fixed grid, each moved by its own jitter (S4). @module */
import type { Random } from "../runtime/port.ts";

/** What a rhythm is made from; see `TaskInit`. */
export interface RhythmInit {
  readonly intervalMs: number | null;
  readonly firstDelayMs: number | undefined;
  readonly jitterRatio: number;
}

/**
 * Counts slots from an origin. Slot k is due at `origin + k × interval + jitter`, whatever happened to the slots
 * before, so neither a late run nor a jitter adds up. All times are loop times in milliseconds.
 */
export class Rhythm {
  readonly #random: Pick<Random, "unit">;
  readonly #jitterRatio: number;
  readonly #firstDelayMs: number | undefined;
  #intervalMs: number | null;
  #hasBegun = false;
  #originMs = 0;
  #slot = 0;
  #dueMs: number | null = null;

  constructor(init: RhythmInit, random: Pick<Random, "unit">) {
    this.#random = random;
    this.#intervalMs = init.intervalMs;
    this.#jitterRatio = init.jitterRatio;
    this.#firstDelayMs = init.firstDelayMs;
  }

  /** The next due time; `null` when there is none. */
  get dueMs(): number | null {
    return this.#dueMs;
  }

  /**
   * Sets the origin. The first due time carries no jitter: it is where the caller put it, and a start need not wait.
   */
  begin(nowMs: number): void {
    this.#hasBegun = true;
    if (this.#intervalMs === null && this.#firstDelayMs === undefined) return;
    this.#originMs = nowMs + (this.#firstDelayMs ?? 0);
    this.#dueMs = this.#originMs;
  }

  /** Leaves the slots that are due behind, and moves on to the first one whose place in the grid is still to come. */
  passTo(nowMs: number): void {
    if (this.#dueMs === null || this.#dueMs > nowMs) return;
    if (this.#intervalMs === null) {
      this.#dueMs = null;
      return;
    }
    this.#slot = Math.max(this.#slot, Math.floor((nowMs - this.#originMs) / this.#intervalMs)) + 1;
    this.#dueMs = this.#place(this.#intervalMs, nowMs);
  }

  /**
   * Changes the interval. The grid starts anew from the last slot passed; a first due time that is still to come stays.
   */
  setIntervalMs(intervalMs: number | null, nowMs: number): void {
    const previousMs = this.#intervalMs;
    if (intervalMs === previousMs) return;
    const isFirstAhead = this.#slot === 0 && this.#dueMs !== null;
    this.#intervalMs = intervalMs;
    if (intervalMs === null) this.#dueMs = null;
    if (intervalMs === null || isFirstAhead || !this.#hasBegun) return;
    this.#originMs = previousMs === null ? nowMs : this.#originMs + (this.#slot - 1) * previousMs;
    this.#slot = Math.max(0, Math.floor((nowMs - this.#originMs) / intervalMs)) + 1;
    this.#dueMs = this.#place(intervalMs, nowMs);
  }

  /**
   * Draws the slot's due time around its place in the grid. It is not in the past, where a place soon to come could
   * jitter to.
   */
  #place(intervalMs: number, nowMs: number): number {
    const placeMs = this.#originMs + this.#slot * intervalMs;
    const jitterMaxMs = this.#jitterRatio * intervalMs;
    const earliestMs = Math.max(placeMs - jitterMaxMs, nowMs);
    return earliestMs + Math.round(this.#random.unit() * (placeMs + jitterMaxMs - earliestMs));
  }
}
