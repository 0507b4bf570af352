import { peekFlag } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import type { FailureStyle } from "./failure.ts";
import { wantsColour } from "./terminal.ts";

/** How failures are told under these arguments. */
export function failureStyle(context: CliContext, words: readonly string[]): FailureStyle {
  const { process, clock } = context.runtime;
  return {
    json: peekFlag(words, "--log") === "json",
    colour: wantsColour(process.standardError, process.environment()),
    wallMs: clock.wallMs(),
  };
}
