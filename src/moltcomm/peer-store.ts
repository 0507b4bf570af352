/**
 * What is known of other nodes: their records, whether they shook hands, and for how long that is worth keeping.
 *
 * A record is handed on only while it holds. The addresses of a node that shook hands are tried for longer, since hosts come back where
 * they were; whoever answers there must prove who it is. Source: MoltComm v1, sections 6 and 7.
 *
 * @module
 */
import { isLoopbackHost } from "../address.ts";
import { readPeerAddress } from "../contract/mod.ts";
import { RateLimiter } from "../rate-limiter.ts";
import type { Clock, Random } from "../runtime/port.ts";
import {
  LAST_KNOWN_MS,
  RECORD_ADDRESS_CHARACTERS_MAX,
  RECORD_ADDRESSES_MAX,
  RECORD_AHEAD_MAX_MS,
  TS_WINDOW_MS,
} from "./bounds.ts";
import { type KnownPeer, PeerRoll } from "./peer-roll.ts";
import type { PeerRecord } from "./wire/types.ts";

/** What the store works with. */
export interface PeerStoreComponents {
  readonly clock: Clock;
  readonly random: Pick<Random, "unit">;
}

/** How much is kept. */
export interface PeerStoreInit {
  readonly ownNodeId: string;
  readonly peersMax: number;
  readonly newPeersPerMinute: number;
}

/** The one bucket of new peers. */
const NEW = "new";
const SECONDS_PER_MINUTE = 60;
/** Of so many peers that shook hands, the one that did so longest ago makes room. */
const DRAWN_TO_MAKE_ROOM = 8;
/** Any address that is not one host's: nobody can dial it. */
const ANY_HOST_REGEXP = /^(?:0\.0\.0\.0|\[?::\]?)$/;

/** See the module's description. */
export class PeerStore {
  readonly #clock: Clock;
  readonly #init: PeerStoreInit;
  readonly #newcomers: RateLimiter;
  readonly #met: PeerRoll;
  readonly #heard: PeerRoll;
  #isChanged = false;

  constructor(components: PeerStoreComponents, init: PeerStoreInit) {
    this.#clock = components.clock;
    this.#init = init;
    this.#met = new PeerRoll(components);
    this.#heard = new PeerRoll(components);
    const perSecond = init.newPeersPerMinute / SECONDS_PER_MINUTE;
    this.#newcomers = new RateLimiter(components, { perSecond, burst: init.newPeersPerMinute, keysMax: 1 });
  }

  get size(): number {
    return this.#met.size + this.#heard.size;
  }

  /** Every known peer, those that shook hands first. */
  *all(): Iterable<KnownPeer> {
    yield* this.#met.all;
    yield* this.#heard.all;
  }

  get(nodeId: string): KnownPeer | undefined {
    return this.#met.get(nodeId) ?? this.#heard.get(nodeId);
  }

  /** Whether anything changed since the last call. */
  takeChange(): boolean {
    const isChanged = this.#isChanged;
    this.#isChanged = false;
    return isChanged;
  }

  /** Says that what was taken by `takeChange` is not written after all. */
  putChangeBack(): void {
    this.#isChanged = true;
  }

