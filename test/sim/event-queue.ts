/**
 * The queue of what is to happen: a binary heap by due time, ties in order of making.
 *
 * Cancelling only marks an entry; it leaves the heap when it comes up, or when the marked ones outnumber the others, so
 * that a fleet which arms and cancels a time-out per request neither searches nor grows.
 *
 * @module
 */

/** One thing to happen. */
export interface QueuedEvent {
  readonly dueMs: number;
  readonly order: number;
  /** `undefined` once cancelled or taken. */
  callback: (() => void) | undefined;
}

const COMPACTED_FROM = 64;

export class EventQueue {
  #heap: QueuedEvent[] = [];
  #order = 0;
  #live = 0;

  /** Events neither taken nor cancelled. */
  get size(): number {
    return this.#live;
  }

  /** The due time of the next event; `undefined` when none waits. */
  get nextDueMs(): number | undefined {
    this.#dropCancelledFront();
    return this.#heap[0]?.dueMs;
  }

  add(dueMs: number, callback: () => void): QueuedEvent {
    const event: QueuedEvent = { dueMs, order: this.#order++, callback };
    this.#heap.push(event);
    this.#live++;
    this.#rise(this.#heap.length - 1);
    return event;
  }

  /** Takes the next event out, and gives what it is to do; `undefined` when none waits. */
  take(): (() => void) | undefined {
    this.#dropCancelledFront();
    const event = this.#removeFront();
    if (event === undefined) return undefined;
    const { callback } = event;
    event.callback = undefined;
    this.#live--;
    return callback;
  }

  /** Cancelling twice, or after the event was taken, does nothing. */
  cancel(event: QueuedEvent): void {
    if (event.callback === undefined) return;
    event.callback = undefined;
    this.#live--;
    if (this.#heap.length > COMPACTED_FROM && this.#live < this.#heap.length / 2) this.#compact();
  }

  #dropCancelledFront(): void {
    while (this.#heap.length > 0 && this.#heap[0]?.callback === undefined) this.#removeFront();
  }

  #removeFront(): QueuedEvent | undefined {
    const front = this.#heap[0];
    const last = this.#heap.pop();
    if (last === undefined || front === last) return front;
    this.#heap[0] = last;
    this.#sink(0);
    return front;
  }

  #compact(): void {
    this.#heap = this.#heap.filter((event) => event.callback !== undefined);
    for (let index = (this.#heap.length >> 1) - 1; index >= 0; index--) this.#sink(index);
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const event = heap[from] as QueuedEvent;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex] as QueuedEvent;
      if (isBefore(parent, event)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = event;
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const event = heap[from] as QueuedEvent;
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= heap.length) break;
      const right = heap[childIndex + 1];
      if (right !== undefined && isBefore(right, heap[childIndex] as QueuedEvent)) childIndex++;
      const child = heap[childIndex] as QueuedEvent;
      if (isBefore(event, child)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = event;
  }
}

function isBefore(left: QueuedEvent, right: QueuedEvent): boolean {
  return left.dueMs < right.dueMs || (left.dueMs === right.dueMs && left.order < right.order);
}
