/**
 * Durations of the simulation.
 *
 * All are multiples of 1/1024 ms, which binary floating point adds without error: a timer of 10 ms is never seen to
 * fire after 9.999999999 ms, and the same sum in another order is the same time.
 *
 * @module
 */
import type { Range } from "./faults.ts";
import type { SeededRandom } from "./random.ts";

const TICKS_PER_MS = 1024;

/** The next multiple of 1/1024 ms at or above `ms`. */
export function quantizeMs(ms: number): number {
  return Math.ceil(ms * TICKS_PER_MS) / TICKS_PER_MS;
}

/** A duration in the range, evenly drawn. */
export function drawMs(random: SeededRandom, [lowMs, highMs]: Range): number {
  return quantizeMs(lowMs + random.unit() * (highMs - lowMs));
}
