/** Standard input of a simulated process. @module */

export class StandardInput {
  #chunks: Uint8Array[] = [];
  #lengthBytes = 0;
  #isClosed = false;
  #onChange: (() => void) | undefined;

  /** @param all everything there will be; `undefined`: it comes by `add` */
  constructor(all: string | Uint8Array | undefined) {
    if (all === undefined) return;
    this.add(typeof all === "string" ? new TextEncoder().encode(all) : all);
    this.close();
  }

  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  add(data: Uint8Array): void {
    if (this.#isClosed) return;
    this.#chunks.push(data.slice());
    this.#lengthBytes += data.length;
    this.#onChange?.();
  }

  close(): void {
    this.#isClosed = true;
    this.#onChange?.();
  }

  /** Calls `onChange` at each addition and at the end. */
  watch(onChange: () => void): void {
    this.#onChange = onChange;
  }

  /** Everything there is. */
  bytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#lengthBytes);
    let offset = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
    return bytes;
  }
}
