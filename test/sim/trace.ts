/**
 * The trace of a world: a running hash of everything that happened, and the last events in words.
 *
 * Two runs of one seed under one runtime must give one hash; where they differ, the first differing event names what is
 * not deterministic. Node and Bun give different ones: their promises and standard headers differ.
 *
 * @module
 */

/** FNV-1a's prime; two lanes with different starts make 64 bits. */
const PRIME = 0x01000193;
const FIRST_LANE = 0x811c9dc5;
const SECOND_LANE = 0x5bd1e995;

export class Trace {
  #first = FIRST_LANE;
  #second = SECOND_LANE;
  #count = 0;
  #kept: string[] = [];
  readonly #keptMax: number;

  /** @param keptMax how many of the last events are kept in words */
  constructor(keptMax: number) {
    this.#keptMax = keptMax;
  }

  /** Events so far. */
  get count(): number {
    return this.#count;
  }

  /** 16 hexadecimal digits over all events so far. */
  get hash(): string {
    return toHex(this.#first) + toHex(this.#second);
  }

  /** The last events, oldest first, as `TIME EVENT` lines. */
  get lines(): readonly string[] {
    return this.#kept.slice(-this.#keptMax);
  }

  add(atMs: number, event: string): void {
    this.#count++;
    const line = `${atMs.toFixed(3)} ${event}`;
    this.#fold(line);
    if (this.#keptMax === 0) return;
    this.#kept.push(line);
    if (this.#kept.length >= 2 * this.#keptMax) this.#kept = this.#kept.slice(-this.#keptMax);
  }

  #fold(text: string): void {
    let first = this.#first;
    let second = this.#second;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      first = Math.imul(first ^ unit, PRIME);
      second = Math.imul(second ^ unit, PRIME) + index;
    }
    this.#first = first | 0;
    this.#second = second ^ (second >>> 15);
  }
}

function toHex(lane: number): string {
  return (lane >>> 0).toString(16).padStart(8, "0");
}
