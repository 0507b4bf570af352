/**
 * Token buckets by key, bounded in number.
 *
 * @module
 */
import type { Clock } from "../runtime/port.ts";

/** How much is allowed. */
export interface TokenBucketsInit {
  /** What each key may take per second in the long run; more than 0. */
  readonly perSecond: number;
  /** What each key may take at once after a pause; at least 1. */
  readonly burst: number;
  /** Keys remembered at once; beyond it the one longest remembered is forgotten, and starts anew with a full bucket. */
  readonly keysMax: number;
}

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** See the module's description. What was taken can be given back, where it turned out to be owed by another. */
export class TokenBuckets {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #perMs: number;
  readonly #burst: number;
  readonly #keysMax: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(components: { readonly clock: Pick<Clock, "monotonicMs"> }, init: TokenBucketsInit) {
    this.#clock = components.clock;
    this.#perMs = init.perSecond / 1_000;
    this.#burst = Math.max(1, init.burst);
    this.#keysMax = init.keysMax;
  }

  /** Takes a token of the key's bucket. @returns whether there was one; a refusal takes nothing */
  take(key: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = { tokens: this.#burst, filledAtMs: nowMs };
      this.#add(key, bucket);
    } else {
      bucket.tokens = Math.min(this.#burst, bucket.tokens + (nowMs - bucket.filledAtMs) * this.#perMs);
      bucket.filledAtMs = nowMs;
    }
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** Undoes a `take`. */
  giveBack(key: string): void {
    const bucket = this.#buckets.get(key);
    if (bucket !== undefined) bucket.tokens = Math.min(this.#burst, bucket.tokens + 1);
  }

  #add(key: string, bucket: Bucket): void {
    if (this.#buckets.size >= this.#keysMax) {
      const oldest = this.#buckets.keys().next().value;
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    this.#buckets.set(key, bucket);
  }
}
