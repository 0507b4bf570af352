import { moveGlobalFlags } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { failureStyle } from "./failure-style.ts";
import { formatFailure } from "./failure.ts";
import { readPlainStart, runPlainStart } from "./plain-start.ts";

/**
 * Runs the command that the process's arguments name, to its end.
 *
 * @returns the exit code; see `exit-codes.ts`
 */
export async function runCommandLine(context: CliContext): Promise<number> {
  const { runtime } = context;
  let words = runtime.process.arguments;
  try {
    words = moveGlobalFlags(words);
    const start = readPlainStart(words);
    if (start === undefined) return await (await import("./parser.ts")).runByParser(context, words);
    await runPlainStart(context, start);
    return EXIT.ok;
  } catch (thrown) {
    runtime.process.standardError.write(formatFailure(thrown, failureStyle(context, words)));
    return exitCodeOf(thrown);
  }
}
