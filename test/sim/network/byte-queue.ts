/** Bytes waiting in order. @module */

export class ByteQueue {
  #chunks: Uint8Array[] = [];
  #firstIndex = 0;
  #firstOffset = 0;
  #lengthBytes = 0;

  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  /** Keeps `data`, which must not change any more. */
  add(data: Uint8Array): void {
    if (data.length === 0) return;
    this.#chunks.push(data);
    this.#lengthBytes += data.length;
  }

  /** The next `length` bytes as a copy of their own; as many as there are when there are fewer. */
  take(length: number): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(Math.min(length, this.#lengthBytes));
    let filled = 0;
    while (filled < taken.length) {
      const chunk = this.#chunks[this.#firstIndex] as Uint8Array;
      const part = chunk.subarray(this.#firstOffset, this.#firstOffset + taken.length - filled);
      taken.set(part, filled);
      filled += part.length;
      this.#firstOffset += part.length;
      if (this.#firstOffset === chunk.length) this.#dropFirst();
    }
    this.#lengthBytes -= taken.length;
    return taken;
  }

  clear(): void {
    this.#chunks = [];
    this.#firstIndex = 0;
    this.#firstOffset = 0;
    this.#lengthBytes = 0;
  }

  #dropFirst(): void {
    this.#firstIndex++;
    this.#firstOffset = 0;
    if (this.#firstIndex < 64) return;
    this.#chunks = this.#chunks.slice(this.#firstIndex);
    this.#firstIndex = 0;
  }
}
