/**
 * Whether relays are still there, and how fast they answer.
 *
 * A connection that was cut without a word looks like a silent one, and is to be noticed within 30 s. Ten thousand nodes that
 * ask by `PING` for that cost the relay four hundred signatures a second, and TCP has the same question for nothing: where the
 * kernel can be told to ask (see `Connection.keepAlive`), it does, and a `PING` goes out every few minutes only. The kernel does
 * not ask while something that we sent is under way. So whenever something was sent, silence is met by a `PING` as it is where
 * the kernel does not help; its answer shows that all before it has arrived. A relay that does not answer is given up.
 *
 * The question names nobody: a relay passes on whatever names somebody. One that has never said who it is gets the question for
 * ourselves, and passes it back. Source: MoltComm v1, sections 5 and 8.
 *
 * Whoever can answer in the relay's place can also let questions and answers through and nothing else: that somebody is there is
 * all that either shows, and no signature would make it more.
 *
 * @module
 */
import type { Clock } from "../../runtime/port.ts";
import type { Link } from "../link.ts";
import type { Links } from "../links.ts";
import type { Pings } from "../pings.ts";
import type { Request, Requests } from "../requests.ts";
import type { Voice } from "../voice.ts";
import {
  KEPT_MEASURE_MS,
  RELAY_ANSWER_MS,
  RELAY_KEEP_ALIVE_MS,
  RELAY_MEASURE_MS,
  RELAY_SILENCE_MS,
  ROUND_TRIP_WEIGHT,
  WATCH_MS,
} from "./bounds.ts";

/** What the watch works with. */
export interface WatchComponents {
  readonly clock: Clock;
  readonly links: Pick<Links, "all" | "close">;
  readonly requests: Requests;
  readonly voice: Voice;
  readonly pings: Pings;
}

/** What is known of a relay's answers. Times are monotonic. */
interface Pulse {
  askedAtMs: number;
  /** Without an answer so far. */
  isAsked: boolean;
  /** The kernel looks whether its host is there. */
  readonly isKept: boolean;
  /** How many of the frames that we sent are known to have arrived. */
  framesArrived: number;
  roundTripMs: number | undefined;
}

/** See the module's description. */
export class Watch {
  readonly #components: WatchComponents;
  readonly #pulses = new WeakMap<Link, Pulse>();

  constructor(components: WatchComponents) {
    this.#components = components;
  }

  /** How long the relay takes to answer, averaged; `undefined` while it has not answered. */
  roundTripMs(link: Link): number | undefined {
    return this.#pulses.get(link)?.roundTripMs;
  }

  /** One look at every connection to a relay. @returns when the next is due, a monotonic time; `Infinity` where there is none to look at */
  look(): number {
    const { clock, links } = this.#components;
    const nowMs = clock.monotonicMs();
    let nextMs = Infinity;
    for (const link of links.all) {
      if (link.relay === undefined || link.isClosed) continue;
      nextMs = Math.min(nextMs, this.#lookAt(link, nowMs));
    }
    return nextMs;
  }

  /** @returns when it is to be looked at again */
  #lookAt(link: Link, nowMs: number): number {
    // What we keep from being read ourselves cannot be told from silence.
    if (!link.isOpen || !link.isProven || link.work !== "none") return nowMs + WATCH_MS;
    const { askedAtMs, isAsked, isKept, framesArrived } = this.#pulseOf(link);
    const heardAtMs = link.lastFrameAtMs ?? link.openedAtMs;
    const isKernels = isKept && framesArrived === link.framesSent;
    const dueMs = Math.min(
      isKernels ? Infinity : heardAtMs + RELAY_SILENCE_MS,
      askedAtMs + (isKept ? KEPT_MEASURE_MS : RELAY_MEASURE_MS),
    );
    if (isAsked && heardAtMs < askedAtMs) {
      const givenUpAtMs = askedAtMs + RELAY_ANSWER_MS;
      if (nowMs < givenUpAtMs) return givenUpAtMs;
      this.#components.links.close(link, "silent");
      return Infinity;
    }
    // Something may be sent meanwhile, and then silence counts.
    if (nowMs < dueMs) return Math.min(dueMs, nowMs + RELAY_SILENCE_MS);
    this.ask(link).catch(() => undefined);
    return nowMs + RELAY_ANSWER_MS;
  }

  /** Asks the relay now. @returns how long it took; `undefined` when no answer came */
  ask(link: Link): Promise<number | undefined> {
    const { clock, requests, voice } = this.#components;
    const pulse = this.#pulseOf(link);
    if (link.peerId === undefined) return this.#askOurselves(link, pulse);
    const nonce = voice.newId();
    const startMs = clock.monotonicMs();
    pulse.askedAtMs = startMs;
    pulse.isAsked = true;
    let framesSent = Infinity;
    return new Promise((resolve) => {
      const request: Request = {
        kind: "PING",
        key: nonce,
        to: link.peerId,
        link,
        answered: () => {
          const tookMs = clock.monotonicMs() - startMs;
          note(pulse, { tookMs, framesSent });
          resolve(tookMs);
        },
        failed: () => resolve(undefined),
      };
      if (voice.say(link, "PING", undefined, { nonce })) requests.add(request);
      else resolve(undefined);
      framesSent = link.framesSent;
    });
  }

  async #askOurselves(link: Link, pulse: Pulse): Promise<number | undefined> {
    const { clock, pings, voice } = this.#components;
    pulse.askedAtMs = clock.monotonicMs();
    pulse.isAsked = true;
    const asking = pings.ask(link, voice.nodeId);
    const { framesSent } = link;
    const answer = await asking;
    if (answer.outcome === "failed") return undefined;
    note(pulse, { tookMs: answer.roundTripMs, framesSent });
    return answer.roundTripMs;
  }

  #pulseOf(link: Link): Pulse {
    const known = this.#pulses.get(link);
    if (known !== undefined) return known;
    const pulse: Pulse = {
      askedAtMs: link.openedAtMs,
      isAsked: false,
      isKept: link.connection?.keepAlive?.(RELAY_KEEP_ALIVE_MS) === true,
      framesArrived: 0,
      roundTripMs: undefined,
    };
    this.#pulses.set(link, pulse);
    return pulse;
  }
}

function note(pulse: Pulse, { tookMs, framesSent }: { readonly tookMs: number; readonly framesSent: number }): void {
  const before = pulse.roundTripMs ?? tookMs;
  pulse.isAsked = false;
  // What was sent before the question has arrived before it.
  pulse.framesArrived = Math.max(pulse.framesArrived, framesSent);
  pulse.roundTripMs = before + (tookMs - before) * ROUND_TRIP_WEIGHT;
}
