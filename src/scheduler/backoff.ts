/** How long a failed task waits. @module */
import { RETRY_AFTER_MAX_MS } from "../limits.ts";
import type { Random } from "../runtime/port.ts";
import type { BackoffInit } from "./types.ts";

/** Beyond this many doublings any `initialMs` has reached any `maxMs`. */
const DOUBLINGS_MAX = 40;

/** A failure as it bears on the wait. */
export interface Failure {
  /** Failures in a row, this one included: 1 or more. */
  readonly consecutive: number;
  /** The least wait that the far end asked for, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

/**
 * The wait before the next attempt: drawn between 0 and the smaller of `maxMs` and `initialMs` doubled for each failure
 * after the first (full jitter, so that many agents that failed together do not come back together), but no less than
 * the far end asked for. What it may ask is bounded by `RETRY_AFTER_MAX_MS`.
 *
 * @returns whole milliseconds; `null` when there is nothing to wait for, so that the task keeps its interval
 */
export function backoffWaitMs(
  backoff: BackoffInit | undefined,
  failure: Failure,
  random: Pick<Random, "unit">,
): number | null {
  const askedMs = leastWaitMs(failure.retryAfterMs);
  if (backoff === undefined) return askedMs === 0 ? null : askedMs;
  const doublings = Math.min(failure.consecutive - 1, DOUBLINGS_MAX);
  const boundMs = Math.min(backoff.maxMs, backoff.initialMs * 2 ** doublings);
  return Math.max(askedMs, Math.round(random.unit() * boundMs));
}

function leastWaitMs(retryAfterMs: number | undefined): number {
  if (retryAfterMs === undefined || !(retryAfterMs > 0)) return 0;
  return Math.ceil(Math.min(retryAfterMs, RETRY_AFTER_MAX_MS));
}
