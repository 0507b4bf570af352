/** Starts the programs of `fixtures/` as real processes under the runtime that executes this file. @module */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import type { ProgramOptions, RunningProgram } from "./case.ts";

const START = join(import.meta.dirname, "fixtures/start.ts");
const ROOT = join(import.meta.dirname, "../..");

/** How each runtime is told to execute a file of ours. */
const LAUNCHERS: Readonly<Record<string, readonly string[]>> = {
  node: ["--import", "tsx"],
  bun: [],
  deno: ["run", "-A", "--config", join(ROOT, ".deno-closed.json")],
};

/** Gives out lines as they come. */
class Lines {
  #text = "";
  #ended = false;
  #wake: (() => void)[] = [];

  follow(stream: NodeJS.ReadableStream): void {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      this.#text += text;
      this.#notify();
    });
    for (const event of ["end", "close", "error"]) stream.on(event, () => this.#end());
  }

  async next(): Promise<string | undefined> {
    for (;;) {
      const at = this.#text.indexOf("\n");
      if (at !== -1) {
        const line = this.#text.slice(0, at);
        this.#text = this.#text.slice(at + 1);
        return line;
      }
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  async rest(): Promise<string> {
    while (!this.#ended) await new Promise<void>((resolve) => this.#wake.push(resolve));
    const text = this.#text;
    this.#text = "";
    return text;
  }

  #end(): void {
    this.#ended = true;
    this.#notify();
  }

  #notify(): void {
    for (const resolve of this.#wake.splice(0)) resolve();
  }
}

function endingOf(child: ChildProcessWithoutNullStreams): RunningProgram["ended"] {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(signal === null ? { code: code ?? 0 } : { signal }));
  });
}

/** A started program, and how to end it whatever it does. */
export interface StartedProgram {
  readonly program: RunningProgram;
  stop(): void;
}

export function startProgram(runtimeName: string, name: string, options: ProgramOptions): StartedProgram {
  const commandArguments = [...(LAUNCHERS[runtimeName] ?? []), START, name, ...(options.arguments ?? [])];
  const child = spawn(process.execPath, commandArguments, {
    cwd: ROOT,
    stdio: "pipe",
    env: { ...process.env, ...options.environment },
  });
  const output = new Lines();
  const errors = new Lines();
  output.follow(child.stdout);
  errors.follow(child.stderr);
  child.stdin.on("error", () => child.stdin.destroy());
  const program: RunningProgram = {
    id: child.pid ?? 0,
    line: () => output.next(),
    rest: () => output.rest(),
    errorOutput: () => errors.rest(),
    input: (data) => void child.stdin.write(data),
    endInput: () => void child.stdin.end(),
    closeOutput: () => void child.stdout.destroy(),
    kill: (signal) => sendSignal(child, signal),
    ended: endingOf(child),
  };
  return { program, stop: () => sendSignal(child, "SIGKILL") };
}

/** Deno's `child.kill` takes any signal for the end and then tells of no other, so the process is signalled by its id. */
function sendSignal(child: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): void {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(child.pid, signal);
}
