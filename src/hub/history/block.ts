/**
 * A block: some rows of cells as bytes, column after column, each cell as its difference from the one before it.
 *
 * A difference is a variable-length integer with the sign in its lowest bit; after a 0 stands how many more zeros follow. So what does
 * not change takes two bytes however many rows there are, and what changes a little takes one byte a row.
 *
 * @module
 */
import { BarnacleError } from "../../errors.ts";

const SEVEN_BITS = 0x80;
/** More than the longest difference of two cells takes. */
const BYTES_PER_CELL_MAX = 6;

/**
 * @param cells row after row
 * @param columns cells of a row
 */
export function encodeBlock(cells: Uint32Array, columns: number): Uint8Array {
  const rows = cells.length / columns;
  const writer = new Writer((cells.length + 1) * BYTES_PER_CELL_MAX);
  writer.put(columns);
  for (let column = 0; column < columns; column++) {
    let before = 0;
    for (let row = 0; row < rows;) {
      const difference = cellAt(cells, row * columns + column) - before;
      before += difference;
      writer.put(difference < 0 ? -2 * difference - 1 : 2 * difference);
      row++;
      if (difference !== 0) continue;
      const from = row;
      while (row < rows && cellAt(cells, row * columns + column) === before) row++;
      writer.put(row - from);
    }
  }
  return writer.take();
}

/**
 * @param rows how many rows it was made of
 * @param columns how many cells of a row are wanted: those that an older block lacks are 0
 * @throws `DATABASE_ERROR` for bytes that are no block of so many rows
 */
export function decodeBlock(bytes: Uint8Array, rows: number, columns: number): Uint32Array {
  const cells = new Uint32Array(rows * columns);
  const reader = new Reader(bytes);
  const columnsThere = Math.min(reader.next(), columns);
  for (let column = 0; column < columnsThere; column++) {
    let before = 0;
    for (let row = 0; row < rows;) {
      const coded = reader.next();
      before += coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2;
      cells[row++ * columns + column] = before;
      if (coded !== 0) continue;
      const end = row + reader.next();
      if (end > rows) throw damaged();
      while (row < end) cells[row++ * columns + column] = before;
    }
  }
  return cells;
}

/** Variable-length integers, one after the other. */
export class Writer {
  readonly #bytes: Uint8Array;
  #length = 0;

  /** @param bytesMax of all that will be put */
  constructor(bytesMax: number) {
    this.#bytes = new Uint8Array(bytesMax);
  }

  /** @param value whole, at least 0 and safe */
  put(value: number): void {
    let rest = value;
    for (; rest >= SEVEN_BITS; rest = Math.floor(rest / SEVEN_BITS)) {
      this.#bytes[this.#length++] = rest % SEVEN_BITS + SEVEN_BITS;
    }
    this.#bytes[this.#length++] = rest;
  }

  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** Reads what a {@link Writer} wrote. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** @throws `DATABASE_ERROR` at the end */
  next(): number {
    let value = 0;
    for (let weight = 1; weight <= Number.MAX_SAFE_INTEGER; weight *= SEVEN_BITS) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw damaged();
      if (byte < SEVEN_BITS) return value + byte * weight;
      value += (byte - SEVEN_BITS) * weight;
    }
    throw damaged();
  }
}

function cellAt(cells: Uint32Array, index: number): number {
  return cells[index] ?? 0;
}

function damaged(): BarnacleError {
  return new BarnacleError({
    code: "DATABASE_ERROR",
    action: "Read a block of history",
    value: "a damaged one",
    wanted: "one that this or an older version wrote",
  });
}
