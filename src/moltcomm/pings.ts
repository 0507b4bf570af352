/**
 * `PING` and `PONG`: whether a node is still there, and how far away. Source: MoltComm v1, section 5.
 *
 * @module
 */
import type { Clock } from "../runtime/port.ts";
import type { Link } from "./link.ts";
import { failure, type Request, type RequestFailure, type Requests } from "./requests.ts";
import type { Voice } from "./voice.ts";

/** What pings work with. */
export interface PingsComponents {
  readonly clock: Clock;
  readonly requests: Requests;
  readonly voice: Voice;
}

/** What a ping came to. */
export type PingOutcome = { readonly outcome: "answered"; readonly roundTripMs: number } | RequestFailure;

/** See the module's description. */
export class Pings {
  readonly #components: PingsComponents;

  constructor(components: PingsComponents) {
    this.#components = components;
  }

  /**
   * Asks the node `to` over a link. Never rejects.
   *
   * @param to ourselves, where the far end is a relay: then it comes back if we are registered there
   */
  ask(link: Link, to: string): Promise<PingOutcome> {
    const { clock, requests, voice } = this.#components;
    const nonce = voice.newId();
    const startMs = clock.monotonicMs();
    return new Promise((resolve) => {
      const request: Request = {
        kind: "PING",
        key: nonce,
        to,
        link,
        answered: () => resolve({ outcome: "answered", roundTripMs: clock.monotonicMs() - startMs }),
        failed: resolve,
      };
      if (voice.say(link, "PING", to, { nonce })) requests.add(request);
      else resolve(failure("CONNECTION_LOST", "the connection is gone"));
    });
  }
}
