/**
 * The port's `Clock` for a simulated process: its host's wall clock, and a monotonic clock that stands still while the
 * host is suspended, as Linux's does.
 *
 * @module
 */
import type { Clock, Timer } from "../../../src/runtime/port.ts";
import { quantizeMs } from "../draw.ts";
import type { SimProcess } from "./sim-process.ts";

const DELAY_MS_MAX = 2 ** 31 - 1;

export function createClockPort(process: SimProcess): Clock {
  const { host } = process;
  return {
    wallMs: () => Math.floor(host.wallMs()),
    monotonicMs: () => host.monotonicMs(),
    setTimer: (delayMs, callback) =>
      new HostTimer(process, quantizeMs(Math.min(Math.max(0, delayMs), DELAY_MS_MAX)), callback),
    nextTurn: (callback) => void process.after(0, callback),
  };
}

/** A timer on the host's monotonic clock: time the host slept is waited again. */
class HostTimer implements Timer {
  readonly #process: SimProcess;
  readonly #dueMs: number;
  readonly #callback: () => void;
  #timer: Timer;

  constructor(process: SimProcess, delayMs: number, callback: () => void) {
    this.#process = process;
    this.#dueMs = process.host.monotonicMs() + delayMs;
    this.#callback = callback;
    this.#timer = process.after(delayMs, () => this.#fire());
  }

  cancel(): void {
    this.#timer.cancel();
  }

  #fire(): void {
    const leftMs = this.#dueMs - this.#process.host.monotonicMs();
    if (leftMs <= 0) this.#callback();
    else this.#timer = this.#process.after(leftMs, () => this.#fire());
  }
}
