/**
 * Keeps count of what is wrong and may be wrong again soon, so that it is said once a while and not each time.
 *
 * @module
 */
import { LOG_PROBLEMS_MAX, LOG_REPEAT_INTERVAL_MS } from "../limits.ts";

interface Problem {
  readonly sinceWallMs: number;
  readonly sinceMonotonicMs: number;
  saidAtMs: number;
  unsaid: number;
  occurrences: number;
}

/** When an occurrence is to be said. */
export interface Occurrence {
  /** Occurrences since the line before, this one included; `undefined` at the first. */
  readonly repeated: number | undefined;
  /** Wall time of the first occurrence, in Unix milliseconds. */
  readonly sinceWallMs: number;
}

/** What was said to be over. */
export interface Ended {
  readonly durationMs: number;
  readonly occurrences: number;
}

/** The problems that are open, by key; at most `LOG_PROBLEMS_MAX`, the one longest silent makes room. */
export class Problems {
  readonly #open = new Map<string, Problem>();

  /**
   * Counts one occurrence.
   *
   * @param now both clocks, in milliseconds: the monotonic one measures, the wall clock is shown
   * @returns what to say about it; `undefined` when it was said less than `LOG_REPEAT_INTERVAL_MS` ago
   */
  occurred(key: string, now: { readonly wallMs: number; readonly monotonicMs: number }): Occurrence | undefined {
    const problem = this.#open.get(key);
    if (problem === undefined) return this.#opened(key, now);
    // Removed and put back: the map's order is the order of the last occurrence, which decides who makes room.
    this.#open.delete(key);
    this.#open.set(key, problem);
    problem.occurrences++;
    problem.unsaid++;
    if (now.monotonicMs - problem.saidAtMs < LOG_REPEAT_INTERVAL_MS) return undefined;
    const repeated = problem.unsaid;
    problem.saidAtMs = now.monotonicMs;
    problem.unsaid = 0;
    return { repeated, sinceWallMs: problem.sinceWallMs };
  }

  /** Closes a problem; `undefined` when none is open under the key. */
  ended(key: string, monotonicMs: number): Ended | undefined {
    const problem = this.#open.get(key);
    if (problem === undefined) return undefined;
    this.#open.delete(key);
    return { durationMs: Math.round(monotonicMs - problem.sinceMonotonicMs), occurrences: problem.occurrences };
  }

  #opened(key: string, now: { readonly wallMs: number; readonly monotonicMs: number }): Occurrence {
    const silent = this.#open.size >= LOG_PROBLEMS_MAX ? this.#open.keys().next().value : undefined;
    if (silent !== undefined) this.#open.delete(silent);
    this.#open.set(key, {
      sinceWallMs: now.wallMs,
      sinceMonotonicMs: now.monotonicMs,
      saidAtMs: now.monotonicMs,
      unsaid: 0,
      occurrences: 1,
    });
    return { repeated: undefined, sinceWallMs: now.wallMs };
  }
}
