/**
 * How often one key may ask.
 *
 * @module
 */
import { BarnacleError } from "../errors.ts";
import { RateLimiter } from "../rate-limiter.ts";
import type { Clock } from "../runtime/port.ts";

/** Publishers whose rates are remembered at once. */
const PRINCIPALS_MAX = 100_000;

export interface KeyRatesInit {
  /** In the long run. */
  readonly requestsPerSecondPerKey: number;
  /** At once, after a pause. */
  readonly burstPerKey: number;
}

/** A rate for each key, by the name of who has it. */
export class KeyRates {
  readonly #limiter: RateLimiter;
  readonly #init: KeyRatesInit;

  constructor(components: { readonly clock: Pick<Clock, "monotonicMs"> }, init: KeyRatesInit) {
    this.#init = init;
    const { requestsPerSecondPerKey: perSecond, burstPerKey: burst } = init;
    this.#limiter = new RateLimiter(components, { perSecond, burst, keysMax: PRINCIPALS_MAX });
  }

  /** Counts a request. @throws `RATE_LIMITED` when it is one too many */
  check(principal: string): void {
    const retryAfterMs = this.#limiter.take(principal);
    if (retryAfterMs === 0) return;
    const { requestsPerSecondPerKey, burstPerKey } = this.#init;
    throw new BarnacleError({
      code: "RATE_LIMITED",
      action: "Admit the request",
      value: "too many requests with one key",
      wanted: `at most ${requestsPerSecondPerKey} a second, ${burstPerKey} at once`,
      retryable: true,
      retryAfterMs,
    });
  }
}
