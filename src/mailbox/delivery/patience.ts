/**
 * When a message is given up.
 *
 * Its time is over when the process has known it for so long (monotonic), or when the wall clock says that so much time has passed since it
 * was accepted and has kept saying so for a while: a 168th of the time, an hour of seven days. So what a host slept or was switched off
 * counts, but a clock that is set wrong for a moment costs no message. A wall clock set back costs none either: the other clock goes on.
 *
 * @module
 */
import type { PendingMessage } from "./pending-message.ts";

/** The part of the whole time that the wall clock alone must keep to its word. */
const CONFIRMATION_RATIO = 1 / 168;

/** Both clocks, read once. */
export interface Instant {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** `in-time`: by both clocks. `doubtful`: the wall clock has to confirm. `over`: give it up. */
export type Verdict = "in-time" | "doubtful" | "over";

export class Patience {
  readonly #giveUpAfterMs: number;

  constructor(giveUpAfterMs: number) {
    this.#giveUpAfterMs = giveUpAfterMs;
  }

  /** Judges a message whose recipient has just failed to answer, and remembers since when the wall clock is against it. */
  judge(message: PendingMessage, now: Instant): Verdict {
    const isLate = now.wallMs - message.acceptedAtMs >= this.#giveUpAfterMs;
    if (!isLate) message.overdueSinceMs = -1;
    else if (message.overdueSinceMs === -1) message.overdueSinceMs = now.monotonicMs;
    if (now.monotonicMs - message.knownSinceMs >= this.#giveUpAfterMs) return "over";
    if (!isLate) return "in-time";
    const confirmedMs = now.monotonicMs - message.overdueSinceMs;
    return confirmedMs >= this.#giveUpAfterMs * CONFIRMATION_RATIO ? "over" : "doubtful";
  }
}
