/**
 * How history divides time: spans of half an hour, each of 60 slots of 30 s and of 3 parts of 10 minutes.
 *
 * A span is the unit of writing: while it lasts it stands in memory and in the journal; when it is over it becomes two blocks for each
 * instance, one of its slots, one of its parts.
 *
 * @module
 */
import { cellOf, COLUMNS, type Sample, WORD_COLUMNS } from "./columns.ts";

/** As often as an instance beats by the contract. */
export const SLOT_MS = 30_000;
export const PART_MS = 600_000;
export const SPAN_MS = 1_800_000;
export const SLOTS = SPAN_MS / SLOT_MS;
export const PARTS = SPAN_MS / PART_MS;
const SLOTS_PER_PART = PART_MS / SLOT_MS;

/** A part's cells: the mean of each measure, then the highest of each number. */
export const PART_COLUMNS = 2 * COLUMNS - WORD_COLUMNS;
/** A part's cells are so many times a slot's, so that a mean keeps a digit more than its samples have. */
export const PART_SCALE = 10;

/** The number of the span that a time lies in. @param timeMs Unix milliseconds */
export function spanAt(timeMs: number): number {
  return Math.floor(timeMs / SPAN_MS);
}

/** What was heard within one span: for each instance, the cells of all its slots. */
export class OpenSpan {
  readonly span: number;
  readonly #cellsByNumber = new Map<number, Uint32Array>();

  constructor(span: number) {
    this.span = span;
  }

  /** Instances that were heard. */
  get size(): number {
    return this.#cellsByNumber.size;
  }

  /** The numbers of the instances that were heard. */
  numbers(): number[] {
    return [...this.#cellsByNumber.keys()];
  }

  /** The slots of an instance, row after row; `undefined` when nothing was heard of it. */
  cellsOf(number: number): Uint32Array | undefined {
    return this.#cellsByNumber.get(number);
  }

  /** Adds what was heard to its slot. Of numbers the latest counts, of words the gravest: a failure that passed is what one looks for. */
  put(number: number, slot: number, sample: Sample): void {
    const cells = this.#cellsFor(number);
    for (let column = 0; column < COLUMNS; column++) {
      const cell = cellOf(sample, column);
      const at = slot * COLUMNS + column;
      if (cell !== 0) cells[at] = column < WORD_COLUMNS ? Math.max(cell, cells[at] ?? 0) : cell;
    }
  }

  /** Takes a slot as it was written. */
  restore(number: number, slot: number, row: ArrayLike<number>): void {
    this.#cellsFor(number).set(row, slot * COLUMNS);
  }

  #cellsFor(number: number): Uint32Array {
    const known = this.#cellsByNumber.get(number);
    if (known !== undefined) return known;
    const cells = new Uint32Array(SLOTS * COLUMNS);
    this.#cellsByNumber.set(number, cells);
    return cells;
  }
}

/** The parts of a span, from its slots. */
export function partsOf(cells: Uint32Array): Uint32Array {
  const parts = new Uint32Array(PARTS * PART_COLUMNS);
  for (let part = 0; part < PARTS; part++) {
    for (let column = 0; column < COLUMNS; column++) {
      const { mean, highest } = summarize(cells, part, column);
      const at = part * PART_COLUMNS;
      parts[at + column] = PART_SCALE * (column < WORD_COLUMNS ? highest : mean);
      if (column >= WORD_COLUMNS) parts[at + highestColumn(column)] = PART_SCALE * highest;
    }
  }
  return parts;
}

/** Where a part keeps the highest of a number. @param column of the number among the measures */
export function highestColumn(column: number): number {
  return COLUMNS + column - WORD_COLUMNS;
}

function summarize(
  cells: Uint32Array,
  part: number,
  column: number,
): { readonly mean: number; readonly highest: number } {
  let sum = 0;
  let count = 0;
  let highest = 0;
  for (let slot = part * SLOTS_PER_PART; slot < (part + 1) * SLOTS_PER_PART; slot++) {
    const cell = cells[slot * COLUMNS + column] ?? 0;
    if (cell === 0) continue;
    sum += cell;
    count++;
    highest = Math.max(highest, cell);
  }
  return { mean: count === 0 ? 0 : Math.round(PART_SCALE * sum / count) / PART_SCALE, highest };
}
