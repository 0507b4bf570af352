/**
 * `DIRECT` on its way in: to the inbox, and the answer back. Source: MoltComm v1, section 5; section 11, readings 1 to 3.
 *
 * The `ACK` leaves only after `deliver` said that the line is durable. Once a message of a sender was refused, those behind it on the
 * same link are refused as well until it comes again, so that a sender with many in flight keeps their order.
 *
 * @module
 */
import type { Clock } from "../runtime/port.ts";
import {
  DETAIL_CHARACTERS_MAX,
  FOLLOWED_BY_FRAMES,
  REFUSED_IN_ORDER_KEPT_FACTOR,
  REFUSED_SENDERS_MAX,
  REFUSED_SENDERS_PER_RELAY_MAX,
} from "./bounds.ts";
import type { Link } from "./link.ts";
import type { Refusal, Refusals } from "./refusals.ts";
import { InOrder, isSealedText, type Sealing, type Unsealed } from "./sealing/mod.ts";
import type { DeliveryOutcome, IncomingMail } from "./types.ts";
import type { Voice } from "./voice.ts";
import type { MessageOf, ProtocolErrorCode } from "./wire/types.ts";

type Direct = MessageOf<"DIRECT">;

/** A message whose fate is known and whose sender is still to be told. */
export interface DirectAnswer {
  readonly link: Link;
  readonly message: Direct;
  readonly frameBytes: number;
  readonly outcome: DeliveryOutcome;
}

/** A message that passed every check, and its place among all. */
interface Arrived {
  readonly arrival: number;
  readonly link: Link;
  readonly message: Direct;
  readonly frameBytes: number;
}

/** What the reception of mail works with. */
export interface DirectsComponents {
  readonly clock: Clock;
  readonly incoming: IncomingMail;
  readonly refusals: Refusals;
  readonly sealing: Pick<Sealing, "open" | "openNow">;
  readonly voice: Voice;
  /** Counts messages that are being written against their link. */
  readonly reading: {
    delivering(link: Link, bytes: number): void;
    delivered(link: Link, bytes: number): void;
  };
  /** Puts an answer into the turns. */
  readonly turns: { answer(answer: DirectAnswer): void };
  /** Gives a sender back what a message took of its rate. */
  readonly giveBack: (from: string) => void;
  /** Our own mistake in the inbox. */
  readonly onFault: (thrown: unknown) => void;
}

/** How order is kept. */
export interface DirectsInit {
  /**
   * After a message of a sender was refused, those that come, or were signed, less than so long after are refused as well, until that one
   * comes again: they were under way before the sender knew, from the refusal or because no answer came in its time. A sender that gave
   * the message up goes on after that time.
   */
  readonly requestTimeoutMs: number;
}

/** See the module's description. */
export class Directs {
  readonly #components: DirectsComponents;
  readonly #init: DirectsInit;
  #underWay = 0;
  /** Messages so far, those refused on arrival among them. */
  #arrivals = 0;
  #onIdle: (() => void) | undefined;
  /** By sender: those of whose messages one is being opened. What comes behind it waits, so that their order is kept. */
  readonly #opening = new Map<string, InOrder>();

  constructor(components: DirectsComponents, init: DirectsInit) {
    this.#components = components;
    this.#init = init;
  }

