/** What the outcome of a failed attempt means for the message. @module */
import type { AttemptOutcome } from "../types.ts";
import { REASON_CHARACTERS_MAX } from "./limits.ts";

export type FailedAttempt = AttemptOutcome & { readonly outcome: "failed" };

const REASON_REGEXP = /^[A-Z][A-Z_]{0,31}$/;

/** The message exceeds what a frame may hold: no later attempt can change that. */
export function isTooLarge(outcome: FailedAttempt): boolean {
  return outcome.reason === "TOO_LARGE";
}

/** The recipient itself says that it cannot take this message. */
export function isForGood(outcome: FailedAttempt): boolean {
  return outcome.byRecipient && (outcome.reason === "BAD_FRAME" || outcome.reason === "UNSUPPORTED");
}

/** For the journal and for people; what the far end said of it is cut. */
export function describeFailure({ byRecipient, detail, reason }: FailedAttempt): string {
  const who = byRecipient ? " (said by the recipient)" : "";
  return `${reason}${who}${detail === "" ? "" : `: ${detail}`}`.slice(0, REASON_CHARACTERS_MAX);
}

/** For metrics: what is no code of the protocol or the node is one series. */
export function reasonLabel(reason: string): string {
  return REASON_REGEXP.test(reason) ? reason : "UNKNOWN_CODE";
}

/** What it comes to when a carrier breaks its promise never to reject. */
export function brokenCarrier(thrown: unknown): FailedAttempt {
  return { outcome: "failed", reason: "INTERNAL", byRecipient: false, detail: String(thrown) };
}
