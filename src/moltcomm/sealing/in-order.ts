/**
 * Results in the order in which they were asked for, whichever is there first.
 *
 * @module
 */

interface Place {
  act: (() => void) | undefined;
}

/** See the module's description. */
export class InOrder {
  readonly #places: Place[] = [];

  /** Whether nothing is waited for: whoever comes now need not queue. */
  get isIdle(): boolean {
    return this.#places.length === 0;
  }

  /** Calls `act` with the result once everything before it had its turn. @param result never rejects */
  add<Result>(result: Promise<Result>, act: (result: Result) => void): void {
    const place: Place = { act: undefined };
    this.#places.push(place);
    void result.then((value) => {
      place.act = () => act(value);
      this.#advance();
    });
  }

  /** As `add`, for a result that is there. */
  addReady(act: () => void): void {
    this.#places.push({ act });
    this.#advance();
  }

  #advance(): void {
    for (let place = this.#places[0]; place?.act !== undefined; place = this.#places[0]) {
      this.#places.shift();
      place.act();
    }
  }
}
