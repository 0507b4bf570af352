/**
 * What the relay says of itself: where it is reached, signed, never about to expire. Source: MoltComm v1, section 6.
 *
 * @module
 */
import { formatPeerAddress, type PeerAddress } from "../../contract/mod.ts";
import type { Clock, SocketAddress } from "../../runtime/port.ts";
import type { Signer } from "../wire/mod.ts";
import type { PeerRecord } from "../wire/types.ts";
import { OWN_HOSTS_MAX, OWN_RECORD_LEFT_MIN_MS, OWN_RECORD_MS } from "./bounds.ts";

const ANY_HOST_REGEXP = /^(?:0\.0\.0\.0|::|)$/;

/** See the module's description. */
export class RelayRecord {
  readonly #clock: Clock;
  readonly #signer: Signer;
  readonly #advertise: readonly PeerAddress[];
  /** By the host in it, which differs where the relay listens on all of them. */
  readonly #records = new Map<string, PeerRecord>();
  #listen: SocketAddress | undefined;

  constructor(
    components: { readonly clock: Clock; readonly signer: Signer },
    init: { readonly advertise: readonly PeerAddress[] },
  ) {
    this.#clock = components.clock;
    this.#signer = components.signer;
    this.#advertise = init.advertise;
  }

  /** Where the relay listens, with the port that was taken. */
  listensOn(address: SocketAddress): void {
    this.#listen = address;
    this.#records.clear();
  }

  /** The record for a far end. A relay that listens on all its addresses names the one that was dialled. */
  for(local: SocketAddress): PeerRecord {
    const host = ANY_HOST_REGEXP.test(this.#listen?.host ?? "") ? local.host : this.#listen?.host ?? "";
    const nowMs = this.#clock.wallMs();
    const known = this.#records.get(host);
    // A clock that was set back would make a record of the future, which nobody takes.
    if (known !== undefined && known.ts <= nowMs && known.expires - nowMs >= OWN_RECORD_LEFT_MIN_MS) return known;
    const port = this.#listen?.port ?? 0;
    const addrs = this.#advertise.length > 0
      ? this.#advertise.map(formatPeerAddress)
      : [formatPeerAddress({ scheme: "relay", host, port })];
    const record = this.#signer.record({ addrs, ts: nowMs, expires: nowMs + OWN_RECORD_MS });
    const [oldest] = this.#records.keys();
    if (known === undefined && this.#records.size >= OWN_HOSTS_MAX && oldest !== undefined) {
      this.#records.delete(oldest);
    }
    this.#records.set(host, record);
    return record;
  }
}
