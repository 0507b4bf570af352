/**
 * When a relay is dialled again: exponential backoff with jitter that keeps a crowd as spread out as it is.
 *
 * The usual full jitter, a wait between nothing and the bound, lets those who failed early come again among those who have not tried yet.
 * Here the crowd of a lost relay is spread over ten seconds, and each later wait is the same for all but a part: a relay with a thousand
 * clients sees a hundred a second at most, whenever it comes back. Source: MoltComm v1, section 7.
 *
 * @module
 */
import type { Random } from "../../runtime/port.ts";
import {
  FIRST_RETRY_WAIT_MS,
  LOSS_SPREAD_MS,
  RETRIES_BEFORE_DOUBLING,
  RETRY_JITTER_RATIO,
  RETRY_WAIT_MAX_MS,
  RETRY_WAIT_MS,
} from "./bounds.ts";

/** Beyond it the longest wait is reached. */
const DOUBLINGS_MAX = 16;

/** The wait in milliseconds before a relay is dialled again that was lost after a life worth the name. */
export function waitAfterLossMs(random: Pick<Random, "unit">): number {
  return random.unit() * LOSS_SPREAD_MS;
}

/**
 * The wait in milliseconds after a failed attempt where a relay has not been reached so far: no crowd has lost it with us, and perhaps it
 * is starting as we are.
 *
 * @param failures in a row, 1 or more
 */
export function waitBeforeReachedMs(failures: number, random: Pick<Random, "unit">): number {
  const waitMs = Math.min(RETRY_WAIT_MAX_MS, FIRST_RETRY_WAIT_MS * 2 ** Math.min(DOUBLINGS_MAX, failures - 1));
  return waitMs * (1 + random.unit());
}

/** The wait in milliseconds after a failed attempt. @param failures in a row, 1 or more */
export function waitAfterFailureMs(failures: number, random: Pick<Random, "unit">): number {
  const doublings = Math.min(DOUBLINGS_MAX, Math.max(0, failures - RETRIES_BEFORE_DOUBLING));
  const waitMs = Math.min(RETRY_WAIT_MAX_MS, RETRY_WAIT_MS * 2 ** doublings);
  return waitMs * (1 + RETRY_JITTER_RATIO * random.unit());
}
