/**
 * The instances in memory.
 *
 * Invariants. R1: an instance is found by its id, stands in its row and in the same row of the index, or none of these.
 * R2: whoever was heard later has the higher `sequence`. R3: `documentCharacters` is the sum over all, `countOf` the
 * number of each owner. Every change is told to `onChanged`, and nothing else changes an instance.
 *
 * @module
 */
import type { HeardInstance, Instance, Words } from "./instance.ts";
import { SearchIndex } from "./search-index.ts";

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

export class Registry {
  readonly #byId = new Map<string, Mutable<Instance>>();
  /** The instance of each row at `row - 1`. */
  readonly #rows: (Mutable<Instance> | undefined)[] = [];
  readonly #freeRows: number[] = [];
  readonly #index = new SearchIndex();
  readonly #countByOwner = new Map<string, number>();
  readonly #onChanged: (row: number) => void;
  #lastSequence = 0;
  #documentCharacters = 0;

  /** @param onChanged told of each row that was filled, changed or emptied */
  constructor(onChanged: (row: number) => void) {
    this.#onChanged = onChanged;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Characters of all documents together: nearly all of the registry's memory. */
  get documentCharacters(): number {
    return this.#documentCharacters;
  }

  get(id: string): Instance | undefined {
    return this.#byId.get(id);
  }

  /** The instance of a row; `undefined` for a row that is free. */
  at(row: number): Instance | undefined {
    return this.#rows[row - 1];
  }

  /** Instances of one owner. */
  countOf(owner: string): number {
    return this.#countByOwner.get(owner) ?? 0;
  }

  /** Takes what was just heard, in place of what was known of the same id. */
  put(heard: HeardInstance, words: Words): void {
    const known = this.#byId.get(heard.id);
    const sequence = ++this.#lastSequence;
    const row = known?.row ?? this.#freeRows.pop() ?? this.#rows.length + 1;
    if (known === undefined) {
      this.#insert({ ...heard, row, sequence }, words);
    } else {
      this.#count(known, -1);
      Object.assign(known, heard, { sequence });
      this.#count(known, 1);
      this.#index.set(known, words);
    }
    this.#onChanged(row);
  }

  /** Takes what was stored before; tells nobody. @returns its row */
  restore(stored: Omit<Instance, "row">, words: Words): number {
    const row = this.#rows.length + 1;
    this.#lastSequence = Math.max(this.#lastSequence, stored.sequence);
    this.#insert({ ...stored, row }, words);
    return row;
  }

  /** Forgets an instance. */
  remove(id: string): void {
    const known = this.#byId.get(id);
    if (known === undefined) return;
    this.#byId.delete(id);
    this.#rows[known.row - 1] = undefined;
    this.#freeRows.push(known.row);
    this.#index.clear(known.row);
    this.#count(known, -1);
    this.#onChanged(known.row);
  }

  /** For asking only. */
  get index(): Pick<SearchIndex, "search" | "rowsHeardUntil" | "countByStatus"> {
    return this.#index;
  }

  #insert(instance: Mutable<Instance>, words: Words): void {
    this.#byId.set(instance.id, instance);
    this.#rows[instance.row - 1] = instance;
    this.#count(instance, 1);
    this.#index.set(instance, words);
  }

  #count(instance: Instance, sign: 1 | -1): void {
    this.#documentCharacters += sign * instance.documentText.length;
    const count = this.countOf(instance.owner) + sign;
    if (count === 0) this.#countByOwner.delete(instance.owner);
    else this.#countByOwner.set(instance.owner, count);
  }
}
