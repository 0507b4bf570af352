/**
 * Connections to relays: one to each, however many want it, and none sooner after a failure than its wait is over.
 *
 * A relay keeps one connection for each node, the newest. So the connection over which we are found and the one over which mail goes to
 * others must be the same; where two addresses turn out to lead to one relay, the newer connection takes the place of the older.
 *
 * @module
 */
import { formatPeerAddress, type PeerAddress } from "../../contract/mod.ts";
import type { Clock, Random, Timer } from "../../runtime/port.ts";
import type { Dialler } from "../dialler.ts";
import type { Link, RelaySide } from "../link.ts";
import type { Links } from "../links.ts";
import { failure, type RequestFailure } from "../requests.ts";
import { KNOWN_RELAYS_MAX, RELAY_LIFE_MIN_MS } from "./bounds.ts";
import type { RelayCounts } from "./counts.ts";
import { waitAfterFailureMs, waitAfterLossMs, waitBeforeReachedMs } from "./retry.ts";

/** What connections to relays are made with. */
export interface RelayLinksComponents {
  readonly clock: Clock;
  readonly counts: RelayCounts;
  readonly dialler: Pick<Dialler, "dial">;
  readonly links: Pick<Links, "end">;
  readonly random: Pick<Random, "unit">;
}

/** How they are made. */
export interface RelayLinksInit {
  readonly requestTimeoutMs: number;
  /** Who must answer at an address; `undefined` where anybody may. */
  readonly pinnedAt: (address: string) => string | undefined;
}

/** What is known of an address. Times are monotonic. */
interface Known {
  readonly address: PeerAddress;
  readonly text: string;
  link: Link | undefined;
  opening: Promise<Link | RequestFailure> | undefined;
  /** Our record shall name it once it is open. */
  isRegistration: boolean;
  /** Who answered there last. */
  nodeId: string | undefined;
  failures: number;
  notBeforeMs: number;
  openedAtMs: number;
}

/** A connection that is gone. */
export interface LostRelay {
  readonly address: string;
  /** It had lived long enough to be missed by many at once. */
  readonly wasLasting: boolean;
}

/** See the module's description. */
export class RelayLinks {
  readonly #components: RelayLinksComponents;
  readonly #init: RelayLinksInit;
  /** By address. */
  readonly #known = new Map<string, Known>();
  readonly #pauses = new Map<Timer, () => void>();
  #isStopped = false;

  constructor(components: RelayLinksComponents, init: RelayLinksInit) {
    this.#components = components;
    this.#init = init;
  }

  /** The open connection to the relay at an address. */
  at(address: string): Link | undefined {
    const known = this.#known.get(address);
    return known === undefined ? undefined : this.#openOf(known);
  }

  /** When the address may be dialled: a monotonic time, past where nothing is against it. */
  notBeforeMs(address: string): number {
    return this.#known.get(address)?.notBeforeMs ?? 0;
  }

