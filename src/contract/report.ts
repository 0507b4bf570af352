/**
 * What the work on this host tells the agent. Source: the status contract, "Local health, and where it comes from".
 *
 * @module
 */
import * as z from "zod/mini";
import { count, name } from "./primitives.ts";

/** How long absolute numbers count when a report does not say. Three of a worker's usual 30 s rounds. */
export const REPORT_HOLDS_FOR_SECONDS_DEFAULT = 90;

/**
 * One report: absolute numbers, finished work, or both.
 *
 * Absolute numbers hold until the same reporter's next report, at most `holds_for_seconds`, and then count no more. A reporter that
 * names `holds_for_seconds`, or has reported numbers more than once, is expected to report again or to say `leaving`: when its numbers
 * run out it is silent, which degrades the host's health for a while. Finished work is added to the window of the error rate.
 */
export const workReport = z.lazy(() =>
  z.strictObject({
    reporter: name,
    active_tasks: z.optional(count),
    queue_length: z.optional(count),
    succeeded: z.optional(count),
    failed: z.optional(count),
    holds_for_seconds: z.optional(z.int().check(z.minimum(1), z.maximum(86_400))),
    leaving: z.optional(z.boolean()),
  })
);
export type WorkReport = z.infer<typeof workReport>;

/** The answer to `POST /report`. */
export const reportAnswer = z.lazy(() =>
  z.strictObject({
    accepted: z.boolean(),
    reporter: name,
    holds_for_seconds: z.nullable(count),
  })
);
export type ReportAnswer = z.infer<typeof reportAnswer>;
