/**
 * What is to happen a little later, for any number of connections, with one timer.
 *
 * @module
 */
import type { Clock, Timer } from "../../runtime/port.ts";

interface Rest {
  readonly untilMs: number;
  readonly act: () => void;
}

/** See the module's description. */
export class Rests {
  readonly #clock: Clock;
  #rests: Rest[] = [];
  #timer: Timer | undefined;
  #timerAtMs = Infinity;
  #isStopped = false;

  constructor(components: { readonly clock: Clock }) {
    this.#clock = components.clock;
  }

  /** Calls `act` in so many milliseconds, unless it is stopped before. */
  add(durationMs: number, act: () => void): void {
    if (this.#isStopped) return;
    const untilMs = this.#clock.monotonicMs() + durationMs;
    this.#rests.push({ untilMs, act });
    this.#setTimer(untilMs);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#rests = [];
  }

  #setTimer(atMs: number): void {
    if (atMs >= this.#timerAtMs || this.#isStopped) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    this.#timer = this.#clock.setTimer(Math.max(1, Math.ceil(atMs - this.#clock.monotonicMs())), () => this.#wake());
  }

  #wake(): void {
    this.#timerAtMs = Infinity;
    const nowMs = this.#clock.monotonicMs();
    const rests = this.#rests;
    this.#rests = rests.filter(({ untilMs }) => untilMs > nowMs);
    let nextMs = Infinity;
    for (const { untilMs } of this.#rests) nextMs = Math.min(nextMs, untilMs);
    if (nextMs < Infinity) this.#setTimer(nextMs);
    for (const { untilMs, act } of rests) if (untilMs <= nowMs && !this.#isStopped) act();
  }
}
