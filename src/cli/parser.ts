/**
 * The command line by the parser, which knows all commands.
 *
 * @module
 */
import { run } from "@stricli/core";
import type { StricliProcess } from "@stricli/core";
import { buildApplication } from "./application.ts";
import { COMMANDS } from "./commands.ts";
import type { CliContext, Invocation } from "./context.ts";
import { EXIT, exitCodeFromParser } from "./exit-codes.ts";
import { failureStyle } from "./failure-style.ts";
import { formatFailure } from "./failure.ts";
import { wantsColour } from "./terminal.ts";

/** Colours that the parser's help uses; fewer and it uses none. */
const HELP_COLOUR_BITS = 4;

/**
 * Runs the command that the words name, to its end; what it throws is told.
 *
 * @param words the arguments, global flags moved behind the command
 * @returns the exit code; see `exit-codes.ts`
 */
export async function runByParser(context: CliContext, words: readonly string[]): Promise<number> {
  const process = parserProcess(context);
  const invocation: Invocation = { process, cli: context, words };
  const application = buildApplication({
    commands: COMMANDS,
    words,
    formatFailure: (thrown) => formatFailure(thrown, failureStyle(context, words)),
    onlyNamed: true,
  });
  await run(application, words[0] === "--version" ? ["version", ...words.slice(1)] : words, invocation);
  return exitCodeFromParser(Number(process.exitCode ?? EXIT.ok));
}

/**
 * The streams as the parser wants them. It colours standard output only: what goes to standard error is coloured when
 * it is made.
 */
function parserProcess(context: CliContext): StricliProcess {
  const { process } = context.runtime;
  const environment = process.environment();
  return {
    stdout: {
      write: (text) => process.standardOutput.write(text),
      getColorDepth: () => wantsColour(process.standardOutput, environment) ? HELP_COLOUR_BITS : 1,
    },
    stderr: { write: (text) => process.standardError.write(text) },
  };
}
