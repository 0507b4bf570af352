/**
 * The distinct lists among the instances, each with a number, and which of them contain a word.
 *
 * A fleet has few distinct lists of capabilities and of tags, and where each instance has its own, each word leads
 * straight to its lists. So an instance keeps a number, and a search compares numbers.
 *
 * @module
 */

interface WordList {
  readonly key: string;
  readonly items: readonly string[];
  users: number;
}

export class WordLists {
  readonly #wordsOf: (items: readonly string[]) => readonly string[];
  readonly #idByKey = new Map<string, number>();
  readonly #lists: (WordList | undefined)[] = [];
  readonly #freeIds: number[] = [];
  readonly #idsByWord = new Map<string, Set<number>>();

  /** @param wordsOf the words that a list is found by; without it, its items. */
  constructor(wordsOf: (items: readonly string[]) => readonly string[] = (items) => items) {
    this.#wordsOf = wordsOf;
  }

  /** One more than the highest number in use. */
  get idEnd(): number {
    return this.#lists.length;
  }

  /**
   * Takes a list into use.
   *
   * @returns its number, to be given back by {@link release}
   */
  acquire(items: readonly string[]): number {
    const key = keyOf(items);
    const known = this.#idByKey.get(key);
    const list = known === undefined ? undefined : this.#lists[known];
    if (known === undefined || list === undefined) return this.#add({ key, items, users: 1 });
    list.users++;
    return known;
  }

  /**
   * Takes a list into use in place of another, which is given back. Nearly always both are the same list, and telling
   * that costs far less than finding one.
   *
   * @returns its number
   */
  exchange(id: number, items: readonly string[]): number {
    const list = this.#lists[id];
    if (list !== undefined && areEqual(list.items, items)) return id;
    const acquired = this.acquire(items);
    this.release(id);
    return acquired;
  }

  /** Gives a number back; the list is forgotten with its last user. */
  release(id: number): void {
    const list = this.#lists[id];
    if (list === undefined || --list.users > 0) return;
    this.#lists[id] = undefined;
    this.#freeIds.push(id);
    this.#idByKey.delete(list.key);
    for (const word of this.#wordsOf(list.items)) {
      const ids = this.#idsByWord.get(word);
      ids?.delete(id);
      if (ids?.size === 0) this.#idsByWord.delete(word);
    }
  }

  /** By number, 1 for the lists that contain every one of the words. */
  maskOf(words: readonly string[]): Uint8Array {
    const mask = new Uint8Array(this.idEnd);
    const [first, ...others] = words.map((word) => this.#idsByWord.get(word));
    for (const id of first ?? []) if (others.every((ids) => ids?.has(id) === true)) mask[id] = 1;
    return mask;
  }

  #add(list: WordList): number {
    const id = this.#freeIds.pop() ?? this.#lists.length;
    this.#lists[id] = list;
    this.#idByKey.set(list.key, id);
    for (const word of this.#wordsOf(list.items)) {
      const ids = this.#idsByWord.get(word);
      if (ids === undefined) this.#idsByWord.set(word, new Set([id]));
      else ids.add(id);
    }
    return id;
  }
}

function areEqual(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

/** Each item after its length, so that no two lists share a key, whatever is in the items. */
function keyOf(items: readonly string[]): string {
  let key = "";
  for (const item of items) key += `${item.length}:${item}`;
  return key;
}
