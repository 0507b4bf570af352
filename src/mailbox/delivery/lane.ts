/** One recipient: its messages in order, and how it answers. @module */
import type { Keeper } from "../types.ts";
import type { PendingMessage } from "./pending-message.ts";

/**
 * `resting`: nothing to do. `queued`: waits for its turn. `active`: has its turn. `waiting`: until a failed attempt may be repeated.
 */
export type LanePhase = "resting" | "queued" | "active" | "waiting";

/** Messages in their order, linked through themselves: one leaves the middle as cheaply as the front. */
export class Lane {
  readonly to: string;
  phase: LanePhase = "resting";
  /** The oldest that is not settled. */
  head: PendingMessage | undefined = undefined;
  /** The next to be attempted in this round. */
  cursor: PendingMessage | undefined = undefined;
  count = 0;
  inFlight = 0;
  /** Attempts that may be in flight: one after a failure, one more with each delivery. */
  window: number;
  /** Rounds that failed since the last delivery. */
  failures = 0;
  /** Why the last attempt failed. */
  lastError = "";
  /** Whether its last answer was a delivery; without one yet, nothing is known of it. */
  isProven = false;
  /** No new attempts until those in flight have settled. */
  isDraining = false;
  /** Whether an attempt of this round failed. */
  hasFailed = false;
  isLoading = false;
  /** Whether there was no room for its next text; the next answer makes some. */
  isStarved = false;
  /** Whether it is in the row of those that want to send. */
  isInRow = false;
  isReported = false;
  /** Whether it was reported that a relay keeps its mail. */
  isAway = false;
  /** The relay that keeps its messages from the oldest to `lastLeft`, as far as is known; see `leaving.ts`. */
  keeper: Keeper | undefined = undefined;
  lastLeft: PendingMessage | undefined = undefined;
  leftCount = 0;
  leftBytes = 0;
  /** Monotonic milliseconds: when it began to keep them. */
  leftSinceMs = 0;
  /** Whether it has let one of them go for want of room. */
  isKeeperFull = false;
  /** Whether this round leaves messages with the relay. */
  isLeaving = false;
  /** Attempts since it got its turn. */
  attemptsInTurn = 0;
  /** Monotonic milliseconds. */
  dueAtMs = 0;
  cutShortAtMs = Number.NEGATIVE_INFINITY;
  /** Its place among those that wait; -1 outside. */
  heapIndex = -1;
  #tail: PendingMessage | undefined = undefined;

  constructor(to: string, window: number) {
    this.to = to;
    this.window = window;
  }

  append(message: PendingMessage): void {
    // One string for the recipient, however many messages wait for it.
    message.to = this.to;
    message.previous = this.#tail;
    if (this.#tail === undefined) this.head = message;
    else this.#tail.next = message;
    this.#tail = message;
    this.cursor ??= message;
    this.count++;
  }

  /** Nothing is known of what a relay keeps any more. */
  endLeaving(): void {
    this.keeper = undefined;
    this.lastLeft = undefined;
    this.leftCount = 0;
    this.leftBytes = 0;
    this.isKeeperFull = false;
    if (this.isLeaving) this.isDraining = true;
  }

  /** Takes a message out, wherever it stands. */
  remove(message: PendingMessage): void {
    const { next, previous } = message;
    if (previous === undefined) this.head = next;
    else previous.next = next;
    if (next === undefined) this.#tail = previous;
    else next.previous = previous;
    if (this.cursor === message) this.cursor = next;
    if (this.lastLeft === message) this.lastLeft = previous;
    if (this.keeper !== undefined && this.lastLeft === undefined) this.endLeaving();
    message.previous = undefined;
    message.next = undefined;
    this.count--;
  }
}
