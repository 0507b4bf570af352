/**
 * The ways to a node: a connection that is there, its addresses, and relays, tried one beside the other. What worked is tried first the
 * next time. Source: MoltComm v1, section 8; section 11, readings 5 to 7.
 *
 * @module
 */
import { formatPeerAddress, type PeerAddress, readPeerAddress } from "../../contract/mod.ts";
import type { Clock } from "../../runtime/port.ts";
import { ADDRESSES_TRIED_MAX, DETAIL_CHARACTERS_MAX } from "../bounds.ts";
import type { Dialler } from "../dialler.ts";
import type { Handshakes } from "../handshakes.ts";
import type { Link } from "../link.ts";
import type { Links } from "../links.ts";
import type { PeerStore } from "../peer-store.ts";
import { failure, type RequestFailure } from "../requests.ts";
import type { Keeper } from "../types.ts";
import type { Voice } from "../voice.ts";
import { within } from "../within.ts";
import {
  DOUBT_HEAD_START_MS,
  FIND_TIMEOUT_FACTOR,
  GATE_PATIENCE_MS,
  HEAD_START_MS,
  HELLO_THROUGH_MS,
  MET_THROUGH_MAX,
  OTHER_RELAYS_TRIED_MAX,
  REACHED_MAX,
  RELAYS_TRIED_MAX,
  TOLD_THROUGH_MAX,
  TOLD_THROUGH_MS,
  WAY_REMEMBERED_MS,
  WAYS_REMEMBERED_MAX,
} from "./bounds.ts";
import type { RelayCounts } from "./counts.ts";
import { saysMailbox } from "./mailboxes.ts";
import { Memory, touch } from "./memory.ts";
import { type Outcome, race, type Starter } from "./race.ts";
import type { RelayLinks } from "./relay-links.ts";

/** What ways are made of. */
export interface WaysComponents {
  readonly clock: Clock;
  readonly counts: RelayCounts;
  readonly dialler: Pick<Dialler, "dial">;
  readonly handshakes: Handshakes;
  readonly links: Links;
  readonly relayLinks: RelayLinks;
  readonly store: Pick<PeerStore, "get">;
  readonly voice: Pick<Voice, "nodeId">;
}

/** How they are sought. */
export interface WaysInit {
  readonly requestTimeoutMs: number;
  /** Further addresses of a node, such as a contact's. */
  readonly addressesOf: (nodeId: string) => readonly string[];
  /** A node of which no address is known was not found: somebody may know one. */
  readonly onUnknown: () => void;
}

/** A way that worked. */
interface Remembered {
  /** As `formatPeerAddress` writes it. */
  readonly address: string;
  readonly atMs: number;
}

type Way = Starter<Link, RequestFailure>;
type Found = Outcome<Link, RequestFailure>;

/** See the module's description. */
export class Ways {
  readonly #components: WaysComponents;
  readonly #init: WaysInit;
  readonly #remembered = new Memory<Remembered>({ entriesMax: WAYS_REMEMBERED_MAX });
  /** When mail to a node was not answered over a relay, by both: it may pass on `HELLO` and nothing else. */
  readonly #doubted = new Memory<number>({ entriesMax: WAYS_REMEMBERED_MAX });
  /** Nodes that mail went to over relays, or that sought us over one, and when last. */
  readonly #metThrough = new Memory<number>({ entriesMax: MET_THROUGH_MAX });
  #isStopped = false;

  constructor(components: WaysComponents, init: WaysInit) {
    this.#components = components;
    this.#init = init;
  }

