/**
 * What a relay keeps for a recipient that is away: the oldest of its messages, in their order.
 *
 * - L1  What is left with a relay comes behind all that is older: each message goes over the connection over which the relay said that it
 *       keeps the one before. So the relay has them in order, and hands them over so before anything newer.
 * - L2  Nothing is left behind messages that may not be there any more. Whatever shows that the recipient was back, that the connection is
 *       lost or that the relay refuses ends it; then all goes anew, from the oldest on, directly or to the relay. What is there already
 *       keeps its place there.
 * - L3  Whatever a relay says, every message stays pending until its recipient has answered.
 *
 * @module
 */
import type { Clock } from "../../runtime/port.ts";
import type { AttemptOutcome, Carrier, Keeper, KeptNews } from "../types.ts";
import type { DeliveryJournal } from "./journal.ts";
import type { Lane } from "./lane.ts";
import * as limits from "./limits.ts";
import type { PendingMessage } from "./pending-message.ts";
import type { Slots } from "./slots.ts";
import type { Waits } from "./waits.ts";

/** What leaving works with. */
export interface LeavingComponents {
  readonly carrier: Pick<Carrier, "attempt" | "leave">;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly journal: Pick<DeliveryJournal, "isTextScarce" | "kept" | "letGo">;
  readonly slots: Slots;
  readonly waits: Waits;
}

/** See the module's description. */
export class Leaving {
  readonly #components: LeavingComponents;
  readonly #atOnceMax: number;

  constructor(components: LeavingComponents, init: { readonly inFlightPerRecipient: number }) {
    this.#components = components;
    this.#atOnceMax = Math.min(limits.LEFT_AT_ONCE_MAX, init.inFlightPerRecipient);
  }

  /** Makes the attempt that this round is for. */
  attempt(lane: Lane, message: PendingMessage): Promise<AttemptOutcome> {
    const { carrier } = this.#components;
    const { head, isLeaving, keeper } = lane;
    if (isLeaving && keeper !== undefined) return carrier.leave(message, keeper);
    return carrier.attempt(message, message === head && !this.#isLongAgo(lane) ? keeper : undefined);
  }

  /** Begins to leave what is to be left by a recipient that waits, and lets it wait on afterwards. */
  begin(lane: Lane): void {
    const { slots, waits } = this.#components;
    if (lane.keeper === undefined || lane.lastLeft?.next === undefined || !this.hasRoom(lane)) return;
    waits.end(lane);
    lane.isLeaving = true;
    lane.window = this.#atOnceMax;
    lane.cursor = lane.lastLeft.next;
    slots.enqueue(lane);
  }

  /** As much was left as is there, or may be, or others wanted the place. */
  goOn(lane: Lane): void {
    this.#components.waits.resume(lane);
    this.begin(lane);
  }

  /** A relay says that it keeps the message. @returns whether it was to be left there, and nothing more */
  left(lane: Lane, message: PendingMessage, keeper: Keeper): boolean {
    const { journal } = this.#components;
    journal.kept(message, keeper);
    if (journal.isTextScarce) journal.letGo(message);
    const isFirst = message === lane.head && (lane.keeper !== keeper || this.#isLongAgo(lane));
    if (isFirst) this.#trust(lane, keeper);
    const isNext = lane.keeper === keeper && lane.lastLeft !== undefined && message.previous === lane.lastLeft;
    if (isFirst || isNext) {
      lane.lastLeft = message;
      lane.leftCount++;
      lane.leftBytes += message.sizeBytes;
    }
    return lane.isLeaving;
  }

  /** An attempt failed otherwise. */
  failed(lane: Lane, message: PendingMessage, byRecipient: boolean): void {
    // Handed over, it left the relay.
    if (byRecipient) this.#components.journal.kept(message, undefined);
    // The relay was there until now: all is soon left there anew. One that keeps the first and refuses the next is not asked so soon.
    if (lane.isLeaving && this.#leftForMs(lane) >= limits.LEFT_LASTING_MS) lane.failures = 0;
    lane.endLeaving();
  }

  /** Whether more may be left. */
  hasRoom(lane: Lane): boolean {
    return !lane.isKeeperFull && lane.leftCount < limits.LEFT_MESSAGES_MAX && lane.leftBytes < limits.LEFT_BYTES_MAX;
  }

  /** Notes what is heard of a message. @returns it, when it is delivered */
  heard(lane: Lane, { id, what }: KeptNews): PendingMessage | undefined {
    const message = find(lane, id);
    if (what === "dropped") lane.isKeeperFull = lane.keeper !== undefined;
    else lane.endLeaving();
    if (message === undefined || what === "delivered") return message;
    this.#components.journal.kept(message, undefined);
    return undefined;
  }

  #trust(lane: Lane, keeper: Keeper): void {
    lane.endLeaving();
    lane.keeper = keeper;
    lane.leftSinceMs = this.#components.clock.monotonicMs();
  }

  #isLongAgo(lane: Lane): boolean {
    return this.#leftForMs(lane) >= limits.LEFT_FOR_MS;
  }

  #leftForMs(lane: Lane): number {
    return this.#components.clock.monotonicMs() - lane.leftSinceMs;
  }
}

/** Answers come in the order of the messages, so it is one of the first. */
function find(lane: Lane, id: string): PendingMessage | undefined {
  let message = lane.head;
  for (let count = 0; count < 2 * limits.LEFT_MESSAGES_MAX && message !== undefined; count++) {
    if (message.id === id) return message;
    message = message.next;
  }
  return undefined;
}
