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

/** Instances that a slot has room for at first. */
const PLACES_MIN = 256;

/**
 * What was heard within one span: for each slot, the rows of all instances side by side. A list of rows for each instance would be as
 * large at the beginning of a span as at its end, and a hundred objects for each one of these.
 */
export class OpenSpan {
  readonly span: number;
  /** Of each instance, by its number: where its rows stand in the slots. */
  readonly #places = new Map<number, number>();
  /** `place * COLUMNS` and what follows, by slot; none for a slot in which nothing was heard. */
  readonly #slots: Uint32Array[] = [];

  constructor(span: number) {
    this.span = span;
  }

  /** The slots of an instance, row after row; `undefined` when nothing was heard of it. */
  cellsOf(number: number): Uint32Array | undefined {
    const place = this.#places.get(number);
    if (place === undefined) return undefined;
    const cells = new Uint32Array(SLOTS * COLUMNS);
    this.#slots.forEach((rows, slot) => cells.set(rowAt(rows, place), slot * COLUMNS));
    return cells;
  }

  /** One slot of an instance; zeros, or empty, when nothing was heard of it then. */
  rowOf(number: number, slot: number): Uint32Array {
    return rowAt(this.#slots[slot] ?? new Uint32Array(), this.#places.get(number) ?? Infinity);
  }

  /** Adds what was heard to its slot. Of numbers the latest counts, of words the gravest: a failure that passed is what one looks for. */
  put(number: number, slot: number, sample: Sample): void {
    const from = this.#placeOf(number) * COLUMNS;
    const rows = this.#rowsFor(slot);
    for (let column = 0; column < COLUMNS; column++) {
      const cell = cellOf(sample, column);
      const at = from + column;
      if (cell !== 0) rows[at] = column < WORD_COLUMNS ? Math.max(cell, rows[at] ?? 0) : cell;
    }
  }

  /** Takes a slot as it was written. */
  restore(number: number, slot: number, row: ArrayLike<number>): void {
    const place = this.#placeOf(number);
    this.#rowsFor(slot).set(row, place * COLUMNS);
  }

  #placeOf(number: number): number {
    const known = this.#places.get(number);
    if (known !== undefined) return known;
    const place = this.#places.size;
    this.#places.set(number, place);
    return place;
  }

  /** The rows of a slot, with room for every instance that was heard so far. */
  #rowsFor(slot: number): Uint32Array {
    const known = this.#slots[slot];
    if (known !== undefined && known.length >= this.#places.size * COLUMNS) return known;
    let places = PLACES_MIN;
    while (places < this.#places.size) places *= 2;
    const rows = new Uint32Array(places * COLUMNS);
    if (known !== undefined) rows.set(known);
    this.#slots[slot] = rows;
    return rows;
  }
}

/** Empty when the slot had no room for the place. */
function rowAt(rows: Uint32Array, place: number): Uint32Array {
  return rows.subarray(place * COLUMNS, (place + 1) * COLUMNS);
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
