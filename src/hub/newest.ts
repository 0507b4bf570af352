/**
 * The few rows of many that were heard last, without sorting the many.
 *
 * @module
 */

interface Kept {
  readonly row: number;
  readonly sequence: number;
}

/** A heap whose root is the row of those kept that was heard first: it is the next to go. */
export class Newest {
  readonly #limit: number;
  readonly #heap: Kept[] = [];
  #least = -Infinity;

  /** @param limit how many rows to keep, at least 1 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** What was heard no later than this need not be offered: of many rows, nearly all. */
  get least(): number {
    return this.#least;
  }

  /** Keeps the row while it is among the last heard. @param sequence higher for what was heard later */
  offer(row: number, sequence: number): void {
    const heap = this.#heap;
    if (heap.length < this.#limit) {
      heap.push({ row, sequence });
      this.#rise(heap.length - 1);
    } else if (sequence > this.#least) {
      heap[0] = { row, sequence };
      this.#sink();
    }
    if (heap.length === this.#limit) this.#least = this.#sequenceAt(0);
  }

  /** Those kept, the last heard first. */
  list(): number[] {
    return [...this.#heap].sort((left, right) => right.sequence - left.sequence).map(({ row }) => row);
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
    return this.#heap[place]?.sequence ?? Infinity;
  }

  #swap(first: number, second: number): void {
    const kept = this.#heap[first] as Kept;
    this.#heap[first] = this.#heap[second] as Kept;
    this.#heap[second] = kept;
  }
}
