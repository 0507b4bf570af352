/** Recipients as the protocol wants them, with connections that break and a host that refuses now and then. @module */
import type { AttemptOutcome, OutgoingMessage } from "../../../../src/mailbox/types.ts";
import type { Clock } from "../../../../src/runtime/port.ts";
import { SeededRandom } from "../../../sim/random.ts";
import { after, DELIVERED, failedBy } from "./support.ts";

/** Probabilities for each attempt. */
export interface FarEndFaults {
  /** The connection breaks: this message and those behind it on the connection are lost. */
  readonly lostRate: number;
  /** The message arrives, its answer does not, and the connection is gone. */
  readonly unansweredRate: number;
  /** `RATE_LIMIT`: this one and all others are refused until it comes again, for 2 s at most. */
  readonly refusedRate: number;
}

const HOLD_MS = 2_000;

interface Recipient {
  /** Texts in the order of their first arrival. */
  readonly inbox: string[];
  readonly seen: Set<string>;
  inFlight: number;
  isBroken: boolean;
  heldFor: { readonly id: string; readonly untilMs: number } | undefined;
}

/** Remembers across the sender's crashes, as recipients do. */
export class FarEnd {
  readonly #random: SeededRandom;
  readonly #recipients = new Map<string, Recipient>();
  faults: FarEndFaults;

  constructor(seed: number, faults: FarEndFaults) {
    this.#random = new SeededRandom(seed);
    this.faults = faults;
  }

  inbox(to: string): readonly string[] {
    return this.#recipient(to).inbox;
  }

  /** For a `ScriptedCarrier`. */
  readonly answer = async ({ id, msg, to }: OutgoingMessage, clock: Clock): Promise<AttemptOutcome> => {
    const recipient = this.#recipient(to);
    if (recipient.inFlight++ === 0) recipient.isBroken = false;
    const outcome = this.#take(recipient, id, msg, clock.monotonicMs());
    const answered = await after(clock, this.#random.integer(1, 20), outcome);
    recipient.inFlight--;
    return answered;
  };

  /** The sender's process is gone, and with it its connections. */
  dropConnections(): void {
    for (const recipient of this.#recipients.values()) recipient.inFlight = 0;
  }

  #take(recipient: Recipient, id: string, msg: string, nowMs: number): AttemptOutcome {
    const { lostRate, refusedRate, unansweredRate } = this.faults;
    if (recipient.isBroken || this.#random.chance(lostRate)) {
      recipient.isBroken = true;
      return failedBy("CONNECTION_LOST");
    }
    const held = recipient.heldFor;
    const isHeld = held !== undefined && held.id !== id && nowMs < held.untilMs;
    if (isHeld || this.#random.chance(refusedRate)) {
      if (!isHeld) recipient.heldFor = { id, untilMs: nowMs + HOLD_MS };
      return failedBy("RATE_LIMIT", true);
    }
    recipient.heldFor = undefined;
    if (!recipient.seen.has(id)) recipient.inbox.push(msg);
    recipient.seen.add(id);
    if (!this.#random.chance(unansweredRate)) return DELIVERED;
    recipient.isBroken = true;
    return failedBy("TIMED_OUT");
  }

  #recipient(to: string): Recipient {
    const known = this.#recipients.get(to);
    if (known !== undefined) return known;
    const recipient: Recipient = { inbox: [], seen: new Set(), inFlight: 0, isBroken: false, heldFor: undefined };
    this.#recipients.set(to, recipient);
    return recipient;
  }
}
