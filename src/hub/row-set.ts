/**
 * A set of rows, in the order in which they were added. With a byte for each row there is, since it is asked with each
 * publication, and a hash table would spread over more memory.
 *
 * @module
 */

const ROWS_MIN = 256;

export class RowSet {
  /** What is in it. */
  readonly rows: number[] = [];
  /** By row, 1 for one that is in it. */
  #flags: Uint8Array;

  /** @param like one that had about as many rows to choose from */
  constructor(like?: RowSet) {
    this.#flags = new Uint8Array(like === undefined ? ROWS_MIN : like.#flags.length);
  }

  get size(): number {
    return this.rows.length;
  }

  has(row: number): boolean {
    return this.#flags[row] === 1;
  }

  add(row: number): void {
    if (this.#flags[row] === 1) return;
    if (row >= this.#flags.length) {
      const flags = new Uint8Array(Math.max(row + 1, this.#flags.length * 2));
      flags.set(this.#flags);
      this.#flags = flags;
    }
    this.#flags[row] = 1;
    this.rows.push(row);
  }
}
