/**
 * A set of 16-byte digests in flat memory: about 25 bytes each, nothing for the garbage collector to walk.
 *
 * Open addressing with linear probing in 256 shards chosen by the digest's first word. Each shard grows alone and by
 * half, so the longest pause is the moving of one 256th of the set. Words are signed, because engines compute with those
 * as integers, and with the upper half of unsigned ones as fractions.
 *
 * @module
 */

const SHARDS = 256;
const WORDS = 4;
const BYTES_PER_WORD = 4;
const FIRST_CAPACITY = 8;
const GROWTH = 1.5;
const LOAD_MAX = 0.8;
const WORD_RANGE = 2 ** 32;

export const DIGEST_BYTES = 16;

export class DigestSet {
  readonly #shards: (Int32Array | undefined)[] = Array.from({ length: SHARDS });
  readonly #counts = new Uint32Array(SHARDS);
  readonly #scratch = new Int32Array(WORDS);
  readonly #scratchBytes = new Uint8Array(this.#scratch.buffer);
  #size = 0;

  /** @param expected how many are about to be added: makes room at once */
  constructor(expected = 0) {
    const capacity = Math.ceil((expected / SHARDS) * (GROWTH / LOAD_MAX) * 0.75);
    if (capacity < FIRST_CAPACITY) return;
    for (let shard = 0; shard < SHARDS; shard++) this.#shards[shard] = new Int32Array(capacity * WORDS);
  }

  get size(): number {
    return this.#size;
  }

  /** Looks at the first 16 bytes of `digest`. */
  has(digest: Uint8Array): boolean {
    const words = this.#read(digest);
    const table = this.#shards[shardOf(words, 0)];
    return table !== undefined && find(table, words, 0) >= 0;
  }

  /** Adds the first 16 bytes of `digest`. @returns whether they are new */
  add(digest: Uint8Array): boolean {
    return this.#addWords(this.#read(digest), 0);
  }

  /** Adds digests that stand one after the other. @param digests a whole number of them, aligned to words */
  addAll(digests: Uint8Array<ArrayBuffer>): void {
    const words = new Int32Array(digests.buffer, digests.byteOffset, digests.length / BYTES_PER_WORD);
    for (let at = 0; at < words.length; at += WORDS) this.#addWords(words, at);
  }

  /** Through memory that is seen as bytes and as words: the order of bytes in a word need not be known. */
  #read(digest: Uint8Array): Int32Array {
    for (let index = 0; index < DIGEST_BYTES; index++) this.#scratchBytes[index] = digest[index] as number;
    return this.#scratch;
  }

  #addWords(words: Int32Array, from: number): boolean {
    const shard = shardOf(words, from);
    const count = this.#counts[shard] as number;
    let table = this.#shards[shard] ?? new Int32Array(FIRST_CAPACITY * WORDS);
    if (count + 1 > (table.length / WORDS) * LOAD_MAX) table = grown(table);
    this.#shards[shard] = table;
    const at = find(table, words, from);
    if (at >= 0) return false;
    put(table, ~at, words, from);
    this.#counts[shard] = count + 1;
    this.#size++;
    return true;
  }
}

function shardOf(words: Int32Array, from: number): number {
  return (words[from] as number) & (SHARDS - 1);
}

/** The last word of a digest. An all-zero digest would look like an empty place: its last word counts as 1. */
function lastWord(words: Int32Array, from: number): number {
  return (words[from + 3] as number) || 1;
}

/** Where the digest stands in the table, as an index of words; `~index` of the empty place for it when it does not. */
function find(table: Int32Array, words: Int32Array, from: number): number {
  const second = words[from + 1] as number;
  const last = lastWord(words, from);
  for (let at = placeOf(second, table.length);;) {
    const stored = table[at + 3];
    if (stored === 0) return ~at;
    if (
      stored === last && table[at + 1] === second && table[at] === words[from] && table[at + 2] === words[from + 2]
    ) return at;
    at += WORDS;
    if (at === table.length) at = 0;
  }
}

function placeOf(second: number, tableLength: number): number {
  return Math.floor(((second >>> 0) / WORD_RANGE) * (tableLength / WORDS)) * WORDS;
}

function put(table: Int32Array, at: number, words: Int32Array, from: number): void {
  table[at] = words[from] as number;
  table[at + 1] = words[from + 1] as number;
  table[at + 2] = words[from + 2] as number;
  table[at + 3] = lastWord(words, from);
}

function grown(table: Int32Array): Int32Array {
  const larger = new Int32Array(Math.ceil((table.length / WORDS) * GROWTH) * WORDS);
  for (let from = 0; from < table.length; from += WORDS) {
    if (table[from + 3] === 0) continue;
    let at = placeOf(table[from + 1] as number, larger.length);
    while (larger[at + 3] !== 0) {
      at += WORDS;
      if (at === larger.length) at = 0;
    }
    for (let index = 0; index < WORDS; index++) larger[at + index] = table[from + index] as number;
  }
  return larger;
}
