/** The recipients that wait, the one due next at hand: a binary heap in which each knows its place. @module */
import type { Lane } from "./lane.ts";

export class DueLanes {
  readonly #heap: Lane[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** When the next is due; `undefined` when none waits. */
  get nextDueMs(): number | undefined {
    return this.#heap[0]?.dueAtMs;
  }

  add(lane: Lane): void {
    lane.heapIndex = this.#heap.length;
    this.#heap.push(lane);
    this.#rise(lane.heapIndex);
  }

  remove(lane: Lane): void {
    const index = lane.heapIndex;
    if (index === -1) return;
    lane.heapIndex = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === lane) return;
    this.#put(last, index);
    this.#rise(index);
    this.#sink(last.heapIndex);
  }

  /** Takes one that is due by `nowMs`, if any. */
  take(nowMs: number): Lane | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.dueAtMs > nowMs) return undefined;
    this.remove(first);
    return first;
  }

  #rise(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#dueAt(parent) <= this.#dueAt(index)) return;
      this.#swap(parent, index);
      index = parent;
    }
  }

  #sink(start: number): void {
    let index = start;
    for (;;) {
      let least = 2 * index + 1;
      if (least + 1 < this.#heap.length && this.#dueAt(least + 1) < this.#dueAt(least)) least++;
      if (least >= this.#heap.length || this.#dueAt(index) <= this.#dueAt(least)) return;
      this.#swap(least, index);
      index = least;
    }
  }

  #swap(left: number, right: number): void {
    const lane = this.#heap[left] as Lane;
    this.#put(this.#heap[right] as Lane, left);
    this.#put(lane, right);
  }

  #put(lane: Lane, index: number): void {
    this.#heap[index] = lane;
    lane.heapIndex = index;
  }

  #dueAt(index: number): number {
    return (this.#heap[index] as Lane).dueAtMs;
  }
}
