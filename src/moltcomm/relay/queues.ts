/**
 * What waits for nodes that read more slowly than others write to them.
 *
 * Up to a share of its queue such a node gets everything; beyond that, whoever sends to it is not read, so that his own writes come to
 * rest. But a sender has other recipients: after a second he is read again, and what comes for the slow one is refused until it has taken
 * everything. So no queue grows without bound, and nobody waits long for another's recipient.
 *
 * @module
 */
import type { Clock } from "../../runtime/port.ts";
import { QUEUE_PAUSE_RATIO, RECOUNT_MS, SLOW_READER_PAUSE_MS } from "./bounds.ts";
import { Counts, type RefusalReason } from "./counts.ts";
import type { RelayLink } from "./relay-link.ts";
import type { Rests } from "./rests.ts";

/** What the queues work with. */
export interface QueuesComponents {
  readonly clock: Clock;
  readonly counts: Counts;
  readonly rests: Rests;
}

/** See the module's description. */
export class Queues {
  readonly #components: QueuesComponents;
  readonly #perNodeMax: number;
  readonly #allMax: number;
  readonly #pauseAt: number;
  /** Links that were asked to take less. */
  readonly #backedUp = new Set<RelayLink>();
  #bytes = 0;
  #countedAtMs = 0;

  constructor(
    components: QueuesComponents,
    init: { readonly queuedBytesPerNode: number; readonly queuedBytesMax: number },
  ) {
    this.#components = components;
    this.#perNodeMax = init.queuedBytesPerNode;
    this.#allMax = init.queuedBytesMax;
    this.#pauseAt = init.queuedBytesPerNode * QUEUE_PAUSE_RATIO;
  }

  /** Links that have not taken everything. */
  get backedUp(): ReadonlySet<RelayLink> {
    return this.#backedUp;
  }

  /** The bytes of all queues, now. */
  get bytes(): number {
    this.#recount();
    return this.#bytes;
  }

  /** Whether so much waits that what can wait elsewhere should. */
  get isCrowded(): boolean {
    const nowMs = this.#components.clock.monotonicMs();
    if (nowMs - this.#countedAtMs >= RECOUNT_MS) this.#recount();
    return this.#bytes >= this.#allMax * QUEUE_PAUSE_RATIO;
  }

  /** Why a link gets nothing more for now. A queue takes one frame beyond its bound, so that any frame can pass. */
  whyNot(recipient: RelayLink): RefusalReason | undefined {
    if (recipient.queuedBytes === 0) return undefined;
    if (recipient.isStalled || recipient.queuedBytes >= this.#perNodeMax) return "recipient_slow";
    if (this.#bytes < this.#allMax) return undefined;
    const nowMs = this.#components.clock.monotonicMs();
    if (nowMs - this.#countedAtMs >= RECOUNT_MS) this.#recount();
    return this.#bytes < this.#allMax ? undefined : "queues_full";
  }

  /** The link did not take all of what a sender had for it. @param sender `undefined`: the relay itself */
  notTaken(recipient: RelayLink, sender?: RelayLink): void {
    this.#backedUp.add(recipient);
    this.#count(recipient);
    if (sender === undefined || recipient.isStalled || recipient.queuedBytes <= this.#pauseAt) return;
    const { counts, rests } = this.#components;
    let waiting = recipient.waiting;
    if (waiting === undefined) {
      const begun = recipient.waiting = waiting = new Set();
      rests.add(SLOW_READER_PAUSE_MS, () => {
        if (recipient.waiting !== begun) return;
        recipient.isStalled = true;
        this.#release(recipient);
      });
    }
    if (waiting.has(sender)) return;
    Counts.add(counts.pauses, "slow_recipient");
    waiting.add(sender);
    sender.hold();
  }

  /** The link has taken everything, or is gone. */
  settled(recipient: RelayLink): void {
    if (!this.#backedUp.delete(recipient)) return;
    recipient.isStalled = false;
    recipient.untakenSinceMs = undefined;
    this.#count(recipient);
    this.#release(recipient);
  }

  #release(recipient: RelayLink): void {
    const { waiting } = recipient;
    recipient.waiting = undefined;
    if (waiting === undefined) return;
    // What a sender had sent meanwhile comes at once, and others may be in the middle of theirs.
    this.#components.clock.nextTurn(() => waiting.forEach((sender) => sender.release()));
  }

  #recount(): void {
    this.#countedAtMs = this.#components.clock.monotonicMs();
    for (const link of this.#backedUp) this.#count(link);
  }

  #count(link: RelayLink): void {
    const bytes = this.#backedUp.has(link) ? link.queuedBytes : 0;
    this.#bytes += bytes - link.countedBytes;
    link.countedBytes = bytes;
  }
}
