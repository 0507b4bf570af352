/**
 * Samples gathered into steps of equal length, for an answer.
 *
 * @module
 */
import { COLUMNS, MEASURES, NUMBER_COLUMNS, numberOf, WORD_COLUMNS, wordOf } from "./columns.ts";

/** One step of an answer: when it begins, the words and the means of the numbers heard in it, and the highest where they differ. */
export interface Point {
  readonly time: string;
  readonly [measure: string]: unknown;
}

export class Buckets {
  readonly #fromMs: number;
  readonly #stepMs: number;
  readonly #count: number;
  readonly #sums: Float64Array;
  readonly #counts: Uint32Array;
  readonly #highest: Float64Array;

  /** @param range.fromMs a multiple of the step, Unix milliseconds; the step that `toMs` lies in is the last */
  constructor({ fromMs, toMs, stepMs }: { readonly fromMs: number; readonly toMs: number; readonly stepMs: number }) {
    this.#fromMs = fromMs;
    this.#stepMs = stepMs;
    this.#count = Math.floor((toMs - fromMs) / stepMs) + 1;
    this.#sums = new Float64Array(this.#count * COLUMNS);
    this.#counts = new Uint32Array(this.#count * COLUMNS);
    this.#highest = new Float64Array(this.#count * COLUMNS);
  }

  /**
   * Adds what was heard of one measure.
   *
   * @param timeMs when what was heard begins; outside of the range it is left out
   * @param mean a cell, or the mean of some; 0 when nothing was heard
   * @param highest the highest of them
   */
  add(timeMs: number, column: number, mean: number, highest: number): void {
    const bucket = Math.floor((timeMs - this.#fromMs) / this.#stepMs);
    if (mean === 0 || bucket < 0 || bucket >= this.#count) return;
    const at = bucket * COLUMNS + column;
    this.#sums[at] = (this.#sums[at] ?? 0) + mean;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#highest[at] = Math.max(this.#highest[at] ?? 0, highest);
  }

  /** The steps in which anything was heard. */
  points(): Point[] {
    const points: Point[] = [];
    for (let bucket = 0; bucket < this.#count; bucket++) {
      const measures = this.#measuresOf(bucket * COLUMNS);
      if (measures === undefined) continue;
      points.push({ time: new Date(this.#fromMs + bucket * this.#stepMs).toISOString(), ...measures });
    }
    return points;
  }

  #measuresOf(at: number): Record<string, unknown> | undefined {
    const measures: Record<string, unknown> = {};
    const highest: Record<string, number> = {};
    let heard = 0;
    for (let column = 0; column < WORD_COLUMNS + NUMBER_COLUMNS; column++) {
      const count = this.#counts[at + column] ?? 0;
      const name = MEASURES[column]?.name;
      if (count === 0 || name === undefined) continue;
      heard++;
      const top = this.#highest[at + column] ?? 0;
      if (column < WORD_COLUMNS) {
        measures[name] = wordOf(top, column);
        continue;
      }
      const mean = numberOf((this.#sums[at + column] ?? 0) / count, column);
      measures[name] = mean;
      if (numberOf(top, column) !== mean) highest[name] = numberOf(top, column);
    }
    if (heard === 0) return undefined;
    return Object.keys(highest).length === 0 ? measures : { ...measures, highest };
  }
}
