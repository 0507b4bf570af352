/**
 * Rejections that nobody handles, brought to the simulated process whose code left them.
 *
 * While a world runs, the JavaScript process's own listeners are set aside: an unhandled rejection of a simulated
 * process is an event of that process (it ends, or its `onUncaught` is told), not a failure of the test runner. Node
 * reports a rejection between the step that left it and the next one, so the process to blame is that step's. `bun
 * test` lets nobody but itself hear of unhandled rejections; under it they fail the test.
 *
 * @module
 */
import type { SimProcess } from "./process/sim-process.ts";

type Listener = (reason: unknown, promise: Promise<unknown>) => void;

const EVENT = "unhandledRejection";

export class UnhandledRejections {
  #blamed: SimProcess | undefined;
  #setAside: Listener[] = [];
  readonly #listener: Listener = (reason, promise) => {
    if (this.#blamed !== undefined) this.#blamed.uncaught(reason);
    else for (const listener of this.#setAside) listener(reason, promise);
  };

  /** Says whose code runs in this step. */
  blame(process: SimProcess | undefined): void {
    this.#blamed = process;
  }

  capture(): void {
    this.#setAside = process.listeners(EVENT) as Listener[];
    process.removeAllListeners(EVENT);
    process.on(EVENT, this.#listener);
  }

  release(): void {
    process.removeListener(EVENT, this.#listener);
    for (const listener of this.#setAside) process.on(EVENT, listener);
    this.#setAside = [];
  }
}
