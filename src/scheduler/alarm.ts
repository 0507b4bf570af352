/** The one timer of the loop. @module */
import type { Clock, Timer } from "../runtime/port.ts";

/** Holds at most one pending timer: setting it replaces what was pending (S1). */
export class Alarm {
  readonly #clock: Pick<Clock, "monotonicMs" | "setTimer">;
  #timer: Timer | undefined;
  #atMs = 0;

  constructor(clock: Pick<Clock, "monotonicMs" | "setTimer">) {
    this.#clock = clock;
  }

  /**
   * Calls `onRing` once, not before `atMs`. An alarm already set for that very time stays as it is.
   *
   * @param atMs monotonic milliseconds; one in the past rings as soon as the platform can
   */
  set(atMs: number, onRing: () => void): void {
    if (this.#timer !== undefined && this.#atMs === atMs) return;
    this.clear();
    this.#atMs = atMs;
    // Rounded up: a platform that cuts fractions off would ring early, find nothing due and be woken a second time.
    const delayMs = Math.ceil(Math.max(0, atMs - this.#clock.monotonicMs()));
    this.#timer = this.#clock.setTimer(delayMs, () => {
      this.#timer = undefined;
      onRing();
    });
  }

  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
