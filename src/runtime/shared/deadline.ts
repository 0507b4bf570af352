/** Waiting with an end: a time-out and a signal, for connecting. @module */
import { BarnacleError } from "../../errors.ts";
import { failure } from "./errno.ts";

/** What bounds an attempt. */
export interface Deadline {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** The error for an attempt that a signal ended; a reason that is an error of ours stands for itself. */
export function abortError(signal: AbortSignal, action: string): BarnacleError {
  const reason: unknown = signal.reason;
  return reason instanceof BarnacleError ? reason : failure("ABORTED", action, reason);
}

/**
 * Waits for `attempt` no longer than the deadline allows.
 *
 * @param start begins the attempt; its signal is aborted when the time is over
 * @param discard is given what the attempt brings after that
 * @throws `TIMED_OUT`, `ABORTED`, or what the attempt throws
 */
export async function withinDeadline<T>(
  action: string,
  deadline: Deadline,
  start: (signal: AbortSignal) => Promise<T>,
  discard: (late: T) => void,
): Promise<T> {
  const { timeoutMs, signal } = deadline;
  if (signal?.aborted === true) throw abortError(signal, action);
  const controller = new AbortController();
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(failure("TIMED_OUT", action, undefined, `no answer in ${timeoutMs} ms`)),
    timeoutMs,
  );
  const onAbort = () => signal !== undefined && reject(abortError(signal, action));
  signal?.addEventListener("abort", onAbort, { once: true });
  const attempt = start(controller.signal);
  try {
    return await Promise.race([attempt, over]);
  } catch (error) {
    controller.abort();
    attempt.then(discard, () => undefined);
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
