/**
 * The short numbers of the instances that have a history, bounded: when there are too many, those that were silent longest go.
 *
 * @module
 */

/** When there is no room, so many of a hundred go at once. */
const FORGOTTEN_PERCENT = 1;

interface Known {
  readonly number: number;
  /** The span in which it was last heard. */
  lastSpan: number;
}

export class Numbers {
  readonly #instancesMax: number;
  readonly #byId = new Map<string, Known>();
  #last = 0;
  /** The span in which there was nobody to make room; nobody is looked for again within it. */
  #fullIn = -1;
  /** What is not on disk. */
  #added: { readonly number: number; readonly id: string }[] = [];
  #removed: number[] = [];

  constructor(instancesMax: number) {
    this.#instancesMax = instancesMax;
  }

  get size(): number {
    return this.#byId.size;
  }

  find(id: string): number | undefined {
    return this.#byId.get(id)?.number;
  }

  /** The number of an instance that is heard now; `undefined` when there is no room for it and everybody else was heard lately. */
  hear(id: string, span: number): number | undefined {
    const known = this.#byId.get(id);
    if (known !== undefined) {
      known.lastSpan = span;
      return known.number;
    }
    if (this.#byId.size >= this.#instancesMax && !this.#makeRoom(span)) return undefined;
    const number = ++this.#last;
    this.#byId.set(id, { number, lastSpan: span });
    this.#added.push({ number, id });
    return number;
  }

  /** Takes what was stored before. */
  restore(id: string, number: number, lastSpan: number): void {
    this.#byId.set(id, { number, lastSpan });
    this.#last = Math.max(this.#last, number);
  }

  /** Forgets those that were not heard since before `span`. */
  forgetBefore(span: number): void {
    for (const [id, known] of this.#byId) if (known.lastSpan < span) this.#forget(id, known);
  }

  /** All that are known. */
  *entries(): Iterable<Known> {
    yield* this.#byId.values();
  }

  /** Hands over what is not on disk yet. */
  takeChanges(): {
    readonly added: readonly { readonly number: number; readonly id: string }[];
    readonly removed: readonly number[];
  } {
    const changes = { added: this.#added, removed: this.#removed };
    this.#added = [];
    this.#removed = [];
    return changes;
  }

  /** Takes changes back that could not be written. */
  putBack({ added, removed }: ReturnType<Numbers["takeChanges"]>): void {
    this.#added = [...added, ...this.#added];
    this.#removed = [...removed, ...this.#removed];
  }

  #makeRoom(span: number): boolean {
    if (this.#fullIn === span) return false;
    const silent = [...this.#byId].filter(([, { lastSpan }]) => lastSpan < span - 1);
    silent.sort(([, left], [, right]) => left.lastSpan - right.lastSpan);
    const count = Math.ceil(this.#instancesMax * FORGOTTEN_PERCENT / 100);
    for (const [id, known] of silent.slice(0, count)) this.#forget(id, known);
    if (silent.length > 0) return true;
    this.#fullIn = span;
    return false;
  }

  #forget(id: string, { number }: Known): void {
    this.#byId.delete(id);
    this.#added = this.#added.filter((added) => added.number !== number);
    this.#removed.push(number);
  }
}