  /** A node shook hands; its record has been checked. @returns whether an address of it is new to us */
  met(record: PeerRecord, agent: string | undefined): boolean {
    const nodeId = record.peer_id;
    if (nodeId === this.#init.ownNodeId) return false;
    const known = this.get(nodeId);
    const newest = known !== undefined && known.record.ts > record.ts ? known.record : record;
    if (known === undefined && (!this.#isOfBoundedSize(record) || !this.#admit(true))) return false;
    if (!this.#isOfBoundedSize(newest)) return false;
    this.#heard.delete(nodeId);
    this.#met.set({ record: newest, metAtMs: this.#clock.wallMs(), agent });
    this.#isChanged = true;
    return hasNewAddress(known?.record, newest);
  }

  /** Whether a record that somebody passed on would be taken, if its signature holds. */
  wants(record: PeerRecord, isFromThisHost: boolean): boolean {
    const nowMs = this.#clock.wallMs();
    if (record.peer_id === this.#init.ownNodeId) return false;
    if (record.expires <= nowMs || record.expires > nowMs + RECORD_AHEAD_MAX_MS) return false;
    if (record.ts > nowMs + TS_WINDOW_MS) return false;
    if (!this.#isOfBoundedSize(record) || !isWorthDialling(record, isFromThisHost)) return false;
    const known = this.get(record.peer_id);
    return known === undefined || record.ts > known.record.ts;
  }

  /** Takes a record that is wanted and whose signature holds. @returns whether an address of it is new to us */
  heard(record: PeerRecord): boolean {
    const known = this.get(record.peer_id);
    if (known === undefined && !this.#admit(false)) return false;
    if (known !== undefined && known.record.ts >= record.ts) return false;
    const roll = known?.metAtMs === undefined ? this.#heard : this.#met;
    roll.set({ record, metAtMs: known?.metAtMs, agent: known?.agent });
    this.#isChanged = true;
    return hasNewAddress(known?.record, record);
  }

  /** Puts back what was known before a restart. */
  restore(peer: KnownPeer): void {
    const { record, metAtMs } = peer;
    if (record.peer_id === this.#init.ownNodeId || this.size >= this.#init.peersMax) return;
    if (this.#isOver(peer, this.#clock.wallMs()) || !this.#isOfBoundedSize(record)) return;
    if (metAtMs === undefined) this.#heard.set(peer);
    else this.#met.set(peer);
  }

  /** Up to `count` records that hold, at random, those of nodes that shook hands first. */
  choose(count: number, { except, isLocal }: { readonly except: string; readonly isLocal: boolean }): PeerRecord[] {
    const nowMs = this.#clock.wallMs();
    const passes = ({ record }: KnownPeer) =>
      record.peer_id !== except && record.expires > nowMs && isWorthDialling(record, isLocal);
    const chosen = this.#met.choose(count, passes);
    chosen.push(...this.#heard.choose(count - chosen.length, passes));
    return chosen.map(({ record }) => record);
  }

  /** Forgets whatever is too old to be of use. */
  expire(): void {
    const nowMs = this.#clock.wallMs();
    for (const roll of [this.#met, this.#heard]) {
      for (const peer of roll.all.filter((each) => this.#isOver(each, nowMs))) {
        roll.delete(peer.record.peer_id);
        this.#isChanged = true;
      }
    }
  }

  #isOver({ record, metAtMs }: KnownPeer, nowMs: number): boolean {
    if (record.expires > nowMs + RECORD_AHEAD_MAX_MS) return true;
    return record.expires <= nowMs && (metAtMs === undefined || metAtMs + LAST_KNOWN_MS <= nowMs);
  }

  /** Lets one more in, within the limits. One that shook hands takes the place of one that did not. */
  #admit(isMet: boolean): boolean {
    if (this.#newcomers.take(NEW) > 0) return false;
    if (this.size < this.#init.peersMax) return true;
    const other = this.#heard.draw();
    if (other !== undefined) {
      this.#heard.delete(other.record.peer_id);
      return true;
    }
    if (!isMet) return false;
    let oldest = this.#met.draw();
    for (let drawn = 1; drawn < DRAWN_TO_MAKE_ROOM; drawn++) {
      const peer = this.#met.draw();
      if ((peer?.metAtMs ?? Infinity) < (oldest?.metAtMs ?? Infinity)) oldest = peer;
    }
    if (oldest !== undefined) this.#met.delete(oldest.record.peer_id);
    return true;
  }

  #isOfBoundedSize({ addrs }: PeerRecord): boolean {
    if (addrs.length > RECORD_ADDRESSES_MAX) return false;
    let characters = 0;
    for (const address of addrs) characters += address.length;
    return characters <= RECORD_ADDRESS_CHARACTERS_MAX;
  }
}

function hasNewAddress(known: PeerRecord | undefined, record: PeerRecord): boolean {
  return record.addrs.some((address) => known?.addrs.includes(address) !== true);
}

/** Whether somebody could dial one of its addresses; loopback ones only whoever is on the same host. */
function isWorthDialling({ addrs }: PeerRecord, isOnThisHost: boolean): boolean {
  return addrs.some((text) => {
    const address = readPeerAddress(text);
    if (address === undefined || address.port === 0 || ANY_HOST_REGEXP.test(address.host)) return false;
    return isOnThisHost || !isLoopbackHost(address.host);
  });
}
