/**
 * How fast each link is read, and what holds it back: its rate, messages of it that are not durable yet, answers it does not take.
 *
 * A link that is held back is not refused anything: it is not read, so its peer's own writes come to rest. Source: the project's design,
 * "A message in".
 *
 * @module
 */
import { isBarnacleError } from "../errors.ts";
import type { Clock } from "../runtime/port.ts";
import {
  DELIVERIES_PER_CONNECTION_MAX,
  DELIVERY_BYTES_MAX,
  DELIVERY_BYTES_PER_CONNECTION_MAX,
  FRAMES_PER_TURN,
  READ_AHEAD_ALL_BYTES_MAX,
  READ_AHEAD_BYTES,
} from "./bounds.ts";
import type { Link } from "./link.ts";

/** What counts as one frame of a long one. Parsing is what a long frame costs. */
const BYTES_PER_FRAME_SHIFT = 14;
/** A link that used up its rate rests until it may read so much of it at once, so that there are few wake-ups. */
const REST_MS = 20;

/** Whom the reading works with. */
export interface ReadingWork {
  queue(link: Link): void;
  rest(link: Link, durationMs: number): void;
  /** One whole frame. */
  receive(link: Link, frame: Uint8Array): void;
  /** The peer announced a frame that is too long; nothing after it can be read. */
  tooLarge(link: Link): void;
  /** The peer ended, and everything of it has been answered. */
  finished(link: Link): void;
  /** All links together hold too much; this one holds most. */
  overfull(link: Link): void;
}

/** See the module's description. */
export class Reading {
  readonly #clock: Clock;
  readonly #links: { readonly all: ReadonlySet<Link> };
  readonly #work: ReadingWork;
  readonly #perMs: number;
  readonly #burst: number;
  readonly #held = new Set<Link>();
  #aheadBytes = 0;
  #deliveryBytes = 0;

  constructor(
    components: { readonly clock: Clock; readonly links: { readonly all: ReadonlySet<Link> } },
    init: { readonly framesPerSecond: number; readonly work: ReadingWork },
  ) {
    this.#clock = components.clock;
    this.#links = components.links;
    this.#work = init.work;
    this.#perMs = init.framesPerSecond / 1_000;
    this.#burst = paceBurst(init.framesPerSecond);
  }

  /** Something arrived. */
  readable(link: Link): void {
    if (link.partialSinceMs === undefined && link.work === "none") link.partialSinceMs = this.#clock.monotonicMs();
    if (link.work === "none") this.#work.queue(link);
    if (link.bufferedBytes >= READ_AHEAD_BYTES) link.pause();
    this.#count(link);
  }

  drained(link: Link): void {
    this.#release(link);
  }

  /** A message of the link goes to the inbox. */
  delivering(link: Link, bytes: number): void {
    link.deliveries++;
    link.deliveryBytes += bytes;
    this.#deliveryBytes += bytes;
  }

  /** What became of it is known. */
  delivered(link: Link, bytes: number): void {
    const wasFull = this.#deliveryBytes >= DELIVERY_BYTES_MAX;
    link.deliveries--;
    link.deliveryBytes -= bytes;
    this.#deliveryBytes -= bytes;
    if (wasFull && this.#deliveryBytes < DELIVERY_BYTES_MAX) {
      for (const held of this.#held) this.#release(held);
    }
    this.#release(link);
    if (link.isFinished && link.deliveries === 0 && link.work === "none") this.#work.queue(link);
  }

  /** What was read turned out to be an answer to us: it costs the peer nothing. */
  giveBack(link: Link): void {
    link.tokens++;
  }

  /** What was read turned out to cost us as much as several frames. */
  charge(link: Link, frames: number): void {
    link.tokens -= frames;
  }

  closed(link: Link): void {
    this.#held.delete(link);
    this.#aheadBytes -= link.countedBytes;
    link.countedBytes = 0;
  }

  /** One go of a turn. @returns frames read, long ones counted as several */
  read(link: Link, quota: number): number {
    if (!link.isOpen) return 0;
    const nowMs = this.#clock.monotonicMs();
    const { paceFactor } = link;
    link.tokens = Math.min(
      this.#burst * paceFactor,
      link.tokens + (nowMs - link.filledAtMs) * this.#perMs * paceFactor,
    );
    link.filledAtMs = nowMs;
    let spent = 0;
    while (spent < quota) {
      if (this.#mustHold(link)) return this.#hold(link, spent);
      if (link.tokens < 1) return this.#rest(link, spent);
      const frame = this.#next(link);
      if (frame === undefined) return this.#dry(link, spent);
      const tokens = link.tokens;
      link.tokens -= 1 + (frame.length >> BYTES_PER_FRAME_SHIFT);
      link.lastFrameAtMs = nowMs;
      link.partialSinceMs = undefined;
      link.askedAtMs = undefined;
      this.#work.receive(link, frame);
      spent += Math.max(1, tokens - link.tokens);
      if (!link.isOpen) return spent;
    }
    this.#work.queue(link);
    this.#afterReading(link);
    return spent;
  }

  #next(link: Link): Uint8Array | undefined {
    try {
      return link.nextFrame();
    } catch (thrown) {
      if (!isBarnacleError(thrown, "FRAME_TOO_LARGE")) throw thrown;
      this.#work.tooLarge(link);
      return undefined;
    }
  }

  #mustHold(link: Link): boolean {
    return link.deliveries >= DELIVERIES_PER_CONNECTION_MAX ||
      link.deliveryBytes >= DELIVERY_BYTES_PER_CONNECTION_MAX ||
      this.#deliveryBytes >= DELIVERY_BYTES_MAX ||
      link.isChoked;
  }

  #hold(link: Link, spent: number): number {
    link.work = "held";
    this.#held.add(link);
    this.#afterReading(link);
    return spent;
  }

  #release(link: Link): void {
    if (link.work !== "held" || this.#mustHold(link)) return;
    this.#held.delete(link);
    link.work = "none";
    this.#work.queue(link);
  }

  #rest(link: Link, spent: number): number {
    const perMs = this.#perMs * link.paceFactor;
    const wanted = Math.min(FRAMES_PER_TURN, Math.max(1, perMs * REST_MS));
    this.#work.rest(link, Math.ceil((wanted - link.tokens) / perMs));
    this.#afterReading(link);
    return spent;
  }

  /** No whole frame is left. */
  #dry(link: Link, spent: number): number {
    if (!link.isOpen) return spent;
    this.#count(link);
    if (link.bufferedBytes === 0) link.partialSinceMs = undefined;
    else link.partialSinceMs ??= this.#clock.monotonicMs();
    if (link.isFinished && link.deliveries === 0) this.#work.finished(link);
    else link.resume();
    return spent;
  }

  #afterReading(link: Link): void {
    this.#count(link);
    if (link.bufferedBytes >= READ_AHEAD_BYTES) link.pause();
    else link.resume();
  }

  #count(link: Link): void {
    const { bufferedBytes } = link;
    this.#aheadBytes += bufferedBytes - link.countedBytes;
    link.countedBytes = bufferedBytes;
    if (this.#aheadBytes <= READ_AHEAD_ALL_BYTES_MAX) return;
    let fullest = link;
    for (const other of this.#links.all) if (other.bufferedBytes > fullest.bufferedBytes) fullest = other;
    this.#work.overfull(fullest);
  }
}

/** What a link may read at once after a pause: a second's worth, and a turn at least. */
export function paceBurst(framesPerSecond: number): number {
  return Math.max(FRAMES_PER_TURN, framesPerSecond);
}
