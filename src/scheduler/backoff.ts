/** How long a failed task waits. @module */
import { RETRY_AFTER_MAX_MS } from "../limits.ts";
import type { Random } from "../runtime/port.ts";
import type { BackoffInit } from "./types.ts";

/** Beyond this many doublings any `initialMs` has reached any `maxMs`. */
const DOUBLINGS_MAX = 40;
/** How much longer than asked a wait may be, at most. */
const ASKED_JITTER_RATIO = 0.1;

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
 * the far end asked for. What it asked for is lengthened by up to 10 %, so that those who were told the same do not come
 * back together, but not beyond a cap that it keeps itself: `maxMs`, or `RETRY_AFTER_MAX_MS`, which bounds what may be asked.
 *
 * @returns whole milliseconds; `null` when there is nothing to wait for, so that the task keeps its interval
 */
export function backoffWaitMs(
  backoff: BackoffInit | undefined,
  failure: Failure,
  random: Pick<Random, "unit">,
): number | null {
  const askedMs = askedWaitMs(failure.retryAfterMs, backoff?.maxMs, random);
  if (backoff === undefined) return askedMs === 0 ? null : askedMs;
  const doublings = Math.min(failure.consecutive - 1, DOUBLINGS_MAX);
  const boundMs = Math.min(backoff.maxMs, backoff.initialMs * 2 ** doublings);
  return Math.max(askedMs, Math.round(random.unit() * boundMs));
}

function askedWaitMs(
  retryAfterMs: number | undefined,
  maxMs: number | undefined,
  random: Pick<Random, "unit">,
): number {
  if (retryAfterMs === undefined || !(retryAfterMs > 0)) return 0;
  const askedMs = Math.ceil(Math.min(retryAfterMs, RETRY_AFTER_MAX_MS));
  const capMs = maxMs !== undefined && askedMs <= maxMs ? maxMs : RETRY_AFTER_MAX_MS;
  return Math.max(askedMs, Math.min(capMs, Math.round(askedMs * (1 + ASKED_JITTER_RATIO * random.unit()))));
}
