/**
 * Being found at relays: so many connections as are wanted, to those that answer fast, made again after every loss.
 *
 * One task does everything; it runs when something happened, and when the next thing is due. Source: MoltComm v1, section 8.
 *
 * @module
 */
import type { PeerAddress } from "../../contract/mod.ts";
import type { Logger } from "../../log/mod.ts";
import type { Clock, Random, Timer } from "../../runtime/port.ts";
import type { Scheduler, Task } from "../../scheduler/mod.ts";
import type { Link } from "../link.ts";
import type { Links } from "../links.ts";
import {
  EXPLORE_JITTER_RATIO,
  EXPLORE_MS,
  FIRST_TRIED,
  OPENING_MAX,
  OPENING_SLOW_MS,
  RETIRE_MS,
  WATCH_MS,
} from "./bounds.ts";
import { type Candidate, Candidates, type Place } from "./candidates.ts";
import type { RelayCounts } from "./counts.ts";
import { saysGuest } from "./mailboxes.ts";
import type { RelayLinks } from "./relay-links.ts";
import type { KnownRelayView, RelaySource } from "./types.ts";
import type { Watch } from "./watch.ts";

/** What being found takes. */
export interface RegistrationsComponents {
  readonly clock: Clock;
  readonly counts: RelayCounts;
  readonly links: Pick<Links, "end">;
  readonly log: Logger;
  readonly random: Pick<Random, "unit">;
  readonly relayLinks: RelayLinks;
  readonly scheduler: Pick<Scheduler, "add">;
  readonly watch: Watch;
}

/** At which relays, and at how many. */
export interface RegistrationsInit {
  readonly configured: readonly PeerAddress[];
  readonly source: RelaySource | undefined;
  /** How many connections are kept; none where it is 0. */
  readonly wanted: number;
  /** The relays that our record names are others now. */
  readonly onChange: (addresses: readonly string[]) => void;
}

const GUEST_MESSAGE =
  "This host is not on the relay's list: only nodes on it reach this host there; ask its operator for barnacle relay invite";
const TASK_TIMEOUT_MS = 5_000;
const TOLERANCE_MS = 500;

/** See the module's description. */
export class Registrations {
  readonly #components: RegistrationsComponents;
  readonly #init: RegistrationsInit;
  readonly #candidates: Candidates;
  #task: Task | undefined;
  #timer: Timer | undefined;
  #endSource: (() => void) | undefined;
  /** Before that nothing new is connected to: a relay was lost, by a crowd perhaps. */
  #resumeAtMs = 0;
  #exploreAtMs = Infinity;
  /** Connections that are to end. */
  readonly #leaving = new Set<Link>();
  #explored: Candidate | undefined;
  #isStopped = false;
  #told = "";

  constructor(components: RegistrationsComponents, init: RegistrationsInit) {
    this.#components = components;
    this.#init = init;
    this.#candidates = new Candidates(components, init);
  }

  get view(): KnownRelayView[] {
    return this.#candidates.view;
  }

