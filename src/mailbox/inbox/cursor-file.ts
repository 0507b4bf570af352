/** The agent's cursor file as the daemon reads it: often, and never believing it blindly. @module */
import { readCursor } from "./cursor.ts";
import { CURSOR_READ_AFTER_MS } from "./limits.ts";
import type { InboxComponents } from "./types.ts";

const PROBLEM = "inbox_cursor";

export class CursorFile {
  readonly #components: InboxComponents;
  readonly #path: string;
  #value = 0;
  #isSane = true;
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(components: InboxComponents, path: string) {
    this.#components = components;
    this.#path = path;
  }

  /** As last read: what the file says, or the nearest sane value; what was read before where it says nothing of use. */
  get value(): number {
    return this.#value;
  }

  /** Whether the file said exactly that. */
  get isSane(): boolean {
    return this.#isSane;
  }

  /** Whether it was read a moment ago. */
  get isFresh(): boolean {
    return this.#components.clock.monotonicMs() - this.#readAtMs < CURSOR_READ_AFTER_MS;
  }

  /** Reads the file. What is wrong with it is reported. Never rejects. @returns the value */
  async read(lastSeq: number): Promise<number> {
    const { files, clock, log } = this.#components;
    let problem: string | undefined;
    let error: unknown;
    try {
      const reading = await readCursor(files, this.#path, lastSeq);
      this.#value = reading.value ?? this.#value;
      problem = reading.problem;
    } catch (thrown) {
      error = thrown;
      problem = "it cannot be read";
    }
    this.#readAtMs = clock.monotonicMs();
    this.#isSane = problem === undefined;
    if (problem === undefined) log.resolve(PROBLEM, "inbox_cursor_valid");
    else {
      log.problem(PROBLEM, "warn", "inbox_cursor_invalid", {
        file: this.#path,
        message: `${this.#path} is not a cursor: ${problem}; ${this.#value} is taken for it`,
        ...(error === undefined ? {} : { error }),
      });
    }
    return this.#value;
  }
}
