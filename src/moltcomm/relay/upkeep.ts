/**
 * Looking after the connections, in one sweep over all of them: no connection has a timer of its own.
 *
 * @module
 */
import type { Clock, Random } from "../../runtime/port.ts";
import type { Scheduler, Task } from "../../scheduler/mod.ts";
import type { Addresses } from "./addresses.ts";
import type { Answers } from "./answers.ts";
import {
  END_TIMEOUT_MS,
  FRAME_TIMEOUT_MS,
  HELLO_TIMEOUT_MS,
  KEPT_SILENCE_MS,
  NOT_READING_TIMEOUT_MS,
  PINGING_SILENCE_MS,
  SIGN_OF_LIFE_MS,
  SILENCE_MS,
  SPOKEN_TO_SILENCE_MS,
  SWEEP_MS,
} from "./bounds.ts";
import type { RelayCloseReason } from "./counts.ts";
import type { MessageOrder } from "./message-order.ts";
import type { Queues } from "./queues.ts";
import type { RelayLink } from "./relay-link.ts";

/** What the upkeep works with. */
export interface RelayUpkeepComponents {
  readonly addresses: Addresses;
  readonly answers: Answers;
  readonly clock: Clock;
  readonly links: ReadonlySet<RelayLink>;
  readonly order: MessageOrder;
  readonly queues: Queues;
  readonly random: Pick<Random, "uuid">;
  readonly scheduler: Pick<Scheduler, "add">;
  readonly close: (link: RelayLink, reason: RelayCloseReason) => void;
}

const TASK_TIMEOUT_MS = 5_000;

/** See the module's description. */
export class RelayUpkeep {
  readonly #components: RelayUpkeepComponents;
  #task: Task | undefined;
  #isAwake = false;

  constructor(components: RelayUpkeepComponents) {
    this.#components = components;
  }

  start(): void {
    this.#task = this.#components.scheduler.add({
      name: "relay_links",
      intervalMs: null,
      toleranceMs: SWEEP_MS / 5,
      timeoutMs: TASK_TIMEOUT_MS,
      run: () => Promise.resolve(this.sweep()),
    });
  }

  stop(): void {
    this.#task?.remove();
  }

  /** There is a connection to look after. */
  opened(): void {
    this.#sweepEvery(true);
  }

  /** One look at every link. */
  sweep(): void {
    const { addresses, clock, links, order, close } = this.#components;
    const nowMs = clock.monotonicMs();
    for (const link of links) {
      order.sweep(link, nowMs);
      const reason = this.#whyClose(link, nowMs);
      if (reason === undefined) this.#askIfSilent(link, nowMs);
      else close(link, reason);
    }
    addresses.forget(nowMs);
    this.#sweepEvery(links.size > 0);
  }

  #sweepEvery(isAwake: boolean): void {
    if (this.#isAwake === isAwake) return;
    this.#isAwake = isAwake;
    this.#task?.setIntervalMs(isAwake ? SWEEP_MS : null);
  }

  #whyClose(link: RelayLink, nowMs: number): RelayCloseReason | undefined {
    if (link.endedAtMs !== undefined) return nowMs - link.endedAtMs >= END_TIMEOUT_MS ? "silent" : undefined;
    if (this.#takesNothing(link, nowMs)) return "not_reading";
    // A link that we do not read cannot be blamed for what it does not say.
    if (link.isHeld) return undefined;
    if (link.registration === undefined && nowMs - link.openedAtMs >= HELLO_TIMEOUT_MS) return "no_hello";
    if (link.partial !== undefined && nowMs - link.partialSinceMs >= FRAME_TIMEOUT_MS) return "frame_timeout";
    return link.askedAtMs !== undefined && nowMs - link.askedAtMs >= SIGN_OF_LIFE_MS ? "silent" : undefined;
  }

  #askIfSilent(link: RelayLink, nowMs: number): void {
    if (link.registration === undefined || link.askedAtMs !== undefined || link.isHeld || !link.isOpen) return;
    if (nowMs - link.lastReadAtMs < silenceMsOf(link)) return;
    link.askedAtMs = nowMs;
    this.#components.answers.ask(link, this.#components.random.uuid());
  }

  /** Whether the far end has taken nothing of what is queued for too long. Notes how much there is. */
  #takesNothing(link: RelayLink, nowMs: number): boolean {
    const { bufferedBytes: queuedBytes } = link;
    const isTaking = queuedBytes === 0 || queuedBytes < link.untakenBytes || link.untakenSinceMs === undefined;
    link.untakenBytes = queuedBytes;
    if (queuedBytes === 0) link.untakenSinceMs = undefined;
    else if (isTaking) link.untakenSinceMs = nowMs;
    return !isTaking && nowMs - (link.untakenSinceMs ?? nowMs) >= NOT_READING_TIMEOUT_MS;
  }
}

/** How long a link may be silent. */
function silenceMsOf({ hasPinged, isKept, isSpokenTo }: RelayLink): number {
  if (isKept) return isSpokenTo ? SPOKEN_TO_SILENCE_MS : KEPT_SILENCE_MS;
  return hasPinged ? PINGING_SILENCE_MS : SILENCE_MS;
}
