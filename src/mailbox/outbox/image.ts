/**
 * Which contents stand in the file and were taken, and how often each: a table of 36 bytes a content, because there may be millions.
 *
 * Counted of each content: how often it **stands** taken in the file; how often it was **seen** in what has been read of the file as
 * it is now; how often it was **taken** in this epoch, which numbers the takings. What was seen more often than it stands is new.
 *
 * @module
 */

/** Bytes of a content's digest that are kept: enough that nobody finds two contents with one. */
export const DIGEST_BYTES = 16;

const SLOTS_MIN = 64;
const WORDS = DIGEST_BYTES / 4;

/** See the module's description. Contents are known by their slot. */
export class Image {
  /** Contents in the table. */
  size = 0;
  /** Taken lines that stand in the file. */
  standingTotal = 0;
  /** Lines read of the file as it is now. */
  seenTotal = 0;
  #digests = new Uint32Array(SLOTS_MIN * WORDS);
  #standing = new Uint32Array(SLOTS_MIN);
  #seen = new Uint32Array(SLOTS_MIN);
  #taken = new Uint32Array(SLOTS_MIN);
  /** Open addressing; 0 is free, else the slot plus 1. */
  #index = new Uint32Array(SLOTS_MIN * 2);

  /** The slot of a content, made if need be. */
  slotOf(digest: Uint8Array, offset = 0): number {
    const first = word(digest, offset);
    const mask = this.#index.length - 1;
    for (let at = first & mask;; at = (at + 1) & mask) {
      const slot = (this.#index[at] ?? 0) - 1;
      if (slot === -1) return this.#add(digest, offset, at);
      if (this.#digests[slot * WORDS] === first && this.#holds(slot, digest, offset)) return slot;
    }
  }

  /** Counts a line as read. @returns whether it is new */
  see(slot: number): boolean {
    const seen = (this.#seen[slot] ?? 0) + 1;
    this.#seen[slot] = seen;
    this.seenTotal++;
    return seen > (this.#standing[slot] ?? 0);
  }

  /** Takes a `see` back. */
  unsee(slot: number): void {
    this.#seen[slot] = (this.#seen[slot] ?? 0) - 1;
    this.seenTotal--;
  }

  /** The number, in this epoch, of the taking that was just seen to be due; counted from 1. */
  takingNumber(slot: number): number {
    return (this.#taken[slot] ?? 0) + (this.#seen[slot] ?? 0) - (this.#standing[slot] ?? 0);
  }

  /** Counts a line as taken. */
  take(slot: number): void {
    this.#standing[slot] = (this.#standing[slot] ?? 0) + 1;
    this.#taken[slot] = (this.#taken[slot] ?? 0) + 1;
    this.standingTotal++;
  }

  /** The file is to be read from its beginning. */
  unseeAll(): void {
    this.#seen.fill(0);
    this.seenTotal = 0;
  }

  /** All that stands counts as read. */
  seeAll(): void {
    this.#seen.set(this.#standing);
    this.seenTotal = this.standingTotal;
  }

  /** The image of a new epoch: what was read stands, what vanished is forgotten. */
  settled(): Image {
    const image = new Image();
    const digest = new Uint8Array(DIGEST_BYTES);
    for (let slot = 0; slot < this.size; slot++) {
      const seen = this.#seen[slot] ?? 0;
      if (seen === 0) continue;
      this.copyDigest(slot, digest, 0);
      image.put(digest, 0, { standing: seen, taken: 0 });
    }
    image.seeAll();
    return image;
  }

  /** Adds a content that is not in the table. */
  put(digest: Uint8Array, offset: number, counts: { readonly standing: number; readonly taken: number }): void {
    const slot = this.slotOf(digest, offset);
    this.#standing[slot] = counts.standing;
    this.#taken[slot] = counts.taken;
    this.standingTotal += counts.standing;
  }

  standing(slot: number): number {
    return this.#standing[slot] ?? 0;
  }

  taken(slot: number): number {
    return this.#taken[slot] ?? 0;
  }

  copyDigest(slot: number, target: Uint8Array, offset: number): void {
    for (let index = 0; index < DIGEST_BYTES; index++) {
      const word = this.#digests[slot * WORDS + (index >> 2)] ?? 0;
      target[offset + index] = word >>> (8 * (index & 3));
    }
  }

  /** The content as text, for keys. */
  digestText(slot: number): string {
    let text = "";
    for (let index = 0; index < WORDS; index++) {
      text += (this.#digests[slot * WORDS + index] ?? 0).toString(36).padStart(7, "0");
    }
    return text;
  }

  #holds(slot: number, digest: Uint8Array, offset: number): boolean {
    const base = slot * WORDS;
    return this.#digests[base + 1] === word(digest, offset + 4) &&
      this.#digests[base + 2] === word(digest, offset + 8) &&
      this.#digests[base + 3] === word(digest, offset + 12);
  }

  #add(digest: Uint8Array, offset: number, at: number): number {
    const slot = this.size++;
    if (slot === this.#standing.length) this.#growColumns();
    for (let index = 0; index < WORDS; index++) this.#digests[slot * WORDS + index] = word(digest, offset + 4 * index);
    this.#index[at] = slot + 1;
    if (this.size * 2 > this.#index.length) this.#growIndex();
    return slot;
  }

  #growColumns(): void {
    this.#digests = grown(this.#digests);
    this.#standing = grown(this.#standing);
    this.#seen = grown(this.#seen);
    this.#taken = grown(this.#taken);
  }

  #growIndex(): void {
    const index = new Uint32Array(this.#index.length * 2);
    const mask = index.length - 1;
    for (let slot = 0; slot < this.size; slot++) {
      let at = (this.#digests[slot * WORDS] ?? 0) & mask;
      while (index[at] !== 0) at = (at + 1) & mask;
      index[at] = slot + 1;
    }
    this.#index = index;
  }
}

function word(bytes: Uint8Array, offset: number): number {
  const low = (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8);
  const high = (bytes[offset + 2] ?? 0) | ((bytes[offset + 3] ?? 0) << 8);
  return (low | (high << 16)) >>> 0;
}

function grown(column: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(column.length * 2);
  larger.set(column);
  return larger;
}
