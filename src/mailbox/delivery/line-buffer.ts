/** Lines on their way to a file, gathered into pieces of a good size for one write each. @module */

/** A write of so much costs little more than one of a tenth of it. */
const PIECE_CHARACTERS = 128 * 1024;

const encoder = new TextEncoder();

/** Collects lines until they are taken. Encoding many at once costs a fraction of encoding each. */
export class LineBuffer {
  #text = "";

  /** Whether there is enough for a write. */
  get isFull(): boolean {
    return this.#text.length >= PIECE_CHARACTERS;
  }

  /** @param line with its newline */
  add(line: string): void {
    this.#text += line;
  }

  /** Takes what was collected. */
  take(): Uint8Array {
    const bytes = encoder.encode(this.#text);
    this.#text = "";
    return bytes;
  }
}
