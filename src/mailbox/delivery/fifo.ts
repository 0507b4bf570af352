/** A queue whose both ends cost the same, however long it is. @module */

/** Vacant places at the front beyond which the rest moves up. */
const VACANT_MAX = 1_024;

/** First in, first out. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #first = 0;

  get size(): number {
    return this.#items.length - this.#first;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the oldest; `undefined` when there is none. */
  shift(): T | undefined {
    if (this.#first === this.#items.length) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first++] = undefined;
    if (this.#first > VACANT_MAX && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  /** All of them, oldest first. */
  toArray(): T[] {
    return this.#items.slice(this.#first) as T[];
  }
}
