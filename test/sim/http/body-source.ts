/** A body that arrives over a connection, as the stream its reader gets. @module */

const QUEUED_BYTES_MAX = 64 * 1024;

interface Flow {
  /** The reader has no more room. */
  pause(): void;
  resume(): void;
  /** The reader does not want the rest. */
  cancel(): void;
}

export class BodySource {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #isOver = false;
  readonly #flow: Flow;

  constructor(flow: Flow) {
    this.#flow = flow;
    this.stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => void (this.#controller = controller),
      pull: () => flow.resume(),
      cancel: () => {
        if (this.#isOver) return;
        this.#isOver = true;
        flow.cancel();
      },
    }, { highWaterMark: QUEUED_BYTES_MAX, size: (chunk) => chunk.length });
  }

  push(data: Uint8Array<ArrayBuffer>): void {
    if (this.#isOver || this.#controller === undefined) return;
    this.#controller.enqueue(data);
    if ((this.#controller.desiredSize ?? 0) <= 0) this.#flow.pause();
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller?.close();
  }

  fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller?.error(error);
  }
}
