/**
 * The distinct lists of words among the instances, each with a number, and which of them contain a word.
 *
 * A fleet has few distinct lists of capabilities and of tags, and where each instance has its own, each word leads
 * straight to its lists. So an instance keeps a number, and a search compares numbers.
 *
 * @module
 */

interface WordList {
  readonly key: string;
  readonly words: readonly string[];
  users: number;
}

export class WordLists {
  readonly #idByKey = new Map<string, number>();
  readonly #lists: (WordList | undefined)[] = [];
  readonly #freeIds: number[] = [];
  readonly #idsByWord = new Map<string, Set<number>>();

  /** One more than the highest number in use. */
  get idEnd(): number {
    return this.#lists.length;
  }

  /**
   * Takes a list into use.
   *
   * @returns its number, to be given back by {@link release}
   */
  acquire(words: readonly string[]): number {
    const key = keyOf(words);
    const known = this.#idByKey.get(key);
    const list = known === undefined ? undefined : this.#lists[known];
    if (known === undefined || list === undefined) return this.#add({ key, words: [...new Set(words)], users: 1 });
    list.users++;
    return known;
  }

  /** Gives a number back; the list is forgotten with its last user. */
  release(id: number): void {
    const list = this.#lists[id];
    if (list === undefined || --list.users > 0) return;
    this.#lists[id] = undefined;
    this.#freeIds.push(id);
    this.#idByKey.delete(list.key);
    for (const word of list.words) {
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
    for (const word of list.words) {
      const ids = this.#idsByWord.get(word);
      if (ids === undefined) this.#idsByWord.set(word, new Set([id]));
      else ids.add(id);
    }
    return id;
  }
}

/** Each word after its length, so that no two lists share a key, whatever is in the words. */
function keyOf(words: readonly string[]): string {
  let key = "";
  for (const word of words) key += `${word.length}:${word}`;
  return key;
}
