/**
 * Which messages were processed lately. Source: MoltComm v1, section 7; section 11, reading 2.
 *
 * Messages that were refused are not in it, nor are `DIRECT` messages: the inbox remembers those, for longer and across restarts.
 *
 * @module
 */
import type { Clock } from "../runtime/port.ts";

/** How much is remembered. */
export interface ReplayMemoryInit {
  /** The least time a message is remembered, unless more than `entriesMax` come in it. */
  readonly keepMs: number;
  readonly entriesMax: number;
}

/** Two generations: the old one is forgotten whole, so that nothing is paid for forgetting. */
export class ReplayMemory {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #init: ReplayMemoryInit;
  #young = new Set<string>();
  #old = new Set<string>();
  #bornAtMs: number;

  constructor(components: { readonly clock: Pick<Clock, "monotonicMs"> }, init: ReplayMemoryInit) {
    this.#clock = components.clock;
    this.#init = init;
    this.#bornAtMs = components.clock.monotonicMs();
  }

  has(from: string, id: string): boolean {
    const key = keyOf(from, id);
    return this.#young.has(key) || this.#old.has(key);
  }

  add(from: string, id: string): void {
    const nowMs = this.#clock.monotonicMs();
    const isOld = nowMs - this.#bornAtMs >= this.#init.keepMs;
    if (isOld || this.#young.size >= this.#init.entriesMax / 2) {
      this.#old = this.#young;
      this.#young = new Set();
      this.#bornAtMs = nowMs;
    }
    this.#young.add(keyOf(from, id));
  }
}

function keyOf(from: string, id: string): string {
  return `${from} ${id}`;
}
