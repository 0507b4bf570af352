/**
 * What a check of the doctor is given and what it finds.
 *
 * @module
 */
import type { LoadedConfig } from "../../config/mod.ts";
import { isBarnacleError } from "../../errors.ts";
import type { Runtime } from "../../runtime/port.ts";

/** `warning`: it works, or it will not matter to everybody. `failure`: something that is wanted will not work. */
export type Outcome = "ok" | "warning" | "failure";

/** One finding. */
export interface Finding {
  /** What was checked, in a word or two. */
  readonly subject: string;
  readonly outcome: Outcome;
  readonly message: string;
  /** What to do; always there unless all is well. */
  readonly advice?: string;
}

/** What the checks work on. */
export interface Patient {
  readonly runtime: Runtime;
  readonly loaded: LoadedConfig;
  /** The hub to check; `undefined` when none was named or configured. */
  readonly hubUrl: string | undefined;
}

/** One check. It reports what it finds and throws only on a fault of its own. */
export type Check = (patient: Patient) => Promise<readonly Finding[]>;

/** A finding that all is well. */
export function ok(subject: string, message: string): Finding {
  return { subject, outcome: "ok", message };
}

export function warning(subject: string, message: string, advice: string): Finding {
  return { subject, outcome: "warning", message, advice };
}

export function failure(subject: string, message: string, advice: string): Finding {
  return { subject, outcome: "failure", message, advice };
}

/** The finding for something thrown: its own words, its own hint where it has one. */
export function failureFrom(subject: string, thrown: unknown, advice: string): Finding {
  if (!isBarnacleError(thrown)) return failure(subject, String(thrown), advice);
  return failure(subject, thrown.message, thrown.hint ?? advice);
}
