/**
 * How finished tasks ended, over a sliding window: a ring of time slices, so that memory does not grow with the work.
 *
 * @module
 */

/** Slices in a window: the window's edge is this fine. */
const SLICES = 60;

/** Tasks that ended well and badly. */
export interface OutcomeCounts {
  readonly succeeded: number;
  readonly failed: number;
}

/** Counts outcomes over the last `windowMs`, and up to one slice (a sixtieth) longer. */
export class OutcomeWindow {
  readonly #sliceMs: number;
  /** One more than the window has, because the oldest and the newest are both in part. */
  readonly #succeeded = new Float64Array(SLICES + 1);
  readonly #failed = new Float64Array(SLICES + 1);
  #newestSlice = 0;

  /** @param windowMs longer than zero */
  constructor(windowMs: number) {
    this.#sliceMs = windowMs / SLICES;
  }

  /** @param nowMs monotonic milliseconds, never less than at an earlier call */
  add(nowMs: number, counts: OutcomeCounts): void {
    const index = this.#advance(nowMs) % this.#failed.length;
    this.#succeeded[index] = (this.#succeeded[index] ?? 0) + counts.succeeded;
    this.#failed[index] = (this.#failed[index] ?? 0) + counts.failed;
  }

  /** @param nowMs as for `add` */
  counts(nowMs: number): OutcomeCounts {
    this.#advance(nowMs);
    return { succeeded: sum(this.#succeeded), failed: sum(this.#failed) };
  }

  #advance(nowMs: number): number {
    const slice = Math.floor(nowMs / this.#sliceMs);
    const length = this.#failed.length;
    const outdated = Math.min(slice - this.#newestSlice, length);
    for (let step = 0; step < outdated; step++) {
      this.#succeeded[(slice - step) % length] = 0;
      this.#failed[(slice - step) % length] = 0;
    }
    this.#newestSlice = slice;
    return slice;
  }
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
