/**
 * Keeps the order of one sender's messages to one node where one of them did not get there.
 *
 * A sender has many under way. When one is refused, because its recipient is away or slow, or is lost with the recipient's connection,
 * those behind it must not pass although the recipient is back: they would come before it. So they are refused as well, until the
 * sender shows that it has heard of it: it sends the refused one again, or says `HELLO` to the node, as one does that keeps an order and
 * begins anew (`IN_ORDER_WORD`). Of a sender that does not say so nothing is refused that can be handed on, but what follows closely on
 * something that was too much for its recipient.
 *
 * On the way of a frame this costs two comparisons; what a pair of nodes needs is there only after something went wrong.
 *
 * @module
 */
import { isNodeId } from "../../contract/mod.ts";
import type { Clock } from "../../runtime/port.ts";
import {
  GAPS_ALL_MAX,
  GAPS_PER_SENDER_MAX,
  LATE_SENDERS_MAX,
  LOST_FOR_MS,
  PLAIN_REFUSED_FOR_MS,
  REFUSED_FOR_MS,
} from "./bounds.ts";
import type { RefusalReason } from "./counts.ts";
import type { Envelope } from "./read-envelope.ts";
import type { RelayLink } from "./relay-link.ts";

/** A message of a sender did not reach a node. Times are monotonic. */
export interface Gap {
  /** The message that was refused; `undefined` where it is not known which was lost. */
  readonly id: string | undefined;
  /** One was refused since. */
  isTold: boolean;
  untilMs: number;
}

/** How a message was refused. */
interface Refused {
  readonly reason: RefusalReason;
  readonly isTold: boolean;
}

/** See the module's description. */
export class MessageOrder {
  readonly #clock: Clock;
  /** Of all senders together. */
  #gaps = 0;

  constructor(components: { readonly clock: Clock }) {
    this.#clock = components.clock;
  }

  /** Something of the sender was handed on to the recipient. */
  handedOn(sender: RelayLink, recipient: RelayLink, nowMs: number): void {
    if (!sender.keepsOrder) return;
    const { lastSender, lastSentAtMs } = recipient;
    recipient.lastSentAtMs = nowMs;
    if (lastSender === sender) return;
    recipient.lastSender = sender;
    if (lastSender === undefined) return;
    const earlier = recipient.earlierSenders ??= new Map();
    earlier.delete(lastSender);
    earlier.set(lastSender, lastSentAtMs);
    const [oldest] = earlier.keys();
    if (earlier.size > LATE_SENDERS_MAX && oldest !== undefined) earlier.delete(oldest);
  }

  /** A node's connection is gone: what was handed on to it lately may never have been read. */
  lost(recipient: RelayLink): void {
    const { earlierSenders, lastSender, lastSentAtMs, registration } = recipient;
    recipient.earlierSenders = undefined;
    recipient.lastSender = undefined;
    if (registration === undefined || lastSender === undefined) return;
    for (const [sender, sentAtMs] of [...earlierSenders ?? [], [lastSender, lastSentAtMs] as const]) {
      const untilMs = sentAtMs + LOST_FOR_MS;
      this.#note(sender, registration.nodeId, { id: undefined, isTold: false, untilMs });
    }
  }

  /** A message was not handed on and not kept. @param isTold its sender has been told so */
  refused(sender: RelayLink, { id, t, to }: Envelope, { reason, isTold }: Refused): void {
    const isTooMuch = reason === "recipient_slow" || reason === "queues_full";
    if (t !== "DIRECT" || !isNodeId(to) || !(sender.keepsOrder || isTooMuch)) return;
    if (this.#gapOf(sender, to) !== undefined) return;
    const durationMs = sender.keepsOrder ? (isTold ? REFUSED_FOR_MS : LOST_FOR_MS) : PLAIN_REFUSED_FOR_MS;
    this.#note(sender, to, { id, isTold: true, untilMs: this.#clock.monotonicMs() + durationMs });
  }

  /** Whether a frame would come before one that did not get there. To be asked where the sender has gaps. */
  isOutOfOrder(sender: RelayLink, to: string, envelope: () => Envelope | undefined): boolean {
    const gap = this.#gapOf(sender, to);
    if (gap === undefined) return false;
    const { id, t } = envelope() ?? {};
    const isAnew = (t === "HELLO" && gap.isTold) || (t === "DIRECT" && id === gap.id);
    if (isAnew) this.#forget(sender, to);
    if (t !== "DIRECT" || isAnew) return false;
    if (!gap.isTold) gap.untilMs = this.#clock.monotonicMs() + REFUSED_FOR_MS;
    gap.isTold = true;
    return true;
  }

  /** Forgets what is over. */
  sweep(link: RelayLink, nowMs: number): void {
    if (link.lastSender !== undefined && link.lastSentAtMs + LOST_FOR_MS <= nowMs) {
      link.lastSender = undefined;
      link.earlierSenders = undefined;
    }
    if (link.gaps === undefined) return;
    for (const [to, { untilMs }] of link.gaps) if (untilMs <= nowMs) this.#forget(link, to);
  }

  /** A connection is gone, and with it whatever its node had under way. */
  closed(link: RelayLink): void {
    this.#gaps -= link.gaps?.size ?? 0;
    link.gaps = undefined;
    link.lastSender = undefined;
    link.earlierSenders = undefined;
  }

  #gapOf(sender: RelayLink, to: string): Gap | undefined {
    const gap = sender.gaps?.get(to);
    if (gap === undefined || this.#clock.monotonicMs() < gap.untilMs) return gap;
    this.#forget(sender, to);
    return undefined;
  }

  #note(sender: RelayLink, to: string, gap: Gap): void {
    if (!sender.isOpen || gap.untilMs <= this.#clock.monotonicMs()) return;
    this.#forget(sender, to);
    const [oldest] = sender.gaps?.keys() ?? [];
    if (oldest !== undefined && (sender.gaps?.size ?? 0) >= GAPS_PER_SENDER_MAX) this.#forget(sender, oldest);
    if (this.#gaps >= GAPS_ALL_MAX) return;
    (sender.gaps ??= new Map()).set(to, gap);
    this.#gaps++;
  }

  #forget(sender: RelayLink, to: string): void {
    if (sender.gaps?.delete(to) !== true) return;
    this.#gaps--;
    if (sender.gaps.size === 0) sender.gaps = undefined;
  }
}
