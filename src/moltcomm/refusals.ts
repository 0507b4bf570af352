/**
 * Turning messages away: counted, logged once a while, and answered while the address that sent them has not used up its answers.
 *
 * Source: MoltComm v1, sections 4, 5 and 7.
 *
 * @module
 */
import type { Logger } from "../log/mod.ts";
import { RateLimiter } from "../rate-limiter.ts";
import type { Clock } from "../runtime/port.ts";
import { RATE_KEYS_MAX } from "./bounds.ts";
import type { Link } from "./link.ts";
import { Traffic } from "./traffic.ts";
import type { Voice } from "./voice.ts";
import type { ProtocolErrorCode } from "./wire/types.ts";

/** The share of an address' frames that errors are answered for: a signature each must not be what a flood buys. */
const ANSWERS_RATIO = 1 / 10;

/** What refusals work with. */
export interface RefusalsComponents {
  readonly clock: Clock;
  readonly log: Logger;
  readonly traffic: Traffic;
  readonly voice: Voice;
}

/** How often they are answered. */
export interface RefusalsInit {
  readonly framesPerSecondPerAddress: number;
  readonly messagesPerSecondPerSender: number;
  readonly messagesBurstPerSender: number;
}

/** One message turned away. */
export interface Refusal {
  readonly code: ProtocolErrorCode;
  readonly detail: string;
  /** The message's id and sender, as far as they could be read. */
  readonly ref?: string | undefined;
  readonly from?: string | undefined;
}

/** See the module's description. */
export class Refusals {
  readonly #components: RefusalsComponents;
  readonly #answers: RateLimiter;
  /** Those that go back through a relay, by sender: one of them must not use up what the others are answered from. */
  readonly #answersThroughRelays: RateLimiter;

  constructor(components: RefusalsComponents, init: RefusalsInit) {
    this.#components = components;
    const perSecond = Math.max(1, init.framesPerSecondPerAddress * ANSWERS_RATIO);
    // The burst takes what one recipient's whole window of messages in flight can draw.
    const burst = Math.max(1, init.framesPerSecondPerAddress);
    this.#answers = new RateLimiter(components, { perSecond, burst, keysMax: RATE_KEYS_MAX });
    this.#answersThroughRelays = new RateLimiter(components, {
      perSecond: init.messagesPerSecondPerSender,
      burst: init.messagesBurstPerSender,
      keysMax: RATE_KEYS_MAX,
    });
  }

  /** Counts and logs a refusal without an answer: nobody is told, or an answer was refused. */
  note(link: Link, refusal: Refusal): void {
    const { code, detail, from } = refusal;
    Traffic.count(this.#components.traffic.refused, code);
    const fields = { code, detail, remote: link.remote, ...(from === undefined ? {} : { from }) };
    this.#components.log.problem(`moltcomm_refused:${code}`, "warn", "message_refused", fields);
  }

  /**
   * Refuses what nobody is known to have signed. Over a relay the answer does not say what it is about: the relay could have spoilt a
   * message on its way, and our word would make its sender give it up.
   */
  refuseUnproven(link: Link, refusal: Refusal): void {
    this.refuse(link, link.relay === undefined ? refusal : { ...refusal, ref: undefined });
  }

  /** Refuses a message. */
  refuse(link: Link, refusal: Refusal): void {
    this.note(link, refusal);
    const { code, detail, ref, from } = refusal;
    if (link.relay !== undefined && this.#answersThroughRelays.take(from ?? link.remoteKey) > 0) return;
    if (this.#answers.take(link.remoteKey) > 0) return;
    this.#components.voice.say(link, "ERROR", from, ref === undefined ? { code, detail } : { ref, code, detail });
  }
}
