/**
 * Standard output and error by Bun's own sinks: the first use of `process.stdout` or `process.stderr` costs about 10 ms, which
 * is as much as all else at start.
 *
 * @module
 */
import type { FlushableOutput } from "../shared/output.ts";
import { bun, type BunSink } from "./bun.ts";

const STANDARD_OUTPUT = 1;
const STANDARD_ERROR = 2;

class SinkOutput implements FlushableOutput {
  readonly #descriptor: number;
  readonly #openSink: () => BunSink;
  #sink: BunSink | undefined;
  #isTerminal: boolean | undefined;
  #readerGone = false;
  #pending: Promise<unknown> = Promise.resolve();

  constructor(descriptor: number, openSink: () => BunSink) {
    this.#descriptor = descriptor;
    this.#openSink = openSink;
  }

  get isTerminal(): boolean {
    return this.#isTerminal ??= isTerminal(this.#descriptor);
  }

  get columns(): number | undefined {
    if (!this.isTerminal) return undefined;
    return this.#descriptor === STANDARD_OUTPUT ? process.stdout.columns : process.stderr.columns;
  }

  write(text: string): void {
    if (this.#readerGone) return;
    try {
      this.#sink ??= this.#openSink();
      this.#follow(this.#sink.write(text));
      this.#follow(this.#sink.flush());
    } catch {
      // The sink throws and rejects for one reason only: nobody reads any more.
      this.#readerGone = true;
    }
  }

  async flushed(): Promise<void> {
    await this.#pending;
  }

  /** A sink answers with a promise when its reader is slower than we are. */
  #follow(result: number | Promise<number>): void {
    if (typeof result === "number") return;
    const settled = result.catch(() => this.#readerGone = true);
    this.#pending = Promise.all([this.#pending, settled]);
  }
}

function isTerminal(descriptor: number): boolean {
  // Bun looks at both streams when it starts. Asking `node:tty` costs 9 ms, which a service, whose streams are none, is spared.
  const mayBeTerminal = bun.enableANSIColors || (process.env["NO_COLOR"] ?? "") !== "";
  return mayBeTerminal && process.getBuiltinModule("node:tty").isatty(descriptor);
}

/** The standard streams for words. */
export function createOutputs(): { readonly standardOutput: FlushableOutput; readonly standardError: FlushableOutput } {
  return {
    standardOutput: new SinkOutput(STANDARD_OUTPUT, () => bun.stdout.writer()),
    standardError: new SinkOutput(STANDARD_ERROR, () => bun.stderr.writer()),
  };
}
