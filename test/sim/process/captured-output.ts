/** Standard output and error of a simulated process, kept for the scenario. @module */
import type { TextOutput } from "../../../src/runtime/port.ts";
import type { SimProcess } from "./sim-process.ts";

/** What is kept: a fleet that logs for simulated years must not fill the memory. */
const CHARACTERS_MAX = 1_048_576;
const TERMINAL_COLUMNS = 80;

export class CapturedOutput implements TextOutput {
  readonly isTerminal: boolean;
  readonly columns: number | undefined;
  /** Called with each piece of text; for scenarios. */
  onText: ((text: string) => void) | undefined;
  readonly #process: SimProcess;
  readonly #name: string;
  #text = "";
  #readerIsGone = false;

  constructor(process: SimProcess, name: "stdout" | "stderr", isTerminal: boolean) {
    this.#process = process;
    this.#name = name;
    this.isTerminal = isTerminal;
    this.columns = isTerminal ? TERMINAL_COLUMNS : undefined;
  }

  /** Everything written, or the last half mebibyte of it. */
  get text(): string {
    return this.#text;
  }

  /** `text` as lines, without an empty last one. */
  get lines(): string[] {
    const lines = this.#text.split("\n");
    if (lines.at(-1) === "") lines.pop();
    return lines;
  }

  write(text: string): void {
    if (!this.#process.isRunning || this.#readerIsGone) return;
    this.#process.host.world.note(`${this.#process.label} ${this.#name} ${text}`);
    this.accept(text);
  }

  /** The reader goes away; nothing more is kept. */
  closeReader(): void {
    this.#readerIsGone = true;
  }

  /** Takes what a child process wrote on the stream it shares with this one. */
  accept(text: string): void {
    if (this.#readerIsGone) return;
    this.#text += text;
    if (this.#text.length > CHARACTERS_MAX) this.#text = this.#text.slice(-CHARACTERS_MAX / 2);
    this.onText?.(text);
  }
}
