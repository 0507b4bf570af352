/** What the inbox file tells those who use it. @module */
import type { InboxLine } from "../types.ts";

/** What the file tells of what it finds. */
export interface FileListener {
  /** A line that was there already: its message is delivered. */
  onFound(line: InboxLine): void;
  /** The file is gone; the next line begins a new one. */
  onDeleted(): void;
  /** Another file, or other content, stands in its place. */
  onReplaced(): void;
  /** Lines that cannot be read, left as they are. */
  onDamaged(lines: number): void;
  /** A last line that was not written in full was cut off. */
  onCut(bytes: number): void;
}

/** What became of lines: the number of each that is durable, 0 for the others, and why. */
export interface Appended {
  readonly seqs: readonly number[];
  readonly error: unknown;
}
