/**
 * When an agent may be woken (again). Source: the gateway notes, section 3.1: a gateway starts an agent 5 times a minute at most, keeps
 * 20 events, and says "queued" whether the agent then runs or not.
 *
 * @module
 */

/** All in milliseconds. */
export interface PaceInit {
  /** Messages within so long of a wake call are for the next one. */
  readonly mergeMs: number;
  /** An agent that has read nothing after so long is woken again; each further time it is given twice as long. */
  readonly retryMs: number;
  /** How often it is woken again while nothing new comes. */
  readonly retriesMax: number;
}

const STARTS_MAX = 5;
const STARTS_WINDOW_MS = 60_000;
/** One call may be lost. */
const UNHEEDED_MIN = 2;
const WAIT_MS_MAX = 60 * 60_000;
const FAILURE_WAIT_MS = 5_000;
const FAILURE_WAIT_MS_MAX = 5 * 60_000;

/** Counts calls and what came of them. All times are of a monotonic clock. */
export class Pace {
  readonly #init: PaceInit;
  #startsMs: number[] = [];
  #lastMs = Number.NEGATIVE_INFINITY;
  #unheeded = 0;
  #unheededSinceMs = 0;
  #hasNews = false;
  #failures = 0;
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(init: PaceInit) {
    this.#init = init;
  }

  /** Wake calls that were taken since the agent last read something. */
  get unheeded(): number {
    return this.#unheeded;
  }

  /** Whether something came since the last call. */
  get hasNews(): boolean {
    return this.#hasNews;
  }

  /** Whether it was given up until something new comes. */
  get hasGivenUp(): boolean {
    return !this.#hasNews && this.#unheeded > this.#init.retriesMax;
  }

  /** Whether an agent that runs would have read something by now. */
  isUnheeded(nowMs: number): boolean {
    if (this.hasGivenUp) return true;
    return this.#unheeded >= UNHEEDED_MIN && nowMs - this.#unheededSinceMs >= this.#init.retryMs;
  }

  /** A message came that is worth waking for. */
  arrived(): void {
    this.#hasNews = true;
  }

  /** The agent has read something. */
  read(): void {
    this.#unheeded = 0;
  }

  /** A wake call was taken, or may have been before this process began. */
  woken(nowMs: number): void {
    this.#startsMs = [...this.#startsMs.filter((startMs) => startMs > nowMs - STARTS_WINDOW_MS), nowMs];
    this.#lastMs = nowMs;
    if (this.#unheeded === 0) this.#unheededSinceMs = nowMs;
    this.#unheeded++;
    this.#hasNews = false;
    this.#failures = 0;
  }

  /** A wake call failed. @param retryAfterMs the far end's own word */
  failed(nowMs: number, retryAfterMs = 0): void {
    const waitMs = Math.min(FAILURE_WAIT_MS * 2 ** this.#failures, FAILURE_WAIT_MS_MAX);
    this.#failures++;
    this.#notBeforeMs = nowMs + Math.max(waitMs, retryAfterMs);
  }

  /** What made calls fail may have changed. */
  forgive(): void {
    this.#failures = 0;
    this.#notBeforeMs = Number.NEGATIVE_INFINITY;
  }

  /** When the next call is due while something is unread; `undefined` when it has been given up. */
  dueMs(): number | undefined {
    if (this.hasGivenUp) return undefined;
    const [firstMs = 0] = this.#startsMs.slice(-STARTS_MAX);
    const allowedMs = this.#startsMs.length < STARTS_MAX ? Number.NEGATIVE_INFINITY : firstMs + STARTS_WINDOW_MS;
    return Math.max(this.#lastMs + this.#waitMs(), allowedMs, this.#notBeforeMs);
  }

  #waitMs(): number {
    const { mergeMs, retryMs } = this.#init;
    if (this.#unheeded === 0) return mergeMs;
    const waitMs = this.#hasNews ? mergeMs : retryMs;
    return Math.max(mergeMs, Math.min(waitMs * 2 ** (this.#unheeded - 1), WAIT_MS_MAX));
  }
}
