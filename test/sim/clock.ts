/**
 * Simulated time: stands still until it is advanced; timers fire in order of their due time, ties in order of their making.
 *
 * @module
 */
import type { Clock, Timer } from "../../src/runtime/port.ts";

interface Pending {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** 2026-02-06T12:00:00Z, the timestamp of the contract's example. */
export const SIM_START_WALL_MS = Date.UTC(2026, 1, 6, 12);

export class SimClock implements Clock {
  #monotonicMs = 0;
  #wallOffsetMs: number;
  #order = 0;
  #pending: Pending[] = [];

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
    const pending: Pending = { dueMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#order++, callback };
    const at = this.#pending.findIndex((other) => other.dueMs > pending.dueMs);
    this.#pending.splice(at === -1 ? this.#pending.length : at, 0, pending);
    return {
      cancel: () => {
        const index = this.#pending.indexOf(pending);
        if (index !== -1) this.#pending.splice(index, 1);
      },
    };
  }

  /** Sets the wall clock forward (or back, when negative) without time passing. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Timers waiting. */
  get pendingCount(): number {
    return this.#pending.length;
  }

  /** The monotonic due time of the next timer; `undefined` when none waits. */
  get nextDueMs(): number | undefined {
    return this.#pending[0]?.dueMs;
  }

  /** Lets `byMs` pass, firing what falls due, and lets promises settle after each timer and at the end. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#monotonicMs + byMs;
    await settle();
    for (;;) {
      const next = this.#pending[0];
      if (next === undefined || next.dueMs > untilMs) break;
      this.#pending.shift();
      this.#monotonicMs = Math.max(this.#monotonicMs, next.dueMs);
      next.callback();
      await settle();
    }
    this.#monotonicMs = untilMs;
    await settle();
  }
}

/** Lets every promise that is ready run on, several layers deep, without real time passing. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
