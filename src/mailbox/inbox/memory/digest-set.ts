/**
 * A set of 16-byte digests in flat memory: about 25 bytes each, nothing for the garbage collector to walk.
 *
 * Open addressing with linear probing in 256 shards chosen by the digest's first byte. Each shard grows alone and by
 * half, so the longest pause is the moving of one 256th of the set.
 *
 * @module
 */

const SHARDS = 256;
const WORDS = 4;
const FIRST_CAPACITY = 8;
const GROWTH = 1.5;
const LOAD_MAX = 0.8;
const WORD_RANGE = 2 ** 32;

export const DIGEST_BYTES = 16;

export class DigestSet {
  readonly #shards: (Uint32Array | undefined)[] = Array.from({ length: SHARDS });
  readonly #counts = new Uint32Array(SHARDS);
  #size = 0;

  /** @param expected how many are about to be added: makes room at once */
  constructor(expected = 0) {
    const capacity = Math.ceil((expected / SHARDS) * (GROWTH / LOAD_MAX) * 0.75);
    if (capacity < FIRST_CAPACITY) return;
    for (let shard = 0; shard < SHARDS; shard++) this.#shards[shard] = new Uint32Array(capacity * WORDS);
  }

  get size(): number {
    return this.#size;
  }

  /** Looks at the first 16 bytes from `offset`. */
  has(bytes: Uint8Array, offset = 0): boolean {
    const table = this.#shards[bytes[offset] as number];
    if (table === undefined) return false;
    const at = find(table, bytes, offset);
    return at >= 0;
  }

  /** Adds the 16 bytes from `offset`. @returns whether they are new */
  add(bytes: Uint8Array, offset = 0): boolean {
    const shard = bytes[offset] as number;
    const count = this.#counts[shard] as number;
    let table = this.#shards[shard] ?? new Uint32Array(FIRST_CAPACITY * WORDS);
    if (count + 1 > (table.length / WORDS) * LOAD_MAX) table = grown(table);
    this.#shards[shard] = table;
    const at = find(table, bytes, offset);
    if (at >= 0) return false;
    put(table, ~at, bytes, offset);
    this.#counts[shard] = count + 1;
    this.#size++;
    return true;
  }
}

/** A word of the digest. An all-zero digest would look like an empty place: its last word counts as 1. */
function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)) >>> 0;
}

function lastWord(bytes: Uint8Array, offset: number): number {
  return word(bytes, offset + 12) || 1;
}

/** Where the digest stands in the table, as an index of words; `~index` of the empty place for it when it does not. */
function find(table: Uint32Array, bytes: Uint8Array, offset: number): number {
  const second = word(bytes, offset + 4);
  const last = lastWord(bytes, offset);
  for (let at = placeOf(second, table.length);;) {
    const stored = table[at + 3];
    if (stored === 0) return ~at;
    if (
      stored === last && table[at + 1] === second && table[at] === word(bytes, offset) &&
      table[at + 2] === word(bytes, offset + 8)
    ) return at;
    at += WORDS;
    if (at === table.length) at = 0;
  }
}

function placeOf(second: number, tableLength: number): number {
  return Math.floor((second / WORD_RANGE) * (tableLength / WORDS)) * WORDS;
}

function put(table: Uint32Array, at: number, bytes: Uint8Array, offset: number): void {
  table[at] = word(bytes, offset);
  table[at + 1] = word(bytes, offset + 4);
  table[at + 2] = word(bytes, offset + 8);
  table[at + 3] = lastWord(bytes, offset);
}

function grown(table: Uint32Array): Uint32Array {
  const larger = new Uint32Array(Math.ceil((table.length / WORDS) * GROWTH) * WORDS);
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
