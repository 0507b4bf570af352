/** Starts the real Barnacle as a process, under each runtime and as the compiled binary, and listens to its events. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const ROOT: string = resolve(import.meta.dirname, "../..");
const BIN = join(ROOT, "node_modules", ".bin");
const MAIN = join(ROOT, "src", "main.ts");
const OS = process.platform === "darwin" ? "macos" : process.platform;
export const BINARY: string = join(ROOT, "dist", `barnacle-${OS}-${process.arch}`);

/** The four ways to run the same agent, as command lines to which arguments are added. */
export const COMMANDS = {
  node: [join(BIN, "node"), "--import", "tsx", MAIN],
  bun: [join(BIN, "bun"), "run", MAIN],
  deno: [join(BIN, "deno"), "run", "-A", "--quiet", "--config", join(ROOT, ".deno-closed.json"), MAIN],
  binary: [BINARY],
} as const;
export type Way = keyof typeof COMMANDS;

export interface LogEvent {
  readonly event: string;
  readonly level: string;
  readonly [field: string]: unknown;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** The working directory; `--dir` is not added. Default: the checkout. */
  readonly workingDirectory?: string;
  readonly input?: string;
}

/** One running process of ours. */
export class Running {
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
  readonly events: LogEvent[] = [];
  stdout = "";
  stderr = "";
  /** What `--dir` was given; the empty string where it was not. */
  readonly directory: string;
  #partial = "";
  #waiting: (() => void)[] = [];
  #ended = false;

  constructor(command: readonly string[], options: StartOptions) {
    const [program = "", ...words] = command;
    this.directory = words[words.indexOf("--dir") + 1] ?? "";
    this.child = spawn(program, words, {
      cwd: options.workingDirectory ?? ROOT,
      // Only what a process needs: nothing of the caller's configuration leaks in.
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: process.env["HOME"] ?? "",
        // Agents that run side by side have a bridge each.
        MONITOR_PORT: "0",
        ...options.environment,
      },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.child.stdin?.end(options.input ?? "");
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#takeStdout(text));
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#takeStderr(text));
    this.exited = new Promise((done) => {
      this.child.on("error", (error) => this.#takeStderr(`${error.message}\n`));
      this.child.on("close", (code, signal) => {
        this.#ended = true;
        this.#wake();
        done({ code, signal });
      });
    });
  }

  /** The first event that fits, past or to come. Rejects with everything the process said if it ends first. */
  async event(name: string, fits: (event: LogEvent) => boolean = () => true, after = 0): Promise<LogEvent> {
    for (;;) {
      const found = this.events.slice(after).find((event) => event.event === name && fits(event));
      if (found !== undefined) return found;
      if (this.#ended) throw new Error(`Ended before the event ${name}:\n${this.stdout}\n${this.stderr}`);
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }

  /** The base URL of a listener, once it announced itself. */
  async url(role: string): Promise<string> {
    const { address } = await this.event("listening", (event) => event["role"] === role);
    return `http://${String(address)}`;
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Exit> {
    this.child.kill(signal);
    return await this.exited;
  }

  #takeStdout(text: string): void {
    this.stdout += text;
    this.#wake();
  }

  #takeStderr(text: string): void {
    this.stderr += text;
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop() ?? "";
    for (const line of lines) {
      if (line.startsWith('{"')) this.events.push(JSON.parse(line) as LogEvent);
    }
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** A bench of processes and folders that cleans up after itself. */
export class Stage {
  readonly way: Way;
  /** What is put before every command, such as one that runs it elsewhere. */
  readonly #before: readonly string[];
  readonly #running: Running[] = [];
  readonly #folders: string[] = [];

  constructor(way: Way, before: readonly string[] = []) {
    this.way = way;
    this.#before = before;
  }

  folder(): string {
    const folder = mkdtempSync(join(tmpdir(), "barnacle-e2e-"));
    this.#folders.push(folder);
    return folder;
  }

  start(words: readonly string[], options: StartOptions = {}): Running {
    const command = COMMANDS[this.way];
    if (!existsSync(command[0])) {
      throw new Error(`Start ${this.way}: no ${command[0]}; run "npm install" and "npm run build"`);
    }
    const running = new Running([...this.#before, ...command, ...words], options);
    this.#running.push(running);
    return running;
  }

  /** Runs a command to its end. */
  async run(words: readonly string[], options: StartOptions = {}): Promise<Running & { readonly exit: Exit }> {
    const running = this.start(words, options);
    const exit = await running.exited;
    return Object.assign(running, { exit });
  }

  async clear(): Promise<void> {
    await Promise.all(this.#running.map(async (running) => {
      running.child.kill("SIGKILL");
      await running.exited;
    }));
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }
}
