/**
 * Looking after the connections, in one sweep over all of them: no connection has a timer of its own.
 *
 * @module
 */
import type { Clock, Random } from "../runtime/port.ts";
import type { Scheduler, Task } from "../scheduler/mod.ts";
import {
  ANNOUNCE_MS,
  END_TIMEOUT_MS,
  FRAME_TIMEOUT_MS,
  GOSSIP_MS,
  GOSSIP_PEERS,
  GOSSIP_SOON_MS,
  KEEPER_UNUSED_MS,
  KEPT_SILENCE_MS,
  SILENCE_MAX_MS,
  SILENCE_MS,
  SWEEP_MS,
  SWEEP_SOON_MS,
  UNTAKEN_TIMEOUT_MS,
  UNUSED_MS,
} from "./bounds.ts";
import type { Gossip } from "./gossip.ts";
import type { Handshakes } from "./handshakes.ts";
import type { Link } from "./link.ts";
import type { Links } from "./links.ts";
import type { Pings } from "./pings.ts";
import type { CloseReason } from "./traffic.ts";

/** What the upkeep works with. */
export interface UpkeepComponents {
  readonly clock: Clock;
  readonly gossip: Gossip;
  readonly handshakes: Handshakes;
  readonly links: Links;
  readonly pings: Pings;
  readonly random: Pick<Random, "unit">;
  readonly scheduler: Pick<Scheduler, "add">;
}

const TASK_TIMEOUT_MS = 5_000;
const TOLERANCE_RATIO = 1 / 6;
const JITTER_RATIO = 0.2;

/** See the module's description. */
export class Upkeep {
  readonly #components: UpkeepComponents;
  readonly #handshakeTimeoutMs: number;
  readonly #tasks: Task[] = [];
  #sweep: Task | undefined;
  #intervalMs: number | null = null;
  #askedSoonAtMs: number | undefined;

  constructor(components: UpkeepComponents, init: { readonly handshakeTimeoutMs: number }) {
    this.#components = components;
    this.#handshakeTimeoutMs = init.handshakeTimeoutMs;
  }

