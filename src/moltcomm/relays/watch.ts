/**
 * Whether relays are still there, and how fast they answer.
 *
 * A connection that was cut without a word looks like a silent one; so a relay that is silent is asked, and one that does not answer is
 * given up, all within 30 s. The question names nobody: a relay passes on whatever names somebody. One that has never said who it is gets
 * the question for ourselves, and passes it back. Source: MoltComm v1, sections 5 and 8.
 *
 * @module
 */
import type { Clock } from "../../runtime/port.ts";
import type { Link } from "../link.ts";
import type { Links } from "../links.ts";
import type { Pings } from "../pings.ts";
import type { Request, Requests } from "../requests.ts";
import type { Voice } from "../voice.ts";
import { RELAY_ANSWER_MS, RELAY_MEASURE_MS, RELAY_SILENCE_MS, ROUND_TRIP_WEIGHT } from "./bounds.ts";

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

  /** One look at every connection to a relay. @returns whether there is one */
  look(): boolean {
    const { clock, links } = this.#components;
    const nowMs = clock.monotonicMs();
    let isAny = false;
    for (const link of links.all) {
      if (link.relay === undefined) continue;
      isAny = true;
      if (!link.isOpen || !link.isProven) continue;
      const { askedAtMs, isAsked } = this.#pulseOf(link);
      const heardAtMs = link.lastFrameAtMs ?? link.openedAtMs;
      // What we keep from being read ourselves cannot be told from silence.
      if (link.work !== "none") continue;
      if (isAsked && heardAtMs < askedAtMs && nowMs - askedAtMs >= RELAY_ANSWER_MS) links.close(link, "silent");
      else if (!isAsked || heardAtMs >= askedAtMs) this.#askIfDue(link, nowMs - heardAtMs, nowMs - askedAtMs);
    }
    return isAny;
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
    return new Promise((resolve) => {
      const request: Request = {
        kind: "PING",
        key: nonce,
        to: link.peerId,
        link,
        answered: () => {
          const tookMs = clock.monotonicMs() - startMs;
          note(pulse, tookMs);
          resolve(tookMs);
        },
        failed: () => resolve(undefined),
      };
      if (voice.say(link, "PING", undefined, { nonce })) requests.add(request);
      else resolve(undefined);
    });
  }

  async #askOurselves(link: Link, pulse: Pulse): Promise<number | undefined> {
    const { clock, pings, voice } = this.#components;
    pulse.askedAtMs = clock.monotonicMs();
    pulse.isAsked = true;
    const answer = await pings.ask(link, voice.nodeId);
    if (answer.outcome === "failed") return undefined;
    note(pulse, answer.roundTripMs);
    return answer.roundTripMs;
  }

  #askIfDue(link: Link, silentMs: number, sinceAskedMs: number): void {
    if (silentMs < RELAY_SILENCE_MS && sinceAskedMs < RELAY_MEASURE_MS) return;
    this.ask(link).catch(() => undefined);
  }

  #pulseOf(link: Link): Pulse {
    const pulse = this.#pulses.get(link) ?? { askedAtMs: link.openedAtMs, isAsked: false, roundTripMs: undefined };
    this.#pulses.set(link, pulse);
    return pulse;
  }
}

function note(pulse: Pulse, tookMs: number): void {
  const before = pulse.roundTripMs ?? tookMs;
  pulse.isAsked = false;
  pulse.roundTripMs = before + (tookMs - before) * ROUND_TRIP_WEIGHT;
}
