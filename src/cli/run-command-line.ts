import { run } from "@stricli/core";
import type { StricliProcess } from "@stricli/core";
import { buildApplication, type Commands } from "./application.ts";
import { moveGlobalFlags, peekFlag } from "./arguments.ts";
import { runCommand } from "./commands/run.ts";
import { upCommand } from "./commands/up.ts";
import type { CliContext, Invocation } from "./context.ts";
import { EXIT, exitCodeFromParser, exitCodeOf } from "./exit-codes.ts";
import { formatFailure } from "./failure.ts";
import type { FailureStyle } from "./failure.ts";
import { wantsColour } from "./terminal.ts";

/** Colours that the parser's help uses; fewer and it uses none. */
const HELP_COLOUR_BITS = 4;

/** The commands whose start is measured; all others are loaded when one of them is named. */
const START_COMMANDS: Commands = { run: runCommand, up: upCommand };

/**
 * Runs the command that the process's arguments name, to its end.
 *
 * @returns the exit code; see `exit-codes.ts`
 */
export async function runCommandLine(context: CliContext): Promise<number> {
  const { runtime } = context;
  const given = runtime.process.arguments;
  let words: readonly string[];
  try {
    words = moveGlobalFlags(given);
  } catch (thrown) {
    runtime.process.standardError.write(formatFailure(thrown, failureStyle(context, given)));
    return exitCodeOf(thrown);
  }
  const process = parserProcess(context);
  const invocation: Invocation = { process, cli: context, words };
  const isStart = Object.hasOwn(START_COMMANDS, words[0] ?? "");
  const application = buildApplication({
    commands: isStart ? START_COMMANDS : (await import("./commands.ts")).COMMANDS,
    words,
    formatFailure: (thrown) => formatFailure(thrown, failureStyle(context, words)),
    onlyNamed: true,
  });
  await run(application, words[0] === "--version" ? ["version", ...words.slice(1)] : words, invocation);
  return exitCodeFromParser(Number(process.exitCode ?? EXIT.ok));
}

/** How failures are told under these arguments. */
export function failureStyle(context: CliContext, words: readonly string[]): FailureStyle {
  const { process, clock } = context.runtime;
  return {
    json: peekFlag(words, "--log") === "json",
    colour: wantsColour(process.standardError, process.environment()),
    wallMs: clock.wallMs(),
  };
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