  /**
   * The connection to a relay, made where there is none. Never rejects.
   *
   * @param options.patienceMs how long it may wait until the address may be dialled; beyond it, it fails at once
   * @param options.isRegistration our record shall name the address
   */
  reach(
    address: PeerAddress,
    { patienceMs, isRegistration = false }: { readonly patienceMs: number; readonly isRegistration?: boolean },
  ): Promise<Link | RequestFailure> {
    if (this.#isStopped) return Promise.resolve(failure("STOPPED", "the node stops"));
    const known = this.#knownAt(address);
    if (isRegistration) known.isRegistration = true;
    const open = this.#openOf(known);
    if (open !== undefined) return Promise.resolve(open);
    if (known.opening !== undefined) return known.opening;
    const waitMs = known.notBeforeMs - this.#components.clock.monotonicMs();
    if (waitMs > patienceMs) {
      const detail = `${known.text}: it failed, and is tried again in ${Math.ceil(waitMs / 1_000)} s`;
      return Promise.resolve(failure("CONNECTION_LOST", detail));
    }
    const opening = this.#open(known, waitMs).finally(() => known.opening = undefined);
    known.opening = opening;
    return opening;
  }

  /** A connection is gone, or ends: when it is dialled again is decided now. @returns the addresses that led to it */
  lost(link: Link): LostRelay[] {
    const { clock, random } = this.#components;
    const nowMs = clock.monotonicMs();
    // We ended it ourselves, and not because the relay had.
    const isByUs = link.endedAtMs !== undefined && !link.isFinished;
    const lost: LostRelay[] = [];
    for (const known of this.#known.values()) {
      if (known.link !== link) continue;
      known.link = undefined;
      known.isRegistration = false;
      const wasLasting = nowMs - known.openedAtMs >= RELAY_LIFE_MIN_MS;
      if (wasLasting) known.failures = 0;
      if (isByUs) continue;
      if (wasLasting) known.notBeforeMs = nowMs + waitAfterLossMs(random);
      else this.#failed(known, nowMs);
      lost.push({ address: known.text, wasLasting });
    }
    return lost;
  }

  /** Dials no more, and lets nobody wait. */
  stop(): void {
    this.#isStopped = true;
    for (const [timer, go] of this.#pauses) {
      timer.cancel();
      go();
    }
    this.#pauses.clear();
  }

  async #open(known: Known, waitMs: number): Promise<Link | RequestFailure> {
    const { clock, counts, dialler } = this.#components;
    if (waitMs > 0) await this.#pause(waitMs);
    if (this.#isStopped) return failure("STOPPED", "the node stops");
    const pinned = this.#init.pinnedAt(known.text);
    const { isRegistration } = known;
    const relay: RelaySide = {
      address: known.text,
      isPinned: pinned !== undefined,
      isRegistration,
      reached: new Map(),
    };
    const dialled = await dialler.dial(known.address, pinned ?? known.nodeId, this.#init.requestTimeoutMs, relay);
    counts.attempted(dialled.link === undefined ? "failed" : "connected");
    if (dialled.link === undefined) {
      // Perhaps another relay is there now: the next HELLO names nobody, unless a manifest says who must answer.
      if (dialled.isAnswered) known.nodeId = undefined;
      known.isRegistration = false;
      this.#failed(known, clock.monotonicMs());
      return dialled.failure;
    }
    const { link, nodeId } = dialled;
    known.nodeId = nodeId;
    known.openedAtMs = clock.monotonicMs();
    known.link = link;
    relay.isRegistration = known.isRegistration;
    this.#replaceOlder(known, link);
    if (link.isOpen) return link;
    // It went in the same moment, before anybody knew whose it was.
    this.lost(link);
    return failure("CONNECTION_LOST", `${known.text}: the connection was lost`);
  }

  /** The relay has put the new connection in the place of the one it had. */
  #replaceOlder({ nodeId }: Known, link: Link): void {
    for (const other of this.#known.values()) {
      const old = other.link;
      if (nodeId === undefined || old === undefined || old === link || old.peerId !== nodeId) continue;
      other.link = link;
      link.isKept ||= old.isKept;
      if (link.relay !== undefined) link.relay.isRegistration ||= other.isRegistration;
      old.isKept = false;
      this.#components.links.end(old, "superseded");
    }
  }

  #failed(known: Known, nowMs: number): void {
    const { random } = this.#components;
    const failures = ++known.failures;
    const isReached = known.openedAtMs > 0;
    known.notBeforeMs = nowMs +
      (isReached ? waitAfterFailureMs(failures, random) : waitBeforeReachedMs(failures, random));
  }

  /** Also one that another address led to. */
  #openOf(known: Known): Link | undefined {
    if (known.link?.isOpen === true) return known.link;
    if (known.nodeId === undefined) return undefined;
    for (const { link } of this.#known.values()) {
      if (link?.isOpen === true && link.isProven && link.peerId === known.nodeId) return link;
    }
    return undefined;
  }

  #knownAt(address: PeerAddress): Known {
    const text = formatPeerAddress(address);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.#known.size >= KNOWN_RELAYS_MAX) this.#forgetOne();
    const made: Known = {
      address,
      text,
      link: undefined,
      opening: undefined,
      isRegistration: false,
      nodeId: undefined,
      failures: 0,
      notBeforeMs: 0,
      openedAtMs: 0,
    };
    this.#known.set(text, made);
    return made;
  }

  /** Forgets the address longest known that is not in use. */
  #forgetOne(): void {
    for (const { text, link, opening, isRegistration } of this.#known.values()) {
      if (link !== undefined || opening !== undefined || isRegistration) continue;
      this.#known.delete(text);
      return;
    }
  }

  #pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#components.clock.setTimer(Math.ceil(durationMs), () => {
        this.#pauses.delete(timer);
        resolve();
      });
      this.#pauses.set(timer, resolve);
    });
  }
}
