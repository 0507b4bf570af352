/** What is due when. @module */

/** When something may start, and when it must. Loop times in milliseconds. */
export interface Window {
  /** Not before. */
  readonly dueMs: number;
  /** Not later, if the processor can be had; at least `dueMs`. */
  readonly latestMs: number;
}

/**
 * The windows of all that waits. Looks at every entry when asked: there are some tens, and a scan of them costs less
 * than keeping two orders (who must start first, who may start by now) would.
 */
export class DueQueue<Item> {
  readonly #windows = new Map<Item, Window>();

  /** Puts, moves, or with `null` takes out. */
  set(item: Item, window: Window | null): void {
    if (window === null) this.#windows.delete(item);
    else this.#windows.set(item, window);
  }

  /** The time by which the next one must start; `Infinity` when none waits. */
  get latestMs(): number {
    let earliestMs = Infinity;
    for (const window of this.#windows.values()) earliestMs = Math.min(earliestMs, window.latestMs);
    return earliestMs;
  }

  /** Takes out all that may start by now, in order of their due times; equal ones in the order of their putting. */
  take(nowMs: number): Item[] {
    const due = [...this.#windows].filter(([, window]) => window.dueMs <= nowMs);
    for (const [item] of due) this.#windows.delete(item);
    return due.sort(([, left], [, right]) => left.dueMs - right.dueMs).map(([item]) => item);
  }
}
