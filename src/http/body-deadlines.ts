/**
 * The time-out of request bodies with one timer for all of them.
 *
 * Every body gets the same time, so deadlines fall due in the order of their making: a queue and one timer for its head
 * do, and a body that is there at once costs no timer of its own. The timer is left to fire when the queue has run
 * empty and is then not set again.
 *
 * @module
 */
import type { Clock } from "../runtime/port.ts";

/** One body's deadline, a link of the queue. */
export interface BodyDeadline {
  readonly dueMs: number;
  readonly onExpired: () => void;
  earlier: BodyDeadline | undefined;
  later: BodyDeadline | undefined;
}

export class BodyDeadlines {
  readonly #clock: Pick<Clock, "monotonicMs" | "setTimer">;
  readonly #timeoutMs: number;
  #first: BodyDeadline | undefined;
  #last: BodyDeadline | undefined;
  #isTimerSet = false;

  constructor(clock: Pick<Clock, "monotonicMs" | "setTimer">, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Calls `onExpired` when the time is over, unless {@link end} comes first. */
  begin(onExpired: () => void): BodyDeadline {
    const dueMs = this.#clock.monotonicMs() + this.#timeoutMs;
    const deadline: BodyDeadline = { dueMs, onExpired, earlier: this.#last, later: undefined };
    if (this.#last === undefined) this.#first = deadline;
    else this.#last.later = deadline;
    this.#last = deadline;
    if (!this.#isTimerSet) this.#setTimer(this.#timeoutMs);
    return deadline;
  }

  /** Takes the deadline out; one that has expired is out already. */
  end(deadline: BodyDeadline): void {
    const { earlier, later } = deadline;
    if (earlier !== undefined) earlier.later = later;
    else if (this.#first === deadline) this.#first = later;
    else return;
    if (later !== undefined) later.earlier = earlier;
    else this.#last = earlier;
    deadline.earlier = undefined;
    deadline.later = undefined;
  }

  #setTimer(delayMs: number): void {
    this.#isTimerSet = true;
    this.#clock.setTimer(delayMs, () => this.#expire());
  }

  #expire(): void {
    this.#isTimerSet = false;
    const nowMs = this.#clock.monotonicMs();
    while (this.#first !== undefined && this.#first.dueMs <= nowMs) {
      const expired = this.#first;
      this.end(expired);
      expired.onExpired();
    }
    if (this.#first !== undefined) this.#setTimer(this.#first.dueMs - nowMs);
  }
}