  start(): void {
    const { scheduler } = this.#components;
    this.#sweep = scheduler.add({
      name: "moltcomm_links",
      intervalMs: null,
      toleranceMs: SWEEP_SOON_MS * TOLERANCE_RATIO,
      timeoutMs: TASK_TIMEOUT_MS,
      run: () => Promise.resolve(this.sweep()),
    });
    const rare = (name: string, intervalMs: number, run: () => void) =>
      scheduler.add({
        name,
        intervalMs,
        firstDelayMs: intervalMs,
        jitterRatio: JITTER_RATIO,
        toleranceMs: intervalMs * TOLERANCE_RATIO,
        timeoutMs: TASK_TIMEOUT_MS,
        run: () => Promise.resolve(run()),
      });
    this.#tasks.push(
      this.#sweep,
      rare("moltcomm_gossip", GOSSIP_MS, () => void this.#gossip()),
      rare("moltcomm_announce", ANNOUNCE_MS, () => this.#announce()),
    );
  }

  stop(): void {
    for (const task of this.#tasks) task.remove();
  }

  /** A link was opened: it is looked after soon. */
  opened(): void {
    this.#sweepEvery(SWEEP_SOON_MS);
  }

  /** Somebody is sought of whom no address is known: a round of gossip comes now, unless one was brought forward just before. */
  seeks(): void {
    const nowMs = this.#components.clock.monotonicMs();
    if (nowMs - (this.#askedSoonAtMs ?? -Infinity) < GOSSIP_SOON_MS) return;
    if (this.#gossip() > 0) this.#askedSoonAtMs = nowMs;
  }

  /** One look at every link. */
  sweep(): void {
    const { clock, links } = this.#components;
    const nowMs = clock.monotonicMs();
    let isUnsettled = false;
    for (const link of links.all) {
      const reason = this.#whyClose(link, nowMs);
      if (reason !== undefined) links.close(link, reason);
      else if (isUnused(link, nowMs)) links.end(link, "unused");
      else this.#askIfSilent(link, nowMs);
      if (!link.isClosed && (link.lastFrameAtMs === undefined || link.endedAtMs !== undefined)) isUnsettled = true;
    }
    this.#sweepEvery(isUnsettled ? SWEEP_SOON_MS : links.all.size > 0 ? SWEEP_MS : null);
  }

  #sweepEvery(intervalMs: number | null): void {
    if (this.#intervalMs === intervalMs) return;
    this.#intervalMs = intervalMs;
    this.#sweep?.setIntervalMs(intervalMs);
  }

  #whyClose(link: Link, nowMs: number): CloseReason | undefined {
    if (link.endedAtMs !== undefined) return nowMs - link.endedAtMs >= END_TIMEOUT_MS ? "unused" : undefined;
    const { lastFrameAtMs, openedAtMs, partialSinceMs } = link;
    if (lastFrameAtMs === undefined && nowMs - openedAtMs >= this.#handshakeTimeoutMs) return "no_handshake";
    // A link that we keep from being read cannot be blamed.
    const isAwaited = link.work === "none";
    if (isAwaited && partialSinceMs !== undefined && nowMs - partialSinceMs >= FRAME_TIMEOUT_MS) return "frame_timeout";
    if (takesNothing(link, nowMs)) return "answers_not_taken";
    // Relays have a watch of their own.
    const isWatched = link.relay !== undefined && link.isProven;
    if (isAwaited && !isWatched && nowMs - (lastFrameAtMs ?? openedAtMs) >= SILENCE_MAX_MS) return "silent";
    return undefined;
  }

  /** Half-open connections look like silent ones; a node that is there answers. */
  #askIfSilent(link: Link, nowMs: number): void {
    const { links, pings } = this.#components;
    const silentMs = nowMs - (link.lastFrameAtMs ?? nowMs);
    // Relays are asked sooner, and by their own watch.
    if (link.relay !== undefined || link.peerId === undefined || link.askedAtMs !== undefined || !link.isOpen) return;
    if (silentMs < (link.isKept ? KEPT_SILENCE_MS : SILENCE_MS)) return;
    link.askedAtMs = nowMs;
    pings.ask(link, link.peerId).then(
      (answer) => answer.outcome === "failed" && answer.reason === "TIMED_OUT" && links.close(link, "silent"),
      () => undefined,
    );
  }

  /** Asks a few of those that are connected, directly or over relays. @returns how many */
  #gossip(): number {
    const { gossip, links, random } = this.#components;
    const proven = [...links.all].filter((link) => link.isProven && link.isOpen).flatMap((link) =>
      link.relay === undefined
        ? [{ link, to: link.peerId }]
        : [...link.relay.reached.keys()].map((to) => ({ link, to }))
    );
    let asked = 0;
    for (; asked < GOSSIP_PEERS && proven.length > 0; asked++) {
      const [drawn] = proven.splice(Math.floor(random.unit() * proven.length), 1);
      if (drawn !== undefined) gossip.ask(drawn.link, drawn.to);
    }
    return asked;
  }

  /** Tells our record anew where we keep the connection, before the one told there runs out; the answer brings theirs. */
  #announce(): void {
    const { handshakes, links } = this.#components;
    for (const link of links.all) {
      if (!link.isProven || link.origin !== "dialled") continue;
      handshakes.announce(link, link.peerId).catch(() => undefined);
    }
  }
}

function isUnused(link: Link, nowMs: number): boolean {
  if (link.origin !== "dialled" || link.isKept || !link.isProven) return false;
  // The answers to what a relay keeps come over it, once their recipients are back.
  const patienceMs = link.relay?.keeper === undefined ? UNUSED_MS : KEEPER_UNUSED_MS;
  return link.owed === 0 && link.deliveries === 0 && nowMs - link.usedAtMs >= patienceMs;
}

/** Whether the peer has taken nothing of what is queued for it for too long. Notes how much there is. */
function takesNothing(link: Link, nowMs: number): boolean {
  const { queuedBytes } = link;
  const isTaking = queuedBytes === 0 || queuedBytes < link.untakenBytes || link.untakenSinceMs === undefined;
  link.untakenBytes = queuedBytes;
  if (queuedBytes === 0) link.untakenSinceMs = undefined;
  else if (isTaking) link.untakenSinceMs = nowMs;
  return !isTaking && nowMs - (link.untakenSinceMs ?? nowMs) >= UNTAKEN_TIMEOUT_MS;
}
