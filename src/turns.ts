/** Takes turns: each piece of work starts when the one before it has settled. @module */

/** Runs pieces of asynchronous work one after the other, in the order they were given. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` after everything given before, whether that failed or not. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
