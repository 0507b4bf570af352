import { BarnacleError } from "../errors.ts";

const RETRY_AFTER_MS = 60_000;

/**
 * The refusal of what a hub has no room for.
 *
 * @param limit how much it takes, for people
 * @param setting what allows more, where anything does
 */
export function hubIsFull(action: string, limit: string, setting?: string): BarnacleError {
  return new BarnacleError({
    code: "RATE_LIMITED",
    action,
    value: "a full hub",
    wanted: `at most ${limit}`,
    hint: `${setting === undefined ? "" : `raise ${setting}, or `}lower hub.forgetAfterSeconds`,
    retryable: true,
    retryAfterMs: RETRY_AFTER_MS,
  });
}
