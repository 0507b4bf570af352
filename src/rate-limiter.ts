/**
 * Token buckets by key, bounded in number.
 *
 * @module
 */
import type { Clock } from "./runtime/port.ts";

/** How much is allowed. */
export interface RateLimiterInit {
  /** What each key may take per second in the long run; more than 0. */
  readonly perSecond: number;
  /** What each key may take at once after a pause; at least 1. */
  readonly burst: number;
  /**
   * Keys remembered at once. Beyond it the oldest are forgotten: of a few of them those that are full, which changes
   * nothing for them.
   */
  readonly keysMax: number;
}

/** How many of the oldest are looked at to make room: a flood of new keys must not cost a walk over all. */
const LOOKED_AT_MAX = 16;

/** What binary fractions add to a wait that is a whole number of milliseconds. */
const ROUNDING_MS = 1e-6;

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

export class RateLimiter {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #perMs: number;
  readonly #burst: number;
  readonly #keysMax: number;
  readonly #buckets = new Map<string, Bucket>();

  /** @throws `RangeError` for a rate, burst or bound out of range */
  constructor(components: { readonly clock: Pick<Clock, "monotonicMs"> }, init: RateLimiterInit) {
    if (!(init.perSecond > 0)) throw new RangeError(`Rate must be more than 0, got ${init.perSecond}`);
    if (!(init.burst >= 1)) throw new RangeError(`Burst must be at least 1, got ${init.burst}`);
    if (!(init.keysMax >= 1)) throw new RangeError(`Number of keys must be at least 1, got ${init.keysMax}`);
    this.#clock = components.clock;
    this.#perMs = init.perSecond / 1000;
    this.#burst = init.burst;
    this.#keysMax = init.keysMax;
  }

  /** Keys remembered now. */
  get size(): number {
    return this.#buckets.size;
  }

  /**
   * Takes one token of the key's bucket.
   *
   * @returns `retryAfterMs`: 0 when it was granted, else how long to wait until one is there; a refusal takes nothing
   */
  take(key: string): number {
    const nowMs = this.#clock.monotonicMs();
    const bucket = this.#buckets.get(key) ?? this.#addBucket(key, nowMs);
    const tokens = this.#tokensAt(bucket, nowMs);
    if (tokens < 1) return Math.max(1, Math.ceil((1 - tokens) / this.#perMs - ROUNDING_MS));
    bucket.tokens = tokens - 1;
    bucket.filledAtMs = nowMs;
    return 0;
  }

  /** Undoes a `take` that was granted, where it turned out to be owed by another. */
  giveBack(key: string): void {
    const bucket = this.#buckets.get(key);
    if (bucket !== undefined) bucket.tokens += 1;
  }

  #tokensAt(bucket: Bucket, nowMs: number): number {
    return Math.min(this.#burst, bucket.tokens + (nowMs - bucket.filledAtMs) * this.#perMs);
  }

  #addBucket(key: string, nowMs: number): Bucket {
    if (this.#buckets.size >= this.#keysMax) this.#makeRoom(nowMs);
    const bucket = { tokens: this.#burst, filledAtMs: nowMs };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #makeRoom(nowMs: number): void {
    let lookedAt = 0;
    let oldest: string | undefined;
    for (const [key, bucket] of this.#buckets) {
      if (this.#tokensAt(bucket, nowMs) >= this.#burst) this.#buckets.delete(key);
      else oldest ??= key;
      if (++lookedAt >= LOOKED_AT_MAX) break;
    }
    if (this.#buckets.size >= this.#keysMax && oldest !== undefined) this.#buckets.delete(oldest);
  }
}
