/** The rules of a task's numbers. @module */
import { BarnacleError } from "../errors.ts";
import type { TaskInit } from "./types.ts";

/** Up to half of the interval, two neighbouring due times keep their order. */
const JITTER_RATIO_MAX = 0.5;

/**
 * Checks what a task is made from.
 *
 * @throws `INTERNAL` when a number is out of its range: operators' values are checked where they come in, so this is
 * our mistake
 */
export function checkTaskInit(init: TaskInit): void {
  const { backoff, firstDelayMs = 0, intervalMs, jitterRatio = 0, name, timeoutMs, toleranceMs = 0 } = init;
  checkIntervalMs(name, intervalMs);
  require(name, "timeoutMs", timeoutMs, timeoutMs > 0, "more than 0");
  require(name, "firstDelayMs", firstDelayMs, firstDelayMs >= 0, "0 or more");
  checkToleranceMs(name, toleranceMs);
  require(
    name,
    "jitterRatio",
    jitterRatio,
    jitterRatio >= 0 && jitterRatio <= JITTER_RATIO_MAX,
    `0 to ${JITTER_RATIO_MAX}`,
  );
  if (backoff === undefined) return;
  require(name, "backoff.initialMs", backoff.initialMs, backoff.initialMs > 0, "more than 0");
  const maxMs = backoff.maxMs;
  require(name, "backoff.maxMs", maxMs, maxMs >= backoff.initialMs, `at least initialMs, ${backoff.initialMs}`);
}

/** @throws `INTERNAL` when the interval is less than a millisecond */
export function checkIntervalMs(taskName: string, intervalMs: number | null): void {
  if (intervalMs !== null) require(taskName, "intervalMs", intervalMs, intervalMs >= 1, "1 or more, or null");
}

/** @throws `INTERNAL` when the tolerance is less than nothing */
export function checkToleranceMs(taskName: string, toleranceMs: number): void {
  require(taskName, "toleranceMs", toleranceMs, toleranceMs >= 0, "0 or more");
}

/** @throws `INTERNAL` when a closing act has no time */
export function checkBoundMs(actName: string, timeoutMs: number): void {
  require(actName, "timeoutMs", timeoutMs, timeoutMs > 0, "more than 0");
}

function require(name: string, field: string, value: number, isInRange: boolean, range: string): void {
  if (isInRange && Number.isFinite(value)) return;
  const action = `Add "${name}" to the loop`;
  throw new BarnacleError({ code: "INTERNAL", action, value: `${field} ${value}`, wanted: `${field} ${range}` });
}
