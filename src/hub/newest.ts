/**
 * The few rows of many that were heard last, without sorting the many.
 *
 * @module
 */

/** A heap whose root is the row of those kept that was heard first: it is the next to go. */
export class Newest {
  readonly #limit: number;
  readonly #sequenceOf: (row: number) => number;
  readonly #heap: number[] = [];

  /**
   * @param limit how many rows to keep, at least 1
   * @param sequenceOf a row's, higher for what was heard later
   */
  constructor(limit: number, sequenceOf: (row: number) => number) {
    this.#limit = limit;
    this.#sequenceOf = sequenceOf;
  }

  /** Keeps the row while it is among the last heard. */
  offer(row: number): void {
    const heap = this.#heap;
    if (heap.length < this.#limit) {
      heap.push(row);
      this.#rise(heap.length - 1);
    } else if (this.#sequenceAt(0) < this.#sequenceOf(row)) {
      heap[0] = row;
      this.#sink();
    }
  }

  /** Those kept, the last heard first. */
  list(): number[] {
    return [...this.#heap].sort((left, right) => this.#sequenceOf(right) - this.#sequenceOf(left));
  }

  #rise(from: number): void {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (this.#sequenceAt(parent) <= this.#sequenceAt(at)) return;
      this.#swap(parent, at);
      at = parent;
    }
  }

  #sink(): void {
    for (let at = 0;;) {
      const left = 2 * at + 1;
      if (left >= this.#heap.length) return;
      const child = this.#sequenceAt(left + 1) < this.#sequenceAt(left) ? left + 1 : left;
      if (this.#sequenceAt(at) <= this.#sequenceAt(child)) return;
      this.#swap(at, child);
      at = child;
    }
  }

  /** Beyond the end: later than everything. */
  #sequenceAt(place: number): number {
    const row = this.#heap[place];
    return row === undefined ? Infinity : this.#sequenceOf(row);
  }

  #swap(first: number, second: number): void {
    const row = this.#heap[first] as number;
    this.#heap[first] = this.#heap[second] as number;
    this.#heap[second] = row;
  }
}
