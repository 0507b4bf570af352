/** Drives one of the scripts of this folder as a process of its own: commands in, events out. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../e2e/barnacle.ts";

export const NODE: string = join(ROOT, "node_modules", ".bin", "node");
export const INTEROP: string = import.meta.dirname;

export interface ScriptEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** One of the scripts of this folder, running under Node whatever runs the test. */
export class Script {
  readonly events: ScriptEvent[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #stderr = "";
  #partial = "";
  #asked = 0;
  #hasEnded = false;
  #waiting: (() => void)[] = [];

  /** @param before what is put before the command, such as one that runs it elsewhere */
  constructor(file: string, words: readonly string[] = [], before: readonly string[] = []) {
    const [program = NODE, ...more] = [...before, NODE, join(INTEROP, file), ...words];
    this.#child = spawn(program, more, { stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#take(text));
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    this.#exited = new Promise((done) => {
      this.#child.on("close", () => {
        this.#hasEnded = true;
        this.#wake();
        done();
      });
    });
  }

  /** Gives a command and resolves with its result. Rejects with the script's own error. */
  async ask<T = unknown>(name: string, options: Readonly<Record<string, unknown>> = {}): Promise<T> {
    this.#asked += 1;
    const ask = this.#asked;
    this.#child.stdin?.write(`${JSON.stringify({ do: name, ask, ...options })}\n`);
    const answer = await this.event("answer", (event) => event["ask"] === ask);
    if (answer["error"] !== undefined) throw new Error(`${name}: ${JSON.stringify(answer["error"])}`);
    return answer["result"] as T;
  }

  /** The first event that fits, past or to come. */
  async event(name: string, fits: (event: ScriptEvent) => boolean = () => true): Promise<ScriptEvent> {
    const [found] = await this.some(1, name, fits);
    return found as ScriptEvent;
  }

  /** The first `count` events that fit, past or to come. */
  async some(count: number, name: string, fits: (event: ScriptEvent) => boolean = () => true): Promise<ScriptEvent[]> {
    for (;;) {
      const found = this.all(name, fits);
      if (found.length >= count) return found.slice(0, count);
      if (this.#hasEnded) throw new Error(`The script ended before ${name}: ${this.#stderr}`);
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }

  /** All events so far that fit. */
  all(name: string, fits: (event: ScriptEvent) => boolean = () => true): ScriptEvent[] {
    return this.events.filter((event) => event.event === name && fits(event));
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  #take(text: string): void {
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop() ?? "";
    for (const line of lines) this.events.push(JSON.parse(line) as ScriptEvent);
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
