/**
 * Standard output and error by Deno's own streams: under Deno `process.stdout` holds up the whole process while its reader does
 * not read (measured with Deno 2.9.6).
 *
 * @module
 */
import { Turns } from "../../turns.ts";
import type { FlushableOutput } from "../shared/output.ts";
import { deno, type DenoOutput } from "./deno.ts";

class QueuedOutput implements FlushableOutput {
  readonly #stream: DenoOutput;
  readonly #turns = new Turns();
  readonly #encoder = new TextEncoder();
  #readerGone = false;

  constructor(stream: DenoOutput) {
    this.#stream = stream;
  }

  get isTerminal(): boolean {
    return this.#stream.isTerminal();
  }

  get columns(): number | undefined {
    return this.isTerminal ? deno.consoleSize().columns : undefined;
  }

  write(text: string): void {
    if (!this.#readerGone) void this.#turns.take(() => this.#send(this.#encoder.encode(text)));
  }

  flushed(): Promise<void> {
    return this.#turns.take(() => Promise.resolve());
  }

  async #send(data: Uint8Array): Promise<void> {
    try {
      for (let sent = 0; sent < data.length && !this.#readerGone;) {
        sent += await this.#stream.write(data.subarray(sent));
      }
    } catch {
      // Writing fails for one reason only: nobody reads any more.
      this.#readerGone = true;
    }
  }
}

/** The standard streams for words. */
export function createOutputs(): { readonly standardOutput: FlushableOutput; readonly standardError: FlushableOutput } {
  return { standardOutput: new QueuedOutput(deno.stdout), standardError: new QueuedOutput(deno.stderr) };
}
