/** What a preparation did, thing by thing. @module */
import { type BarnacleError, isBarnacleError } from "../../errors.ts";

/** `there`: nothing had to be done. `left`: it is not ours to change or to remove. `failed`: the reason is in `error`. */
export type StepOutcome = "made" | "changed" | "there" | "removed" | "left" | "failed";

/** One thing that was looked at. */
export interface Step {
  /** From the work directory; a directory ends in `/`. */
  readonly path: string;
  readonly outcome: StepOutcome;
  /** In a few words what it is for, what was done, or why nothing was. */
  readonly note: string;
  /** What to do about it, where there is something to do. */
  readonly hint?: string;
  readonly error?: BarnacleError;
}

/** The step, or the failure that came in its place; what nobody expected is thrown on. */
export async function attemptStep(path: string, act: () => Promise<Step>): Promise<Step> {
  try {
    return await act();
  } catch (thrown) {
    if (!isBarnacleError(thrown) || thrown.code === "INTERNAL") throw thrown;
    return { path, outcome: "failed", note: thrown.message, error: thrown };
  }
}
