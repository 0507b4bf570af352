/**
 * Wall time that never goes back.
 *
 * Ages and expiry must survive a restart, so they count in wall time; but a clock that is set back must not make the
 * silent look fresh, nor put what is heard now behind what was heard before. While the wall clock is behind what it
 * once said, time goes on with the monotonic clock. A jump ahead is believed: it is how a suspended host wakes up.
 *
 * @module
 */
import type { Clock } from "../runtime/port.ts";

export class SteadyTime {
  readonly #clock: Pick<Clock, "wallMs" | "monotonicMs">;
  #lastMs = -Infinity;
  #lastMonotonicMs = 0;

  constructor(clock: Pick<Clock, "wallMs" | "monotonicMs">) {
    this.#clock = clock;
  }

  /** Whole Unix milliseconds, at least as many as the last time. */
  nowMs(): number {
    const monotonicMs = this.#clock.monotonicMs();
    const steadyMs = this.#lastMs + (monotonicMs - this.#lastMonotonicMs);
    this.#lastMs = Math.max(this.#clock.wallMs(), steadyMs);
    this.#lastMonotonicMs = monotonicMs;
    return Math.floor(this.#lastMs);
  }
}
