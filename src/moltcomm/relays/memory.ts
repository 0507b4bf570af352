/**
 * A map that forgets what was longest untouched, once it is full.
 *
 * @module
 */

/** See the module's description. */
export class Memory<Value> {
  readonly #entriesMax: number;
  readonly #entries = new Map<string, Value>();

  constructor(init: { readonly entriesMax: number }) {
    this.#entriesMax = init.entriesMax;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  /** The entries, the one longest untouched first. */
  get entries(): [string, Value][] {
    return [...this.#entries];
  }

  set(key: string, value: Value): void {
    touch(this.#entries, key, value, this.#entriesMax);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}

/** Puts an entry at the end of a map, and takes the first out of one that is too large. */
export function touch<Value>(entries: Map<string, Value>, key: string, value: Value, entriesMax: number): void {
  entries.delete(key);
  entries.set(key, value);
  const [oldest] = entries.keys();
  if (entries.size > entriesMax && oldest !== undefined) entries.delete(oldest);
}
