/** Child processes by `node:child_process`, which all three runtimes carry. @module */
import type { ChildProcess as NodeChildProcess } from "node:child_process";
import { BarnacleError } from "../../errors.ts";
import type { ChildProcess, Signal } from "../port.ts";
import { fromPlatform } from "./errno.ts";

type Ending = { readonly code: number } | { readonly signal: string };

/** Starts a program which shares our standard streams and inherits our environment. */
export async function spawnChild(
  command: string,
  commandArguments: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<ChildProcess> {
  const { spawn } = process.getBuiltinModule("node:child_process");
  const env = { ...process.env, ...environment };
  let child: NodeChildProcess;
  try {
    child = spawn(command, [...commandArguments], { stdio: "inherit", env });
    // Listened for before the start is awaited: a child may end at once.
    const ended = endingOf(child);
    await started(child);
    return { id: child.pid ?? 0, kill: (signal) => sendSignal(child, signal), ended };
  } catch (error) {
    throw spawnFailure(command, error);
  }
}

/**
 * Deno's `child.kill` takes any signal for the child's end and tells of no other (Deno 2.9.6), so the process is signalled by
 * its id; once the end is known the id may be another's.
 */
function sendSignal(child: NodeChildProcess, signal: Signal): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(child.pid, signal);
  } catch (error) {
    // It ended a moment ago and `exit` is still on its way.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw fromPlatform(error, `Signal process ${child.pid}`);
  }
}

function started(child: NodeChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
}

function endingOf(child: NodeChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(signal === null ? { code: code ?? 0 } : { signal }));
  });
}

function spawnFailure(command: string, thrown: unknown): BarnacleError {
  const mapped = fromPlatform(thrown, `Start ${command}`);
  if (mapped.code !== "FILE_NOT_FOUND") return mapped;
  return new BarnacleError({
    code: "COMMAND_NOT_FOUND",
    action: `Start ${command}`,
    value: "no such program",
    hint: "Check the spelling, and that the program is in a directory of PATH",
    cause: thrown,
  });
}
