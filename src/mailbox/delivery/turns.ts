/** Works that follow each other: each begins when the one before has ended, well or not. @module */

export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.then(() => undefined, () => undefined);
    return turn;
  }
}
