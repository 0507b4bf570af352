/**
 * The time that due times are measured in: monotonic time, plus what the host slept through.
 *
 * Monotonic time alone may stand still in suspend (Linux) or run on (other systems). Where it stands still the wall
 * clock shows what it missed. A wall clock that gains more than `CLOCK_JUMP_MIN_MS` on the monotonic one between two
 * looks has either been set forward or the host has slept; nobody can tell which, and in both cases the due times in
 * between have passed for everybody else. A wall clock that falls back changes nothing (S6).
 *
 * @module
 */
import { CLOCK_JUMP_MIN_MS } from "../limits.ts";
import type { Clock } from "../runtime/port.ts";

/** See the module's description. Starts to look at the clocks with the first call. */
export class LoopTime {
  readonly #clock: Pick<Clock, "monotonicMs" | "wallMs">;
  #skippedMs = 0;
  #lead: number | undefined;

  constructor(clock: Pick<Clock, "monotonicMs" | "wallMs">) {
    this.#clock = clock;
  }

  /** Looks at both clocks. @returns the loop's time in milliseconds; never goes back */
  nowMs(): number {
    const monotonicMs = this.#clock.monotonicMs();
    const lead = this.#clock.wallMs() - monotonicMs;
    const gainedMs = lead - (this.#lead ?? lead);
    if (gainedMs >= CLOCK_JUMP_MIN_MS) this.#skippedMs += gainedMs;
    this.#lead = lead;
    return monotonicMs + this.#skippedMs;
  }

  /** The monotonic time of a loop time, as things are now. */
  toMonotonicMs(loopMs: number): number {
    return loopMs - this.#skippedMs;
  }
}
