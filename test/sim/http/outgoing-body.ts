/**
 * A body on its way out. What of it is there within one step is read before the head is written, so that a short body
 * of a known end is sent with its length, as the real servers do.
 *
 * @module
 */
import type { Clock } from "../../../src/runtime/port.ts";

const GATHERED_BYTES_MAX = 64 * 1024;

type Part = ReadableStreamReadResult<Uint8Array>;

export class OutgoingBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #pending: Promise<Part> | undefined;
  #isWhole = false;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** The length of all of it, once `gather` has met the end. */
  get lengthBytes(): number | undefined {
    return this.#isWhole ? this.#gatheredBytes : undefined;
  }

  /** Reads what is there at once. @throws what the stream fails with */
  async gather(clock: Clock): Promise<void> {
    let isLater = false;
    const later = new Promise<undefined>((resolve) =>
      clock.setTimer(0, () => {
        isLater = true;
        resolve(undefined);
      })
    );
    while (!isLater && this.#gatheredBytes < GATHERED_BYTES_MAX) {
      this.#pending = this.#reader.read();
      const part = await Promise.race([this.#pending, later]);
      if (part === undefined) return;
      this.#pending = undefined;
      this.#isWhole = part.done;
      if (part.done) return;
      this.#gathered.push(part.value);
      this.#gatheredBytes += part.value.length;
    }
  }

  /** The next part; `undefined` at the end. @throws what the stream fails with */
  async next(): Promise<Uint8Array | undefined> {
    const gathered = this.#gathered.shift();
    if (gathered !== undefined) return gathered;
    if (this.#isWhole) return undefined;
    const part = await (this.#pending ?? this.#reader.read());
    this.#pending = undefined;
    return part.done ? undefined : part.value;
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }
}
