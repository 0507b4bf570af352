/**
 * What this node says of itself: where it is reached, signed, never about to expire. Source: MoltComm v1, section 6.
 *
 * @module
 */
import { formatPeerAddress, type PeerAddress } from "../contract/mod.ts";
import type { Clock } from "../runtime/port.ts";
import { OWN_HOSTS_MAX, OWN_RECORD_LEFT_MIN_MS, OWN_RECORD_MS } from "./bounds.ts";
import type { Link } from "./link.ts";
import type { Reachability } from "./relays/mod.ts";
import type { Signer } from "./wire/mod.ts";
import type { PeerRecord } from "./wire/types.ts";

/** Records made in one millisecond; a time further ahead is that of a clock that was set back. */
const RECORDS_PER_MOMENT_MAX = 1_000;
const ANY_HOST_REGEXP = /^(?:0\.0\.0\.0|::|)$/;

/** See the module's description. */
export class OwnRecord {
  readonly #clock: Clock;
  readonly #signer: Signer;
  readonly #advertise: readonly PeerAddress[];
  readonly #reachability: Pick<Reachability, "isTold" | "isNever">;
  /** By the host in it, which differs where we listen on all of them. */
  readonly #records = new Map<string, PeerRecord>();
  #listen: PeerAddress | undefined;
  /** Relays at which we are registered, as addresses. */
  #foundAt: readonly string[] = [];
  #madeAtMs = -Infinity;

  constructor(
    components: {
      readonly clock: Clock;
      readonly reachability: Pick<Reachability, "isTold" | "isNever">;
      readonly signer: Signer;
    },
    init: { readonly advertise: readonly PeerAddress[] },
  ) {
    this.#clock = components.clock;
    this.#signer = components.signer;
    this.#reachability = components.reachability;
    this.#advertise = init.advertise;
  }

  /** Where we listen, with the port that was taken. */
  listensOn(address: PeerAddress): void {
    this.#listen = address;
    this.#records.clear();
  }

  /** The relays at which we are to be found from now on. */
  foundAt(addresses: readonly string[]): void {
    this.#foundAt = addresses;
    this.#records.clear();
  }

  /** What it says of our own addresses is to be looked at anew. */
  changed(): void {
    this.#records.clear();
  }

  /**
   * The record for the far end of a link. A node that listens on all its addresses names the one that the link uses; a relay where we are
   * about to be found is in the record that it gets.
   */
  for(link: Link): PeerRecord {
    const listen = this.#listen;
    const isAny = listen !== undefined && ANY_HOST_REGEXP.test(listen.host);
    const host = isAny ? link.connection?.local.host ?? "" : "";
    const { relay } = link;
    const isComing = relay?.isRegistration === true && !this.#foundAt.includes(relay.address);
    const relays = isComing ? [...this.#foundAt, relay.address] : this.#foundAt;
    const key = isComing ? `${host} ${relay.address}` : host;
    const nowMs = this.#clock.wallMs();
    const known = this.#records.get(key);
    // A clock that was set back would make a record of the future, which nobody takes.
    if (
      known !== undefined && known.ts < nowMs + RECORDS_PER_MOMENT_MAX &&
      known.expires - nowMs >= OWN_RECORD_LEFT_MIN_MS
    ) return known;
    // Of two records of one moment nobody could tell the newer.
    const ts = this.#madeAtMs >= nowMs && this.#madeAtMs < nowMs + RECORDS_PER_MOMENT_MAX ? this.#madeAtMs + 1 : nowMs;
    this.#madeAtMs = ts;
    const record = this.#signer.record({ addrs: this.#addresses(host, relays), ts, expires: nowMs + OWN_RECORD_MS });
    const [oldest] = this.#records.keys();
    if (known === undefined && this.#records.size >= OWN_HOSTS_MAX && oldest !== undefined) {
      this.#records.delete(oldest);
    }
    this.#records.set(key, record);
    return record;
  }

  #addresses(host: string, relays: readonly string[]): string[] {
    return [...new Set([...this.#ownAddresses(host, relays.length > 0).map(formatPeerAddress), ...relays])];
  }

  /** What was chosen is told; where we listen, when that leads somewhere. */
  #ownAddresses(host: string, isFoundElsewhere: boolean): PeerAddress[] {
    const { isNever } = this.#reachability;
    if (this.#advertise.length > 0) return this.#advertise.filter(({ scheme }) => scheme === "relay" || !isNever);
    if (this.#listen === undefined) return [];
    const address = host === "" ? this.#listen : { ...this.#listen, host };
    if (ANY_HOST_REGEXP.test(address.host)) return [];
    return this.#reachability.isTold(address.host, isFoundElsewhere) ? [address] : [];
  }
}
