/**
 * What the client side of relays counts.
 *
 * @module
 */
import type { Metrics } from "../../metrics/mod.ts";

/** What connecting to a relay came to. */
export type RelayAttempt = "connected" | "failed";
/** Why a registration ended. */
export type RegistrationEnd = "lost" | "left";
/** How a message was sent. */
export type SentWay = "direct" | "relay";
/** What became of a request to dial back. */
export type DialBackOutcome = "asked" | "dialled" | "failed" | "refused";

/** Counts since the start. */
export class RelayCounts {
  readonly #attempts: Record<RelayAttempt, number> = { connected: 0, failed: 0 };
  readonly #ends: Record<RegistrationEnd, number> = { lost: 0, left: 0 };
  readonly #sent: Record<SentWay, number> = { direct: 0, relay: 0 };
  readonly #dialBacks: Record<DialBackOutcome, number> = { asked: 0, dialled: 0, failed: 0, refused: 0 };

  attempted(outcome: RelayAttempt): void {
    this.#attempts[outcome]++;
  }

  ended(how: RegistrationEnd): void {
    this.#ends[how]++;
  }

  sent(way: SentWay): void {
    this.#sent[way]++;
  }

  dialBack(outcome: DialBackOutcome): void {
    this.#dialBacks[outcome]++;
  }

  /** @param registered how many relays our record names now */
  register(metrics: Metrics, registered: () => { readonly known: number; readonly registered: number }): void {
    metrics.observed("barnacle_moltcomm_relays", "gauge", "Relays known, and of them those we are found at.", () => {
      const { known, registered: live } = registered();
      return [{ labels: { state: "known" }, value: known }, { labels: { state: "registered" }, value: live }];
    });
    const counter = (name: string, help: string, label: string, counts: Readonly<Record<string, number>>) =>
      metrics.observed(
        `barnacle_moltcomm_${name}_total`,
        "counter",
        help,
        () => Object.entries(counts).map(([key, value]) => ({ labels: { [label]: key }, value })),
      );
    counter("relay_attempts", "Attempts to connect to a relay, by outcome.", "outcome", this.#attempts);
    counter("relay_registrations_ended", "Registrations at relays that ended: lost or left.", "how", this.#ends);
    counter("messages_sent", "Attempts to deliver that were sent, by the way they went.", "way", this.#sent);
    counter(
      "dial_backs",
      "Peers asked to dial back, and peers dialled back for their asking.",
      "outcome",
      this.#dialBacks,
    );
  }
}
