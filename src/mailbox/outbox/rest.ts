/**
 * How long the file has stood still, and whether it is sure that it did: facts such as the time of change are coarse, so a file is
 * compared once more, byte for byte, after it has come to rest.
 *
 * @module
 */
import type { Clock, FileStat } from "../../runtime/port.ts";
import type { Finality } from "./gather.ts";
import { SETTLE_MS, SURE_MS, SURE_TIME_RATIO_MAX, TAIL_REST_MS, WHOLE_BYTES_MAX } from "./limits.ts";
import { isSameStat } from "./reading.ts";

/** What became of the file since the last look. */
export type Change = "same" | "appended" | "other";

/** See the module's description. */
export class Rest {
  readonly #clock: Clock;
  #stat: FileStat | undefined;
  #isKnown = false;
  #sinceMs = 0;
  #lookedAtMs = 0;
  #isSure = false;
  #checkNotBeforeMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes up what the file is like now. */
  note(stat: FileStat | undefined): Change {
    this.#lookedAtMs = this.#clock.monotonicMs();
    if (this.#isKnown && isSameStat(this.#stat, stat)) return "same";
    const previous = this.#isKnown ? this.#stat : undefined;
    this.#stat = stat;
    this.#isKnown = true;
    this.disturbed();
    if (previous === undefined || previous.fileId !== stat?.fileId) return "other";
    return stat.sizeBytes > previous.sizeBytes ? "appended" : "other";
  }

  /** The file is not what it was, whatever its facts say. */
  disturbed(): void {
    this.#sinceMs = this.#lookedAtMs;
    this.#isSure = false;
  }

  get stat(): FileStat | undefined {
    return this.#stat;
  }

  /** How long the file had stood still when it was last looked at, in milliseconds. */
  get restedMs(): number {
    return this.#lookedAtMs - this.#sinceMs;
  }

  get finality(): Finality {
    if (this.restedMs < TAIL_REST_MS) return "growing";
    return this.restedMs < SETTLE_MS ? "resting" : "settled";
  }

  /** Whether the file has stood still for `SETTLE_MS`, and surely so. */
  get isSettled(): boolean {
    return this.#isSure && this.restedMs >= SETTLE_MS;
  }

  /** Whether all that was read is to be compared, not only its end. */
  wantsCheck(change: Change, readBytes: number): boolean {
    if (change === "same") return this.isCheckDue;
    return change === "other" || readBytes <= WHOLE_BYTES_MAX;
  }

  /** Whether a file that seems to be the same is to be compared. */
  get isCheckDue(): boolean {
    return !this.#isSure && this.restedMs >= SURE_MS && this.#lookedAtMs >= this.#checkNotBeforeMs;
  }

  /** All was compared or read anew in this look, which began at `startedAtMs`. */
  checked(startedAtMs: number): void {
    this.#isSure = this.restedMs >= SURE_MS;
    const nowMs = this.#clock.monotonicMs();
    this.#checkNotBeforeMs = nowMs + (nowMs - startedAtMs) / SURE_TIME_RATIO_MAX;
  }

  /** Milliseconds until the file will have rested for so long. */
  untilRested(restMs: number): number {
    return this.#sinceMs + restMs - this.#clock.monotonicMs();
  }

  /** Milliseconds until a comparison is due; `undefined` when none will be. */
  get checkInMs(): number | undefined {
    if (this.#isSure || this.#stat === undefined) return undefined;
    return Math.max(this.untilRested(SURE_MS), this.#checkNotBeforeMs - this.#clock.monotonicMs());
  }
}
