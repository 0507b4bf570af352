/** Runs command lines on a real directory, with a simulated clock, standard input from memory and a fake network. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRuntime } from "#runtime";
import { runCommandLine } from "../../../../src/cli/mod.ts";
import type { Clock, Runtime } from "../../../../src/runtime/port.ts";
import { FakeChild, FakeRuntime } from "./fake-runtime.ts";

export interface Outcome {
  readonly exit: number;
  readonly output: string;
  readonly errors: string;
}

export class MailBench {
  readonly directory: string = mkdtempSync(join(tmpdir(), "barnacle-mail-"));
  /** The network and the clock of all commands. */
  readonly fake = new FakeRuntime();
  /** The clock of the commands; the host's own where they wait for each other's work on the disk, which takes real time. */
  clock: Clock = this.fake.clock;
  input = "";
  isTerminal = false;
  columns: number | undefined;
  environment: Record<string, string> | undefined;
  /** The built plugin for gateways. */
  plugin: string | undefined;
  /** With what every command that is started ends; `undefined` makes all commands unknown. */
  childCode: number | undefined;
  /** The commands that the latest command line started. */
  spawned: readonly (readonly string[])[] = [];
  /** What happens once a command has begun to wait for a signal or the clock. */
  #raise: (signal: "SIGINT") => void = () => undefined;

  async run(...words: string[]): Promise<Outcome> {
    return await this.runIn(this.directory, ...words);
  }

  async runIn(directory: string, ...words: string[]): Promise<Outcome> {
    const fake = new FakeRuntime();
    fake.process.stdout.isTerminal = this.isTerminal;
    fake.process.stdout.columns = this.columns;
    if (this.environment !== undefined) fake.process.environment = this.environment;
    if (this.childCode !== undefined) {
      fake.process.child = new FakeChild();
      fake.process.child.end({ code: this.childCode });
    }
    this.spawned = fake.process.spawned;
    const given = ["--dir", directory, ...words];
    const input = new TextEncoder().encode(this.input);
    const runtime: Runtime = {
      ...createRuntime(),
      clock: this.clock,
      http: this.fake.asPort(given).http,
      process: { ...fake.process.asPort(given), readStandardInput: () => Promise.resolve(input) },
    };
    this.#raise = (signal) => fake.process.raise(signal);
    const exit = await runCommandLine({
      runtime,
      startHost: () => Promise.reject(new Error("Start a host: this test has none")),
      licences: () => Promise.resolve(undefined),
      plugin: () => Promise.resolve(this.plugin),
    });
    return { exit, output: fake.process.stdout.text, errors: fake.process.stderr.text };
  }

  /** Interrupts the command that runs. */
  interrupt(): void {
    this.#raise("SIGINT");
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  put(name: string, content: string, mode = 0o600): void {
    mkdirSync(join(this.directory, name, ".."), { recursive: true, mode: 0o700 });
    writeFileSync(this.path(name), content);
    chmodSync(this.path(name), mode);
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  text(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  mode(name: string): number {
    return statSync(this.path(name)).mode & 0o777;
  }

  /** Leaves word of a running agent, as it does itself. */
  pretendRunning(): void {
    const endpoint = { http: "http://127.0.0.1:4101", process_id: 12, started_at: "2026-02-06T11:00:00Z" };
    this.put(".barnacle/agent.json", JSON.stringify(endpoint));
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}

/** A node id made of one letter. */
export function nodeId(letter: string): string {
  return `ed25519:${letter.repeat(42)}A`;
}
