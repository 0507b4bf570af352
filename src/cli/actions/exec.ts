import { isBarnacleError } from "../../errors.ts";
import type { ChildProcess, Process, Signal } from "../../runtime/port.ts";
import type { ExecFlags } from "../commands/exec.ts";
import type { Invocation } from "../context.ts";
import { EXIT, exitCodeOfSignal } from "../exit-codes.ts";
import { failureStyle } from "../failure-style.ts";
import { formatFailure, formatWarning, usageError } from "../failure.ts";
import { JobReporter, jobReporterName } from "../job-reporter.ts";

export default async function exec(this: Invocation, flags: ExecFlags, ...job: string[]): Promise<void> {
  const [command, ...commandArguments] = checkedJob(this.words, job);
  const { process } = this.cli.runtime;
  const relay = relaySignals(process);
  try {
    const child = await process.spawn(command, commandArguments);
    relay.attach(child);
    this.process.exitCode = await watchJob(this, flags, child, command);
  } catch (thrown) {
    const code = spawnExitCode(thrown);
    if (code === undefined) throw thrown;
    process.standardError.write(formatFailure(thrown, failureStyle(this.cli, this.words)));
    this.process.exitCode = code;
  } finally {
    relay.close();
  }
}

/** Reports the job until it ends. @returns the exit code to pass on */
async function watchJob(
  invocation: Invocation,
  flags: ExecFlags,
  child: ChildProcess,
  command: string,
): Promise<number> {
  const { cli, words } = invocation;
  const { process } = cli.runtime;
  const reporter = new JobReporter({ cli }, {
    flags,
    name: flags.reporter ?? jobReporterName(command, process.id),
    onFirstFailure: (thrown) =>
      process.standardError.write(formatWarning(thrown, "The job runs unreported", failureStyle(cli, words))),
  });
  reporter.start();
  const end = await child.ended;
  const code = "code" in end ? end.code : exitCodeOfSignal(end.signal);
  await reporter.finish(code === 0);
  return code;
}

/** Without `--` a flag of the job would be taken for one of ours: its place is not left to chance. */
function checkedJob(words: readonly string[], job: readonly string[]): readonly [string, ...string[]] {
  const escape = words.indexOf("--");
  const [command, ...rest] = job;
  const hint = "barnacle exec -- make all";
  if (escape === -1 || words.length - escape - 1 !== job.length) {
    throw usageError("Run a job", "a command without -- before it", "-- and then the command", hint);
  }
  if (command === undefined || command === "") throw usageError("Run a job", "no command", "one behind --", hint);
  return [command, ...rest];
}

function spawnExitCode(thrown: unknown): number | undefined {
  if (isBarnacleError(thrown, "COMMAND_NOT_FOUND")) return EXIT.commandNotFound;
  return isBarnacleError(thrown, "PERMISSION_DENIED", "IS_A_DIRECTORY") ? EXIT.notExecutable : undefined;
}

/**
 * Passes signals on to the job and lives on, to report how it ended; what arrives before the job is there waits for it.
 * A terminal sends
 * SIGINT to the job as well; a second one from us would make a well-behaved job give up its graceful stop, so there it
 * is only outlived.
 */
function relaySignals(process: Process): { attach(child: ChildProcess): void; close(): void } {
  const isOnTerminal = process.standardError.isTerminal || process.standardOutput.isTerminal;
  const early: Signal[] = [];
  let child: ChildProcess | undefined;
  const stops = (["SIGTERM", "SIGHUP", "SIGINT"] satisfies Signal[]).map((signal) =>
    process.onSignal(signal, () => {
      if (signal === "SIGINT" && isOnTerminal && child !== undefined) return;
      if (child === undefined) early.push(signal);
      else child.kill(signal);
    })
  );
  return {
    attach: (started) => {
      child = started;
      for (const signal of early.splice(0)) started.kill(signal);
    },
    close: () => stops.forEach((stop) => stop()),
  };
}