  /** Messages whose fate is not known yet. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Calls back once nothing is under way. */
  whenIdle(callback: () => void): void {
    if (this.#underWay === 0) callback();
    else this.#onIdle = callback;
  }

  /** Whether an earlier message of this sender was refused on this link, and has not come again. */
  isOutOfOrder(link: Link, { from, id, ts }: Direct): boolean {
    const refused = link.refusedInOrder?.get(from);
    if (refused === undefined || refused.id === id) return false;
    const sinceMs = this.#components.clock.monotonicMs() - refused.refusedAtMs;
    const { requestTimeoutMs } = this.#init;
    if (sinceMs < REFUSED_IN_ORDER_KEPT_FACTOR * requestTimeoutMs) {
      return sinceMs < requestTimeoutMs || ts < refused.signedBeforeMs;
    }
    link.refusedInOrder?.delete(from);
    return false;
  }

  /** Refuses a message on arrival, and if it may come again, those behind it until it does. */
  refuse(link: Link, message: Direct, refusal: Pick<Refusal, "code" | "detail">): void {
    const { from, id } = message;
    this.#markRefused(link, message, ++this.#arrivals, refusal.code);
    this.#components.refusals.refuse(link, { ...refusal, ref: id, from });
  }

  /** The refused message came again, signed by its sender: those behind it may follow. */
  cameAgain(link: Link, { from, id }: Direct): void {
    if (link.refusedInOrder?.get(from)?.id === id) link.refusedInOrder.delete(from);
  }

  /** Takes a message that passed every check. */
  receive(link: Link, message: Direct, frameBytes: number): void {
    const { clock, reading } = this.#components;
    link.usedAtMs = clock.monotonicMs();
    reading.delivering(link, frameBytes);
    this.#underWay++;
    const arrived = { arrival: ++this.#arrivals, link, message, frameBytes };
    const { from, body: { msg } } = message;
    const opening = this.#opening.get(from);
    if (isSealedText(msg)) this.#open(arrived, opening);
    else if (opening === undefined) this.#deliver(arrived, msg);
    else opening.addReady(() => this.#deliver(arrived, msg));
  }

  #open(arrived: Arrived, opening: InOrder | undefined): void {
    const { sealing } = this.#components;
    const { from, id, to = "", body } = arrived.message;
    const addressing = { from, to, id };
    const unsealed = opening === undefined ? sealing.openNow(body.msg, addressing) : undefined;
    if (unsealed !== undefined) return this.#opened(arrived, unsealed);
    const waiting = opening ?? new InOrder();
    this.#opening.set(from, waiting);
    waiting.add(sealing.open(body.msg, addressing), (later) => {
      if (waiting.isIdle) this.#opening.delete(from);
      this.#opened(arrived, later);
    });
  }

  #opened(arrived: Arrived, unsealed: Unsealed): void {
    if ("msg" in unsealed) this.#deliver(arrived, unsealed.msg);
    else this.#settled(arrived, { outcome: "refused", ...unsealed.refused });
  }

  #deliver(arrived: Arrived, msg: string): void {
    const { clock, incoming, onFault } = this.#components;
    const { link, message: { from, id, to = "" }, frameBytes } = arrived;
    const isFollowed = link.bufferedBytes >= FOLLOWED_BY_FRAMES * frameBytes;
    incoming.deliver({ from, id, to, msg, receivedAtMs: clock.wallMs(), isFollowed }).then(
      (outcome) => this.#settled(arrived, outcome),
      (thrown: unknown) => {
        onFault(thrown);
        this.#settled(arrived, { outcome: "refused", code: "RATE_LIMIT", detail: "the message could not be kept" });
      },
    );
  }

  /** Tells the sender what became of its message. */
  answer({ link, message, frameBytes, outcome }: DirectAnswer): void {
    const { reading, refusals, voice, giveBack } = this.#components;
    const { from, id } = message;
    switch (outcome.outcome) {
      case "delivered":
        voice.say(link, "ACK", from, { ref: id });
        break;
      case "duplicate":
        // Whoever plays a sender's messages again must not use up its rate.
        giveBack(from);
        refusals.refuse(link, { code: "REPLAY", detail: "it was delivered before", ref: id, from });
        break;
      case "refused":
        refusals.refuse(link, {
          code: outcome.code,
          detail: outcome.detail.slice(0, DETAIL_CHARACTERS_MAX),
          ref: id,
          from,
        });
        break;
    }
    reading.delivered(link, frameBytes);
    this.#underWay--;
    if (this.#underWay > 0 || this.#onIdle === undefined) return;
    this.#onIdle();
    this.#onIdle = undefined;
  }

  #settled({ arrival, link, message, frameBytes }: Arrived, outcome: DeliveryOutcome): void {
    // At once, and not when the answer's turn comes: those behind it may have their turn before.
    if (outcome.outcome === "refused") this.#markRefused(link, message, arrival, outcome.code);
    this.#components.turns.answer({ link, message, frameBytes, outcome });
  }

  /**
   * Notes the first refused message of a sender. One that arrived earlier may be refused later, when the inbox has tried. What is
   * refused for good is not waited for: the sender goes on without it.
   */
  #markRefused(link: Link, { from, id, ts }: Direct, arrival: number, code: ProtocolErrorCode): void {
    if (code === "UNSUPPORTED" || code === "BAD_FRAME" || link.isClosed) return;
    const refused = (link.refusedInOrder ??= new Map());
    const first = refused.get(from);
    if (first !== undefined && first.id !== id && first.arrival < arrival) return;
    const [oldest] = refused.keys();
    const sendersMax = link.relay === undefined ? REFUSED_SENDERS_MAX : REFUSED_SENDERS_PER_RELAY_MAX;
    if (first === undefined && refused.size >= sendersMax && oldest !== undefined) refused.delete(oldest);
    const { clock } = this.#components;
    // A clock that is off says nothing about when; ours has to do.
    const signedBeforeMs = (code === "BAD_TS" ? clock.wallMs() : ts) + this.#init.requestTimeoutMs;
    refused.set(from, { id, arrival, refusedAtMs: clock.monotonicMs(), signedBeforeMs });
  }
}
