/** Writes a head and a body onto a connection at the peer's pace. @module */
import type { Connection } from "../../../src/runtime/port.ts";
import { encodeChunk } from "./head.ts";
import type { OutgoingBody } from "./outgoing-body.ts";

const END = encodeChunk(new Uint8Array(0));

export class BodyWriter {
  readonly #connection: Connection;
  #onDrain: (() => void) | undefined;
  #isClosed = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The connection's `onDrain`. */
  drained(): void {
    const onDrain = this.#onDrain;
    this.#onDrain = undefined;
    onDrain?.();
  }

  /** The connection is gone: what waits goes on, to find that out. */
  closed(): void {
    this.#isClosed = true;
    this.drained();
  }

  /** @returns whether the connection is still there */
  async write(data: Uint8Array): Promise<boolean> {
    if (this.#isClosed) return false;
    if (!this.#connection.write(data) && !this.#isClosed) {
      await new Promise<void>((resolve) => this.#onDrain = resolve);
    }
    return !this.#isClosed;
  }

  /**
   * Writes a body to its end, or until the connection is gone; it is cancelled then.
   *
   * @returns whether all was written
   * @throws what the body fails with
   */
  async writeBody(body: OutgoingBody, isChunked: boolean): Promise<boolean> {
    for (;;) {
      const data = await body.next();
      if (data === undefined) return isChunked ? await this.write(END) : !this.#isClosed;
      if (data.length === 0 || await this.write(isChunked ? encodeChunk(data) : data)) continue;
      await body.cancel();
      return false;
    }
  }
}
