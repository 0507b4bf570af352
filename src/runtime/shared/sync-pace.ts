/** How quick a file's syncs are, and so whether this thread may wait for one. @module */

/** A wait of so long holds nobody up; the way to another thread and back takes a tenth of it. */
const QUICK_MS_MAX = 1;
/** Before anything is known, a disk is taken for a slow one. */
const UNKNOWN_MS = 2;
/** By how much each sync moves the average: one that stalls for 20 ms or more ends the trust, until many quick ones bring it back. */
const WEIGHT = 1 / 16;

/** See the module's description. */
export class SyncPace {
  #averageMs = UNKNOWN_MS;

  /** Whether the next sync can be expected to be quick. */
  get isQuick(): boolean {
    return this.#averageMs < QUICK_MS_MAX;
  }

  /** Notes how long one took, wherever it was made. */
  note(durationMs: number): void {
    this.#averageMs += (durationMs - this.#averageMs) * WEIGHT;
  }
}
