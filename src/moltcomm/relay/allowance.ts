/**
 * How much may pass in a second. What has been read is charged, also beyond what is left: then nothing is read until the debt is paid.
 *
 * @module
 */
import { REST_MIN_MS } from "./bounds.ts";

const MS_PER_SECOND = 1_000;

/** So many a second in the long run, and a second's worth at once after a pause. */
export interface Rate {
  readonly perSecond: number;
  /** Default: a second's worth. */
  readonly burst?: number;
}

/** See the module's description. Made full. */
export class Allowance {
  readonly #perMs: number;
  readonly #burst: number;
  #left: number;
  #filledAtMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#perMs = rate.perSecond / MS_PER_SECOND;
    this.#burst = rate.burst ?? rate.perSecond;
    this.#left = this.#burst;
    this.#filledAtMs = nowMs;
  }

  /** Charges an amount. @returns how long nothing more may be read, in milliseconds; 0 while there is something left */
  spend(nowMs: number, amount: number): number {
    this.#fill(nowMs);
    this.#left -= amount;
    return this.#left >= 0 ? 0 : Math.max(REST_MIN_MS, -this.#left / this.#perMs);
  }

  /** Whether so much is left. */
  has(nowMs: number, amount: number): boolean {
    this.#fill(nowMs);
    return this.#left >= amount;
  }

  /** Whether it is as full as it can be: then it need not be remembered. */
  isFull(nowMs: number): boolean {
    this.#fill(nowMs);
    return this.#left >= this.#burst;
  }

  #fill(nowMs: number): void {
    this.#left = Math.min(this.#burst, this.#left + (nowMs - this.#filledAtMs) * this.#perMs);
    this.#filledAtMs = nowMs;
  }
}

/** The three allowances that every level has: a connection, an address, the relay. */
export class Budget {
  /** Signatures made and checked for it; see `bounds.ts`. */
  readonly units: Allowance;
  readonly #frames: Allowance;
  readonly #bytes: Allowance;

  constructor(init: { readonly frames: Rate; readonly bytes: Rate; readonly units: Rate }, nowMs: number) {
    this.#frames = new Allowance(init.frames, nowMs);
    this.#bytes = new Allowance(init.bytes, nowMs);
    this.units = new Allowance(init.units, nowMs);
  }

  /** Charges what was read. @returns how long nothing more may be read, in milliseconds */
  spend(nowMs: number, frames: number, bytes: number): number {
    return Math.max(this.#frames.spend(nowMs, frames), this.#bytes.spend(nowMs, bytes));
  }

  isFull(nowMs: number): boolean {
    return this.#frames.isFull(nowMs) && this.#bytes.isFull(nowMs) && this.units.isFull(nowMs);
  }
}
