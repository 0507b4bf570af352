/**
 * Which row each entry of the log on disk holds, and which entry is a row's last.
 *
 * @module
 */

/** Dead entries dropped before the array that holds them is made anew. */
const DROPPED_MAX = 50_000;

export class Entries {
  /**
   * The row of each entry from `#first` on, after `#dropped` that are gone; 0 for one that never had a row in this
   * process.
   */
  #rows: number[] = [];
  #dropped = 0;
  #first = 1;
  /** By row; 0 for a row without an entry. */
  readonly #lastOfRow: number[] = [0];
  #liveCount = 0;

  /** The number of the oldest entry; that of the next when there is none. */
  get first(): number {
    return this.#first;
  }

  /** The number that the next entry gets. */
  get next(): number {
    return this.#first + this.count;
  }

  /** Entries, live and dead. */
  get count(): number {
    return this.#rows.length - this.#dropped;
  }

  /** Entries that are the last of their row. */
  get liveCount(): number {
    return this.#liveCount;
  }

  /** Begins with an empty log whose next entry is `next`. */
  beginAt(next: number): void {
    this.#first = next;
  }

  /** Notes the next entry. @param row 0 for an entry that is dead already */
  append(row: number): void {
    if (row !== 0) this.#setLast(row, this.next);
    this.#rows.push(row);
  }

  /** Notes that a row is free: what the log has of it is dead. */
  clear(row: number): void {
    this.#setLast(row, 0);
  }

  /** Row of an entry; 0 when the entry is not the last of its row. */
  liveRowOf(entry: number): number {
    const row = this.#rows[entry - this.#first + this.#dropped] ?? 0;
    return this.#lastOfRow[row] === entry ? row : 0;
  }

  /** Forgets the entries before `entry`. */
  dropBefore(entry: number): void {
    this.#dropped += entry - this.#first;
    this.#first = entry;
    if (this.#dropped < DROPPED_MAX) return;
    this.#rows = this.#rows.slice(this.#dropped);
    this.#dropped = 0;
  }

  #setLast(row: number, entry: number): void {
    // Rows are handed out one after the other, but one may be freed before it was ever written.
    while (this.#lastOfRow.length <= row) this.#lastOfRow.push(0);
    this.#liveCount += Number(entry !== 0) - Number(this.#lastOfRow[row] !== 0);
    this.#lastOfRow[row] = entry;
  }
}