  /** Relays known, and of them those we are found at. */
  get size(): { readonly known: number; readonly registered: number } {
    return { known: this.#candidates.all.length, registered: this.#candidates.joined.length };
  }

  /** Whether this node is to be found at relays at all. */
  get isWanted(): boolean {
    return this.#init.wanted > 0 && (this.#init.configured.length > 0 || this.#init.source !== undefined);
  }

  /** Who must answer at an address. */
  pinnedAt(address: string): string | undefined {
    return this.#candidates.at(address)?.pinnedId;
  }

  start(): void {
    const { scheduler } = this.#components;
    this.#refresh();
    this.#endSource = this.#init.source?.onChange(() => {
      this.#refresh();
      this.#task?.nudge();
    });
    this.#task = scheduler.add({
      name: "moltcomm_relays",
      intervalMs: null,
      toleranceMs: TOLERANCE_MS,
      timeoutMs: TASK_TIMEOUT_MS,
      run: () => Promise.resolve(this.#run()),
    });
    this.#task.nudge();
  }

  stop(): void {
    this.#isStopped = true;
    this.#endSource?.();
    this.#timer?.cancel();
    this.#task?.remove();
  }

  /** A connection to a relay was opened, by us or for mail: it is watched. */
  opened(): void {
    this.#task?.nudge();
  }

  /** A connection is gone, or ends. */
  lost(link: Link): void {
    const { counts, log, relayLinks } = this.#components;
    for (const { address, wasLasting } of relayLinks.lost(link)) {
      const candidate = this.#candidates.at(address);
      if (candidate?.joinedAt?.text !== address) continue;
      candidate.joinedAt = undefined;
      candidate.isMissed = true;
      counts.ended("lost");
      log.problem(problemOf(candidate), "warn", "relay_lost", { address });
      if (wasLasting) this.#resumeAtMs = Math.max(this.#resumeAtMs, relayLinks.notBeforeMs(address));
      this.#changed();
    }
    this.#task?.nudge();
  }

  #run(): void {
    if (this.#isStopped) return;
    this.#retire();
    this.#endIdle();
    this.#connect();
    this.#leaveSurplus();
    this.#exploreIfDue();
    this.#wakeWhenDue(this.#components.watch.look());
  }

  #refresh(): void {
    // One that no manifest vouches for any more is left at once.
    for (const candidate of this.#candidates.refresh()) this.#letGo(candidate);
    this.#changed();
  }

  #connect(): void {
    const nowMs = this.#components.clock.monotonicMs();
    const { all, joined } = this.#candidates;
    const missing = this.#init.wanted - joined.length;
    if (!this.isWanted || missing <= 0 || nowMs < this.#resumeAtMs) return;
    const opening = all.filter((each) => each.openingSinceMs !== undefined && each !== this.#explored);
    const slow = opening.filter(({ openingSinceMs = nowMs }) => nowMs - openingSinceMs >= OPENING_SLOW_MS).length;
    const isFirst = all.every(({ roundTripMs, isMissed }) => roundTripMs === undefined && !isMissed);
    const atOnce = Math.min(OPENING_MAX, (isFirst ? Math.max(FIRST_TRIED, missing) : missing) + slow);
    const drawn = all.filter((each) => each.joinedAt === undefined && this.#candidates.isFree(each))
      .map((candidate) => ({
        candidate,
        score: this.#candidates.score(candidate),
        draw: this.#components.random.unit(),
      }))
      .sort((one, other) => one.score - other.score || one.draw - other.draw);
    for (const { candidate } of drawn.slice(0, Math.max(0, atOnce - opening.length))) void this.#open(candidate, nowMs);
  }

  async #open(candidate: Candidate, nowMs: number): Promise<void> {
    candidate.openingSinceMs = nowMs;
    try {
      const opened = await this.#reach(candidate, true);
      if (opened === undefined) return;
      const isNeeded = this.#candidates.has(candidate) && this.#candidates.joined.length < this.#init.wanted;
      if (isNeeded) this.#join(candidate, opened.place, opened.link);
      candidate.roundTripMs = await this.#components.watch.ask(opened.link) ?? candidate.roundTripMs;
      if (!isNeeded || !this.#candidates.has(candidate)) this.#letGo(candidate);
    } finally {
      candidate.openingSinceMs = undefined;
      if (!this.#isStopped) this.#task?.nudge();
    }
  }

  /** Its first address that works. */
  async #reach(
    candidate: Candidate,
    isRegistration: boolean,
  ): Promise<{ readonly place: Place; readonly link: Link } | undefined> {
    const { clock, log, relayLinks } = this.#components;
    for (const place of candidate.places) {
      if (this.#isStopped || relayLinks.notBeforeMs(place.text) > clock.monotonicMs()) continue;
      const link = await relayLinks.reach(place.address, { patienceMs: 0, isRegistration });
      if (!("outcome" in link)) return { place, link };
      if (link.reason === "STOPPED") return undefined;
      const { reason, detail } = link;
      log.problem(problemOf(candidate), "warn", "relay_unreachable", { address: place.text, reason, detail });
    }
    return undefined;
  }

  #join(candidate: Candidate, place: Place, link: Link): void {
    const { log } = this.#components;
    candidate.joinedAt = place;
    candidate.retireAtMs = undefined;
    candidate.isMissed = false;
    link.isKept = true;
    if (link.relay !== undefined) link.relay.isRegistration = true;
    const fields = { address: place.text, node_id: link.peerId };
    log.resolve(problemOf(candidate), "relay_reached", fields);
    log.info("relay_registered", fields);
    if (saysGuest(link)) log.warn("relay_guest", { ...fields, message: GUEST_MESSAGE });
    this.#scheduleExploring();
    this.#changed();
  }

  /** More than are wanted: the slowest is left. */
  #leaveSurplus(): void {
    const joined = this.#candidates.joined.sort((one, other) =>
      this.#candidates.score(one) - this.#candidates.score(other)
    );
    for (const candidate of joined.slice(this.#init.wanted)) this.#leave(candidate);
  }

  /** Our record names it no more; what others still send there is taken for a while. */
  #leave(candidate: Candidate): void {
    const { clock, counts, log } = this.#components;
    log.info("relay_left", { address: candidate.joinedAt?.text });
    counts.ended("left");
    candidate.retireAtMs = clock.monotonicMs() + RETIRE_MS;
    candidate.joinedAt = undefined;
    this.#changed();
  }

  #retire(): void {
    const nowMs = this.#components.clock.monotonicMs();
    for (const candidate of this.#candidates.all) {
      if (candidate.retireAtMs !== undefined && candidate.retireAtMs <= nowMs) this.#letGo(candidate);
    }
  }

  /** The connection is there for mail alone from now on, and ends when there is none. */
  #letGo(candidate: Candidate): void {
    candidate.retireAtMs = undefined;
    candidate.joinedAt = undefined;
    const { relayLinks } = this.#components;
    for (const { text } of candidate.places) {
      const link = relayLinks.at(text);
      if (link?.relay === undefined || this.#isOfAnother(candidate, link)) continue;
      link.isKept = false;
      link.relay.isRegistration = false;
      this.#leaving.add(link);
    }
    this.#endIdle();
  }

  /** Ends connections that were left, once nothing is under way on them. */
  #endIdle(): void {
    for (const link of this.#leaving) {
      const { deliveries, isKept, isOpen, owed, relay } = link;
      if (isOpen && !isKept && (owed > 0 || deliveries > 0)) continue;
      this.#leaving.delete(link);
      // Mail goes over it: it ends like any other that is not used any more.
      if (isOpen && !isKept && relay?.reached.size === 0) this.#components.links.end(link, "unused");
    }
  }

  /** Two candidates may turn out to be one relay. */
  #isOfAnother(candidate: Candidate, link: Link): boolean {
    const { relayLinks } = this.#components;
    return this.#candidates.joined.some((other) =>
      other !== candidate && relayLinks.at(other.joinedAt?.text ?? "") === link
    );
  }

  #exploreIfDue(): void {
    const nowMs = this.#components.clock.monotonicMs();
    const { all, joined } = this.#candidates;
    if (!this.isWanted || this.#explored !== undefined || joined.length < this.#init.wanted) return;
    const free = all.filter((candidate) =>
      candidate.joinedAt === undefined && candidate.retireAtMs === undefined && this.#candidates.isFree(candidate)
    );
    const missed = free.find(({ isMissed }) => isMissed);
    const drawn = free[Math.floor(this.#components.random.unit() * free.length)];
    const candidate = missed ?? (nowMs >= this.#exploreAtMs ? drawn : undefined);
    if (candidate !== undefined) void this.#explore(candidate, nowMs);
  }

  /** Looks how fast a relay answers that is not in use, and moves there when that is worth it. */
  async #explore(candidate: Candidate, nowMs: number): Promise<void> {
    this.#explored = candidate;
    candidate.openingSinceMs = nowMs;
    try {
      const opened = await this.#reach(candidate, false);
      if (opened === undefined) return;
      candidate.isMissed = false;
      const roundTripMs = await this.#components.watch.ask(opened.link);
      candidate.roundTripMs = roundTripMs ?? candidate.roundTripMs;
      const { joined } = this.#candidates;
      const isFaster = roundTripMs !== undefined &&
        joined.some((other) => this.#candidates.isFaster(roundTripMs, other));
      const isWorthIt = this.#candidates.has(candidate) && (isFaster || joined.length < this.#init.wanted);
      // Two for a moment, so that there is no moment without: the slower one is surplus.
      if (isWorthIt && opened.link.isOpen) this.#join(candidate, opened.place, opened.link);
      else this.#letGo(candidate);
    } finally {
      this.#explored = undefined;
      candidate.openingSinceMs = undefined;
      this.#scheduleExploring();
      if (!this.#isStopped) this.#task?.nudge();
    }
  }

  #scheduleExploring(): void {
    const { clock, random } = this.#components;
    this.#exploreAtMs = clock.monotonicMs() + EXPLORE_MS * (1 + EXPLORE_JITTER_RATIO * (2 * random.unit() - 1));
  }

  /** The next moment at which something is to be done that no event tells of. */
  #wakeWhenDue(watchAtMs: number): void {
    const { clock } = this.#components;
    this.#timer?.cancel();
    this.#timer = undefined;
    const nowMs = clock.monotonicMs();
    const due = [watchAtMs, ...this.#leaving.size > 0 ? [nowMs + WATCH_MS] : []];
    if (this.isWanted) due.push(...this.#candidatesDue());
    const next = Math.min(...due.filter((atMs) => atMs > nowMs));
    if (next === Infinity) return;
    this.#timer = clock.setTimer(Math.ceil(next - nowMs), () => this.#task?.nudge({ withinMs: TOLERANCE_MS }));
  }

  /** When something is to be done with those that are not in use. */
  #candidatesDue(): number[] {
    const { all, joined } = this.#candidates;
    const isMissing = joined.length < this.#init.wanted;
    const due: number[] = [];
    for (const candidate of all) {
      const { isMissed, joinedAt, openingSinceMs, retireAtMs } = candidate;
      if (retireAtMs !== undefined) due.push(retireAtMs);
      if (openingSinceMs !== undefined) due.push(openingSinceMs + OPENING_SLOW_MS);
      else if (joinedAt === undefined && (isMissing || isMissed)) {
        due.push(Math.max(isMissing ? this.#resumeAtMs : 0, this.#candidates.freeAtMs(candidate)));
      }
    }
    if (!isMissing && all.length > this.#init.wanted) due.push(this.#exploreAtMs);
    return due;
  }

  #changed(): void {
    const addresses = this.#candidates.joined.map(({ joinedAt }) => joinedAt?.text ?? "").sort();
    if (addresses.join() === this.#told) return;
    this.#told = addresses.join();
    this.#init.onChange(addresses);
  }
}

function problemOf({ key }: Candidate): string {
  return `moltcomm_relay:${key}`;
}
