/**
 * Which time an answer covers, and in which steps.
 *
 * @module
 */
import * as z from "zod/mini";
import { BarnacleError } from "../../errors.ts";
import { PART_MS, SLOT_MS } from "./span.ts";

const DAY_MS = 86_400_000;
/** Parts are kept so long: a month, and the day it begins in. */
export const PARTS_KEPT_MS = 31 * DAY_MS;
/** Slots are kept so long. */
export const SLOTS_KEPT_MS = DAY_MS;

const POINTS_MAX = 10_000;
/** Where no step is asked for, it is made as short as gives so many. */
const POINTS_DEFAULT = 1_500;
const STEP_SECONDS_MAX = 31 * 86_400;

const DIGITS_REGEXP = /^\d{1,11}$/;
/** `Date.parse` alone takes nearly anything for a time. */
const RFC_3339_REGEXP = /^\d{4}-\d\d-\d\dT\d\d:\d\d/i;

const time = z.pipe(
  z.string().check(z.maxLength(40)),
  z.transform((text, context) => {
    if (DIGITS_REGEXP.test(text)) return Number(text) * 1_000;
    const timeMs = RFC_3339_REGEXP.test(text) ? Date.parse(text) : NaN;
    if (timeMs >= 0) return timeMs;
    context.issues.push({ code: "custom", input: text, message: "a time as RFC 3339 has it, or Unix seconds" });
    return z.NEVER;
  }),
);
const STEP_ERROR = `whole seconds, at least 1 and at most ${STEP_SECONDS_MAX}`;
const step = z.pipe(
  z.pipe(z.string(), z.transform((text) => DIGITS_REGEXP.test(text) ? Number(text) : text)),
  z.int({ error: STEP_ERROR }).check(
    z.minimum(1, { error: STEP_ERROR }),
    z.maximum(STEP_SECONDS_MAX, { error: STEP_ERROR }),
  ),
);

/** The parameters of `GET /v1/instances/{id}/history`. */
export const historyQuery = z.strictObject({
  from: z.optional(time),
  to: z.optional(time),
  step: z.optional(step),
});
export type HistoryQuery = z.infer<typeof historyQuery>;

/** A range in Unix milliseconds: from the beginning of its first step into its last. */
export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  /** Whether the steps are finer than what is kept for long. */
  readonly isFine: boolean;
}

/**
 * The range that a query means: by default the day until now, in steps as short as is kept. A step finer than what is still kept of so
 * long ago becomes that, and every step a whole number of what is kept.
 *
 * @throws `QUERY_INVALID` for a range that ends before it begins, or has more than 10,000 steps
 */
export function rangeOf(query: HistoryQuery, nowMs: number): Range {
  const toMs = Math.min(query.to ?? nowMs, nowMs);
  const askedFromMs = query.from ?? toMs - DAY_MS;
  if (askedFromMs >= toMs) throw refused("a range without time in it", "from before to, and before now");
  const fromMs = Math.max(askedFromMs, nowMs - PARTS_KEPT_MS);
  const stepMs = query.step === undefined ? (toMs - fromMs) / POINTS_DEFAULT : query.step * 1_000;
  const isFine = stepMs < PART_MS && fromMs >= nowMs - SLOTS_KEPT_MS - SLOT_MS;
  const unitMs = isFine ? SLOT_MS : PART_MS;
  const wholeStepMs = Math.max(1, Math.ceil(stepMs / unitMs)) * unitMs;
  const range = { fromMs: Math.floor(fromMs / wholeStepMs) * wholeStepMs, toMs, stepMs: wholeStepMs, isFine };
  const points = Math.floor((range.toMs - range.fromMs) / wholeStepMs) + 1;
  if (points > POINTS_MAX) throw refused(`${points} steps`, `at most ${POINTS_MAX}: a longer step, or less time`);
  return range;
}

function refused(value: string, wanted: string): BarnacleError {
  return new BarnacleError({ code: "QUERY_INVALID", action: "Choose the range of the history", value, wanted });
}
