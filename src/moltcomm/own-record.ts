/**
 * What this node says of itself: where it is reached, signed, never about to expire. Source: MoltComm v1, section 6.
 *
 * @module
 */
import { formatPeerAddress, type PeerAddress } from "../contract/mod.ts";
import type { Clock } from "../runtime/port.ts";
import { OWN_HOSTS_MAX, OWN_RECORD_LEFT_MIN_MS, OWN_RECORD_MS } from "./bounds.ts";
import type { Link } from "./link.ts";
import type { Signer } from "./wire/mod.ts";
import type { PeerRecord } from "./wire/types.ts";

const ANY_HOST_REGEXP = /^(?:0\.0\.0\.0|::|)$/;

/** See the module's description. */
export class OwnRecord {
  readonly #clock: Clock;
  readonly #signer: Signer;
  readonly #advertise: readonly PeerAddress[];
  /** By the host in it, which differs where we listen on all of them. */
  readonly #records = new Map<string, PeerRecord>();
  #listen: PeerAddress | undefined;

  constructor(
    components: { readonly clock: Clock; readonly signer: Signer },
    init: { readonly advertise: readonly PeerAddress[] },
  ) {
    this.#clock = components.clock;
    this.#signer = components.signer;
    this.#advertise = init.advertise;
  }

  /** Where we listen, with the port that was taken. */
  listensOn(address: PeerAddress): void {
    this.#listen = address;
    this.#records.clear();
  }

  /** The record for the far end of a link. A node that listens on all its addresses names the one that the link uses. */
  for(link: Link): PeerRecord {
    const listen = this.#listen;
    const isAny = listen !== undefined && ANY_HOST_REGEXP.test(listen.host);
    const host = isAny ? link.connection?.local.host ?? "" : "";
    const nowMs = this.#clock.wallMs();
    const known = this.#records.get(host);
    // A clock that was set back would make a record of the future, which nobody takes.
    if (known !== undefined && known.ts <= nowMs && known.expires - nowMs >= OWN_RECORD_LEFT_MIN_MS) return known;
    const record = this.#signer.record({ addrs: this.#addresses(host), ts: nowMs, expires: nowMs + OWN_RECORD_MS });
    const [oldest] = this.#records.keys();
    if (known === undefined && this.#records.size >= OWN_HOSTS_MAX && oldest !== undefined) {
      this.#records.delete(oldest);
    }
    this.#records.set(host, record);
    return record;
  }

  #addresses(host: string): string[] {
    if (this.#advertise.length > 0) return this.#advertise.map(formatPeerAddress);
    if (this.#listen === undefined) return [];
    if (host !== "") return [formatPeerAddress({ ...this.#listen, host })];
    return ANY_HOST_REGEXP.test(this.#listen.host) ? [] : [formatPeerAddress(this.#listen)];
  }
}