  /** A link over which the node is reached. Rejects only for a mistake of ours, or of the contact list. */
  async find(to: string): Promise<Link | RequestFailure> {
    const { clock, links } = this.#components;
    const addresses = this.#addressesOf(to);
    const direct = addresses.filter(({ scheme }) => scheme === "tcp").slice(0, ADDRESSES_TRIED_MAX);
    const relays = addresses.filter(({ scheme }) => scheme === "relay").slice(0, RELAYS_TRIED_MAX);
    const last = this.#lastWay(to);
    const [ways, doubted]: [Way[], Way[]] = [[], []];
    const listOf = (relay: string) => this.#isDoubted(to, relay) ? doubted : ways;
    for (const address of relays) listOf(formatPeerAddress(address)).push(() => this.#overRelay(address, to));
    const isConnected = links.of(to).length > 0;
    const isRelayFirst = !isConnected && relays.some((address) => formatPeerAddress(address) === last?.address);
    if (direct.length > 0 || isConnected) {
      ways.splice(isRelayFirst ? 1 : 0, 0, (state) => this.#directly(direct, to, state));
    }
    for (const link of this.#otherRelays(relays)) {
      listOf(link.relay?.address ?? "").push(() => this.#through(link, to, false));
    }
    const timeoutMs = FIND_TIMEOUT_FACTOR * this.#init.requestTimeoutMs;
    const stages = [ways, doubted].filter((stage) => stage.length > 0).map((stage): Way => (within) =>
      race(clock, stage, { headStartMs: HEAD_START_MS, within })
    );
    const outcome = await race(clock, stages, { headStartMs: DOUBT_HEAD_START_MS, timeoutMs });
    if (this.#isStopped) return failure("STOPPED", "the node stops");
    if ("found" in outcome) return outcome.found;
    const keeper = outcome.failures.some(({ reason }) => reason === "UNREACHABLE")
      ? this.#keeperFor(to, relays)
      : undefined;
    if (keeper !== undefined) return keeper;
    if (addresses.length === 0) this.#init.onUnknown();
    return merge(outcome.failures);
  }

  /** The connection over which a relay said that it keeps messages, while it lasts. */
  toKeeper(keeper: Keeper): Link | undefined {
    const link = this.#components.relayLinks.at(keeper.address);
    return link?.isOpen === true && link.relay?.keeper === keeper ? link : undefined;
  }

  /** Mail to a node goes over this link. */
  used(link: Link, to: string): void {
    const { clock, counts } = this.#components;
    counts.sent(link.relay === undefined ? "direct" : "relay");
    if (link.relay === undefined) return;
    const nowMs = clock.monotonicMs();
    touch(link.relay.reached, to, nowMs, REACHED_MAX);
    this.#metThrough.set(to, nowMs);
  }

  /** Mail to a node over this link was answered, or was not in its time: then the next attempt tries the other ways first. */
  ended(link: Link, to: string, how: "answered" | "timed_out"): void {
    const address = link.relay?.address;
    if (address === undefined) return;
    if (how === "answered") return this.#doubted.delete(keyOf(to, address));
    this.#doubted.set(keyOf(to, address), this.#components.clock.monotonicMs());
    if (this.#remembered.get(to)?.address === address) this.#remembered.delete(to);
  }

  /** A node sought us over a relay. */
  calledOverRelay(from: string): void {
    this.#metThrough.set(from, this.#components.clock.monotonicMs());
  }

  /** A relay serves, but it is long since the node's own addresses were tried. */
  isToBeSoughtAnew(to: string): boolean {
    return this.#lastWay(to) === undefined;
  }

  /** Those that we met over relays lately, the last one first. */
  get lateReached(): string[] {
    const sinceMs = this.#components.clock.monotonicMs() - TOLD_THROUGH_MS;
    const late = this.#metThrough.entries.filter(([, atMs]) => atMs >= sinceMs).map(([nodeId]) => nodeId);
    return late.slice(-TOLD_THROUGH_MAX).reverse();
  }

  /** Tells a node our record over a relay of its, or of ours. */
  async tellOverRelay(to: string): Promise<void> {
    const { handshakes, relayLinks } = this.#components;
    const relays = this.#addressesOf(to).filter(({ scheme }) => scheme === "relay");
    for (const address of relays.slice(0, RELAYS_TRIED_MAX)) {
      const link = await relayLinks.reach(address, { patienceMs: 0 });
      if ("outcome" in link) continue;
      if ((await handshakes.announceThrough(link, to)).isMet) return;
    }
    for (const link of this.#otherRelays(relays)) {
      if ((await handshakes.announceThrough(link, to)).isMet) return;
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Tries the connections that are there, then the addresses, in turn. */
  async #directly(addresses: readonly PeerAddress[], to: string, state: { readonly isOver: boolean }): Promise<Found> {
    const { clock, dialler, handshakes, links } = this.#components;
    const { requestTimeoutMs } = this.#init;
    for (const link of [...links.of(to)].reverse()) {
      const greeting = await handshakes.greet(link, to);
      if (greeting.isMet && link.isOpen) return { found: link };
      // A connection that the peer once opened and has lost without a word: it would cost each further attempt as long.
      if (!greeting.isMet && greeting.failure.reason === "TIMED_OUT") links.close(link, "silent");
    }
    const untilMs = clock.monotonicMs() + 2 * requestTimeoutMs;
    const failures: RequestFailure[] = [];
    for (const address of addresses) {
      const leftMs = untilMs - clock.monotonicMs();
      if (this.#isStopped || state.isOver || leftMs <= 0) break;
      const dialled = await dialler.dial(address, to, Math.min(requestTimeoutMs, leftMs));
      if (dialled.link?.isOpen === true) {
        this.#remember(to, formatPeerAddress(address));
        return { found: dialled.link };
      }
      if (dialled.link === undefined) failures.push(dialled.failure);
    }
    return { failures };
  }

  async #overRelay(address: PeerAddress, to: string): Promise<Found> {
    const link = await this.#components.relayLinks.reach(address, { patienceMs: GATE_PATIENCE_MS });
    return "outcome" in link ? { failures: [link] } : await this.#through(link, to, true);
  }

  /**
   * Says `HELLO` to the node behind the relay.
   *
   * @param isNamed the node's record names the relay: then no answer is no proof that it is not there, since an answer that does not name
   *   us is passed on by no relay
   */
  async #through(link: Link, to: string, isNamed: boolean): Promise<Found> {
    const { clock, handshakes } = this.#components;
    const { relay, peerId } = link;
    if (relay === undefined || peerId === to) return { failures: [failure("NO_ADDRESS", "that is the relay itself")] };
    if (!relay.reached.has(to)) {
      const greeting = handshakes.announceThrough(link, to);
      const settled = await (isNamed ? within(clock, greeting, HELLO_THROUGH_MS) : greeting);
      if (settled !== undefined && !settled.isMet) {
        const { failure: why } = settled;
        return { failures: [{ ...why, detail: `${relay.address}: ${why.detail}` }] };
      }
    }
    if (!link.isOpen) return { failures: [failure("CONNECTION_LOST", `${relay.address}: the connection is gone`)] };
    touch(relay.reached, to, clock.monotonicMs(), REACHED_MAX);
    this.#remember(to, relay.address);
    return { found: link };
  }

  /**
   * A relay of a node that is away which keeps what comes for it. Only for nodes that we have met: what they announce is known, so that
   * nothing lies there in plain which could be sealed.
   */
  #keeperFor(to: string, relays: readonly PeerAddress[]): Link | undefined {
    const { relayLinks, store } = this.#components;
    if (store.get(to)?.agent === undefined) return undefined;
    const links = relays.map((address) => relayLinks.at(formatPeerAddress(address)));
    return links.find((link) => link?.isOpen === true && link.isProven && saysMailbox(link));
  }

  /** Relays that we are connected to anyway: the node may be there, too. */
  #otherRelays(named: readonly PeerAddress[]): Link[] {
    const texts = new Set(named.map(formatPeerAddress));
    const others = [...this.#components.links.all].filter(({ relay, isOpen, isProven }) =>
      relay !== undefined && isOpen && isProven && !texts.has(relay.address)
    );
    return others.slice(0, OTHER_RELAYS_TRIED_MAX);
  }

  /** What is known, what worked last first. */
  #addressesOf(to: string): PeerAddress[] {
    const { store } = this.#components;
    const texts = new Set([...store.get(to)?.record.addrs ?? [], ...this.#init.addressesOf(to)]);
    const last = this.#lastWay(to)?.address;
    const addresses = [...texts].map(readPeerAddress).filter((address) => address !== undefined && address.port > 0);
    return (addresses as PeerAddress[]).sort((one, other) => rankOf(one, last) - rankOf(other, last));
  }

  #lastWay(to: string): Remembered | undefined {
    const last = this.#remembered.get(to);
    if (last === undefined) return undefined;
    if (this.#components.clock.monotonicMs() - last.atMs < WAY_REMEMBERED_MS) return last;
    this.#remembered.delete(to);
    return undefined;
  }

  #isDoubted(to: string, relay: string): boolean {
    const sinceMs = this.#doubted.get(keyOf(to, relay));
    return sinceMs !== undefined && this.#components.clock.monotonicMs() - sinceMs < WAY_REMEMBERED_MS;
  }

  #remember(to: string, address: string): void {
    this.#remembered.set(to, { address, atMs: this.#components.clock.monotonicMs() });
  }
}

function keyOf(to: string, relay: string): string {
  return `${to} ${relay}`;
}

function rankOf(address: PeerAddress, first: string | undefined): number {
  return formatPeerAddress(address) === first ? 0 : 1;
}

/** What several ways came to: the recipient's own word if there is one, else the first reason, and all details. */
function merge(failures: readonly RequestFailure[]): RequestFailure {
  const [first] = failures;
  if (first === undefined) return failure("NO_ADDRESS", "no address of the recipient is known");
  const detail = failures.map((each) => each.detail).join("; ").slice(0, DETAIL_CHARACTERS_MAX);
  return { ...(failures.find((each) => each.byRecipient) ?? first), detail };
}
