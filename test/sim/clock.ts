/**
 * Simulated time: stands still until it is advanced; timers fire in order of their due time, ties in order of their
 * making.
 *
 * @module
 */
import type { Clock, Timer } from "../../src/runtime/port.ts";
import { EventQueue } from "./event-queue.ts";
import { runSteps, settle } from "./settle.ts";

export { settle } from "./settle.ts";

/** 2026-02-06T12:00:00Z, the timestamp of the contract's example. */
export const SIM_START_WALL_MS = Date.UTC(2026, 1, 6, 12);

/** The port's bound of a delay. */
const DELAY_MS_MAX = 2 ** 31 - 1;

export class SimClock implements Clock {
  #monotonicMs = 0;
  #wallOffsetMs: number;
  readonly #queue = new EventQueue();

  constructor(startWallMs: number = SIM_START_WALL_MS) {
    this.#wallOffsetMs = startWallMs;
  }

  wallMs(): number {
    return this.#wallOffsetMs + this.#monotonicMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const event = this.#queue.add(this.#monotonicMs + Math.min(Math.max(0, delayMs), DELAY_MS_MAX), callback);
    return { cancel: () => this.#queue.cancel(event) };
  }

  nextTurn(callback: () => void): void {
    this.setTimer(0, callback);
  }

  /** Sets the wall clock forward (or back, when negative) without time passing. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /**
   * Suspends the host for `byMs`: time passes on the wall clock, nothing fires. Timers that fell due meanwhile fire,
   * late, with the next `advance`.
   *
   * @param monotonic whether the monotonic clock counts the time asleep (`runs`) or not (`stands`, as on Linux)
   */
  suspend(byMs: number, monotonic: "runs" | "stands"): void {
    if (monotonic === "runs") this.#monotonicMs += byMs;
    else this.#wallOffsetMs += byMs;
  }

  /** Timers waiting. */
  get pendingCount(): number {
    return this.#queue.size;
  }

  /** The monotonic due time of the next timer; `undefined` when none waits. */
  get nextDueMs(): number | undefined {
    return this.#queue.nextDueMs;
  }

  /**
   * Moves time to the next timer and fires it; promises are not waited for.
   *
   * @param untilMs the monotonic time not to be passed
   * @returns `false` when no timer is due by then, and time did not move
   */
  fireNext(untilMs: number = Number.POSITIVE_INFINITY): boolean {
    const dueMs = this.#queue.nextDueMs;
    if (dueMs === undefined || dueMs > untilMs) return false;
    const callback = this.#queue.take();
    this.#monotonicMs = Math.max(this.#monotonicMs, dueMs);
    callback?.();
    return true;
  }

  /** Moves time to `monotonicMs` without firing anything; does nothing when that is past. */
  moveTo(monotonicMs: number): void {
    this.#monotonicMs = Math.max(this.#monotonicMs, monotonicMs);
  }

  /** Lets `byMs` pass, firing what falls due, and lets promises settle after each timer and at the end. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#monotonicMs + byMs;
    await settle();
    await runSteps(() => this.fireNext(untilMs));
    this.moveTo(untilMs);
    await settle();
  }
}
