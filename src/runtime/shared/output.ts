/** Standard output and error as the port has them. @module */
import type { TextOutput } from "../port.ts";

/** A `TextOutput` that can be waited for. */
export interface FlushableOutput extends TextOutput {
  /** Resolves once all that was written has left this process, or its reader has gone. */
  flushed(): Promise<void>;
}

/** Puts a stream of the platform behind the port. The stream is asked for on the first use: opening it takes time at start. */
export class StreamOutput implements FlushableOutput {
  readonly #openStream: () => NodeJS.WriteStream;
  #stream: NodeJS.WriteStream | undefined;
  #readerGone = false;
  #pendingWrites = 0;
  #waiting: (() => void)[] = [];

  constructor(openStream: () => NodeJS.WriteStream) {
    this.#openStream = openStream;
  }

  get isTerminal(): boolean {
    return this.#target().isTTY === true;
  }

  get columns(): number | undefined {
    return this.isTerminal ? this.#target().columns : undefined;
  }

  write(text: string): void {
    if (this.#readerGone) return;
    const stream = this.#target();
    this.#pendingWrites += 1;
    stream.write(text, () => this.#written());
  }

  flushed(): Promise<void> {
    if (this.#pendingWrites === 0 || this.#readerGone) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #target(): NodeJS.WriteStream {
    if (this.#stream !== undefined) return this.#stream;
    const stream = this.#openStream();
    stream.on("error", () => this.#loseReader());
    this.#stream = stream;
    return stream;
  }

  #written(): void {
    this.#pendingWrites -= 1;
    if (this.#pendingWrites === 0) this.#wake();
  }

  #loseReader(): void {
    this.#readerGone = true;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
