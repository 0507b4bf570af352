/**
 * Where nothing is wrong but that somebody is hostile, nobody else notices: nodes stay registered, and each message is acknowledged soon
 * after it was sent for the first time.
 *
 * @module
 */
import type { SimHost } from "../mod.ts";
import { isPeaceful } from "./options.ts";
import type { RelayFleet } from "./relay-fleet.ts";

/** A slow reader may hold up those that write to it for a second, and one that is lost for a time-out. */
export const ANSWERED_WITHIN_MS = 20_000;

export class Peace {
  readonly #fleet: RelayFleet;
  readonly #isKept: boolean;
  readonly #sentMs = new Map<string, number>();
  /** The longest that a message took. */
  longestMs = 0;

  constructor(fleet: RelayFleet) {
    this.#fleet = fleet;
    this.#isKept = isPeaceful(fleet.options);
  }

  /** A node sends a message, perhaps not for the first time. */
  sent(id: string): void {
    if (this.#isKept && !this.#sentMs.has(id)) this.#sentMs.set(id, this.#fleet.nowMs);
  }

  /** A node acknowledges one. */
  acknowledged(id: string): void {
    const sentMs = this.#sentMs.get(id);
    if (sentMs === undefined) return;
    this.#sentMs.delete(id);
    this.longestMs = Math.max(this.longestMs, this.#fleet.nowMs - sentMs);
  }

  /** A relay ended a connection of whoever said to be a node. @param remote from where it came */
  left(relay: SimHost, nodeId: string, remote: string): void {
    const { nowMs, record } = this.#fleet;
    const own = this.#fleet.mailOfNode(nodeId);
    if (!this.#isKept || own === undefined || record.calmAtMs !== undefined) return;
    if (remote !== (own.host.nat ?? own.host).ip) return;
    record.violate("unharmed", nowMs, `${relay.name} ended the connection of ${own.name}, which did nothing for it`);
  }

  /** Looks how long messages have been under way; every second. */
  check(): void {
    const { nowMs, record } = this.#fleet;
    for (const [id, sentMs] of this.#sentMs) {
      if (nowMs - sentMs < ANSWERED_WITHIN_MS) continue;
      this.#sentMs.delete(id);
      record.violate("unharmed", nowMs, `${id} has not been acknowledged for ${nowMs - sentMs} ms`);
    }
  }
}
