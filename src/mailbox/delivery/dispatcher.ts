/**
 * Sends what the journal holds, each recipient's messages in their order, until they are delivered or failed.
 *
 * Invariants, cited by number where they are kept and in the names of the tests:
 *
 * - D1  Attempts to one recipient begin in the order of acceptance. Once one has failed none begins before all in flight have settled, and
 *       then the first that is not settled is the first again.
 * - D2  After a failure one message is tried alone, after a wait of up to 1 s, 2 s, 4 s and so on to 5 min (full jitter); each delivery
 *       lets one more be in flight, up to `inFlightPerRecipient`. Meanwhile those behind it are left with a relay that keeps it
 *       (`leaving.ts`).
 * - D3  No recipient waits for another: each has its own wait and window, few of those that do not answer are tried at once, and one with
 *       many messages makes room.
 * - D4  Every message ends as delivered or failed, and is then never attempted again.
 * - D5  Nothing is paid per message but one attempt, its promise, and two lines of the journal.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import type { Counter, Metrics } from "../../metrics/mod.ts";
import type { Clock, Random } from "../../runtime/port.ts";
import type { RunReason, Scheduler, Task } from "../../scheduler/mod.ts";
import type { AttemptOutcome, Carrier, KeptNews } from "../types.ts";
import { type DispatcherView, observeDispatcher } from "./dispatcher-view.ts";
import { Endings } from "./endings.ts";
import { Fifo } from "./fifo.ts";
import type { DeliveryJournal } from "./journal.ts";
import { Lane } from "./lane.ts";
import { Leaving } from "./leaving.ts";
import * as limits from "./limits.ts";
import { brokenCarrier, describeFailure, type FailedAttempt, isForGood, isTooLarge, reasonLabel } from "./outcomes.ts";
import type { PendingMessage } from "./pending-message.ts";
import { Slots } from "./slots.ts";
import { textsFrom } from "./texts.ts";
import { UnderWay } from "./under-way.ts";
import { Waits } from "./waits.ts";

/** What a dispatcher works with. */
export interface DispatcherComponents {
  readonly clock: Clock;
  readonly random: Pick<Random, "unit">;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** For the task `delivery`, which wakes for the next attempt that is due. */
  readonly scheduler: Pick<Scheduler, "add">;
  readonly carrier: Carrier;
  /** Open. */
  readonly journal: DeliveryJournal;
}

/** How a dispatcher behaves. */
export interface DispatcherInit {
  readonly inFlightPerRecipient: number;
  /** From acceptance. */
  readonly giveUpAfterMs: number;
  /** Recipients tried at once: so many of those whose last attempt was answered, and so many of the others. Default 256. */
  readonly recipientsAtOnceMax?: number;
}

const TASK_TIMEOUT_MS = 60_000;

/** See the module's description. Does nothing before `start`. */
export class Dispatcher {
  readonly #components: DispatcherComponents;
  readonly #init: DispatcherInit;
  readonly #endings: Endings;
  readonly #lanes = new Map<string, Lane>();
  readonly #slots: Slots;
  readonly #waits: Waits;
  readonly #leaving: Leaving;
  /** Those that have their turn and could send now. */
  readonly #row = new Fifo<Lane>();
  readonly #underWay = new UnderWay();
  readonly #attemptFailures: Counter;
  #task: Task | undefined;
  #listenings: (() => void)[] = [];
  #phase: "new" | "running" | "stopped" = "new";
  #isSending = false;
  #isTurnAsked = false;

  constructor(components: DispatcherComponents, init: DispatcherInit) {
    this.#components = components;
    this.#init = init;
    this.#endings = new Endings(components, init.giveUpAfterMs);
    this.#slots = new Slots(init.recipientsAtOnceMax ?? limits.RECIPIENTS_AT_ONCE_MAX);
    this.#waits = new Waits(components);
    this.#leaving = new Leaving({ ...components, slots: this.#slots, waits: this.#waits }, init);
    this.#attemptFailures = components.metrics.counter(
      "barnacle_mail_outgoing_attempt_failures_total",
      "Attempts to deliver a message that failed, by reason.",
      ["reason"],
    );
    observeDispatcher(components.metrics, () => this.view);
  }

  get view(): DispatcherView {
    const { clock, journal } = this.#components;
    const [oldest] = journal.pending;
    return {
      queued: Math.max(0, journal.pending.size - this.#underWay.count),
      inFlight: this.#underWay.count,
      kept: journal.view.kept,
      delivered: this.#endings.delivered,
      failed: this.#endings.failed,
      recipientsWaiting: this.#waits.size,
      oldestPendingAgeMs: oldest === undefined ? null : Math.max(0, clock.wallMs() - oldest.acceptedAtMs),
    };
  }

  /** Takes up what is pending, and from now on what is accepted. Idempotent. */
  start(): void {
    if (this.#phase !== "new") return;
    this.#phase = "running";
    const { carrier, journal, scheduler } = this.#components;
    this.#task = scheduler.add({
      name: "delivery",
      intervalMs: null,
      toleranceMs: limits.RETRY_TOLERANCE_MS,
      timeoutMs: TASK_TIMEOUT_MS,
      run: ({ reason }) => this.#retry(reason),
    });
    this.#waits.begin(this.#task);
    this.#listenings = [
      journal.onAccepted((messages) => this.#takeUp(messages)),
      carrier.onReachable((nodeId) => this.#reachable(nodeId)),
      carrier.onKept((news) => this.#heard(news)),
    ];
    this.#takeUp(journal.pending);
  }

  /** Ends the waits after failures: of one recipient, or of all. */
  nudge(to?: string): void {
    if (this.#phase !== "running") return;
    const lane = to === undefined ? undefined : this.#lanes.get(to);
    if (lane?.phase === "waiting") {
      this.#waits.end(lane);
      this.#slots.enqueue(lane);
    }
    if (to === undefined) { for (const waiting of this.#waits.take("all")) this.#slots.enqueue(waiting); }
    this.#grant();
  }

  /** No new attempts; those in flight may settle within a second, then what became of them is made durable. Idempotent. */
  async stop(): Promise<void> {
    if (this.#phase === "stopped") return;
    this.#phase = "stopped";
    for (const end of this.#listenings) end();
    this.#task?.remove();
    await this.#underWay.ended(this.#components.clock, limits.STOP_WITHIN_MS);
    // The journal has reported what it cannot write; the next start tries these messages again.
    await this.#components.journal.flush().catch(() => undefined);
  }

  #takeUp(messages: Iterable<PendingMessage>): void {
    const touched = new Set<Lane>();
    for (const message of messages) {
      const lane = this.#laneFor(message.to);
      lane.append(message);
      touched.add(lane);
    }
    for (const lane of touched) {
      if (lane.phase === "resting") this.#slots.enqueue(lane);
      else if (lane.phase === "active") this.#putInRow(lane);
      else if (lane.phase === "waiting") this.#leaving.begin(lane);
    }
    this.#grant();
  }

  #laneFor(to: string): Lane {
    let lane = this.#lanes.get(to);
    if (lane === undefined) {
      lane = new Lane(to, this.#init.inFlightPerRecipient);
      this.#lanes.set(to, lane);
    }
    return lane;
  }

  /** Gives turns to those that are first in their rows, and lets everybody with a turn send. */
  #grant(): void {
    for (let lane = this.#slots.grant(); lane !== undefined; lane = this.#slots.grant()) this.#putInRow(lane);
    this.#sendSoon();
  }

  #putInRow(lane: Lane): void {
    if (lane.isInRow) return;
    lane.isInRow = true;
    this.#row.push(lane);
  }

  #sendSoon(): void {
    if (!this.#isSending && !this.#isTurnAsked) this.#sendSome();
  }

  /** Makes a burst of attempts, in turn for each recipient, and goes on after input and output have had theirs (D3). */
  #sendSome(): void {
    this.#isSending = true;
    let left = limits.BURST_ATTEMPTS_MAX;
    for (let lane = this.#row.shift(); lane !== undefined; lane = left > 0 ? this.#row.shift() : undefined) {
      lane.isInRow = false;
      left -= this.#send(lane, left);
      if (this.#canSend(lane)) this.#putInRow(lane);
    }
    this.#isSending = false;
    if (this.#row.size === 0 || this.#phase !== "running") return;
    this.#isTurnAsked = true;
    this.#components.clock.nextTurn(() => {
      this.#isTurnAsked = false;
      this.#sendSome();
    });
  }

  #canSend(lane: Lane): boolean {
    return lane.phase === "active" && lane.cursor !== undefined && lane.inFlight < lane.window && !lane.isDraining &&
      !lane.isLoading && !lane.isStarved && this.#phase === "running";
  }

  /** @returns attempts made */
  #send(lane: Lane, attemptsMax: number): number {
    let made = 0;
    while (made < attemptsMax && this.#canSend(lane)) {
      const message = lane.cursor as PendingMessage;
      if (lane.isLeaving && !this.#leaving.hasRoom(lane)) lane.isDraining = true;
      else if (!message.hasText) this.#load(lane, message);
      else if (lane.attemptsInTurn >= limits.TURN_ATTEMPTS_MAX && this.#slots.isWanted(lane)) lane.isDraining = true;
      else {
        made++;
        this.#attempt(lane, message);
      }
    }
    if (made > 0 && lane.window === 1) this.#prepareNext(lane);
    this.#endRoundIfOver(lane);
    return made;
  }

  /** One message alone is on its way: while its answer is awaited there is time for the next one's signature. */
  #prepareNext(lane: Lane): void {
    const { carrier, clock } = this.#components;
    clock.nextTurn(() => {
      const { cursor, isDraining, phase } = lane;
      if (cursor?.hasText === true && !isDraining && phase === "active") carrier.prepare?.(cursor);
    });
  }

  #attempt(lane: Lane, message: PendingMessage): void {
    lane.cursor = message.next;
    lane.inFlight++;
    lane.attemptsInTurn++;
    this.#underWay.began();
    message.attempts++;
    this.#components.journal.sent(message);
    this.#leaving.attempt(lane, message).then(
      (outcome) => this.#settled(lane, message, outcome),
      (thrown: unknown) => this.#settled(lane, message, brokenCarrier(thrown)),
    );
  }

  #settled(lane: Lane, message: PendingMessage, outcome: AttemptOutcome): void {
    lane.inFlight--;
    lane.isStarved = false;
    this.#underWay.settled();
    // Its recipient may have answered an earlier attempt meanwhile.
    if (message.settledLine === "") {
      if (outcome.outcome === "delivered") this.#delivered(lane, message);
      else this.#failed(lane, message, outcome);
    }
    if (this.#phase === "stopped") return;
    this.#endRoundIfOver(lane);
    if (!this.#canSend(lane)) return;
    this.#putInRow(lane);
    this.#sendSoon();
  }

  #delivered(lane: Lane, message: PendingMessage): void {
    this.#endings.deliver(lane, message);
    lane.endLeaving();
    lane.failures = 0;
    lane.isProven = true;
    if (lane.window < this.#init.inFlightPerRecipient) lane.window++;
  }

  #failed(lane: Lane, message: PendingMessage, outcome: FailedAttempt): void {
    this.#attemptFailures.increment({ reason: reasonLabel(outcome.reason) });
    const reason = describeFailure(outcome);
    const { byRecipient, keeper } = outcome;
    if (keeper === undefined) message.lastError = reason;
    else if (this.#leaving.left(lane, message, keeper)) return;
    // Our own limit refused it: that says nothing of the recipient.
    if (isTooLarge(outcome)) return this.#endings.fail(lane, message, reason);
    message.refusals = isForGood(outcome) ? message.refusals + 1 : 0;
    lane.isProven = byRecipient;
    if (keeper === undefined) this.#leaving.failed(lane, message, byRecipient);
    this.#failRound(lane, reason);
    if (message.refusals < limits.REFUSALS_MAX) return;
    this.#endings.fail(lane, message, reason);
    // It answers, and the next message may be to its liking.
    lane.failures = 0;
  }

  #failRound(lane: Lane, reason: string): void {
    lane.lastError = reason;
    lane.isDraining = true;
    lane.hasFailed = true;
  }

  /** Keeps D1: a new round begins with the first message that is not settled, once nothing is in flight. */
  #endRoundIfOver(lane: Lane): void {
    if (lane.phase !== "active" || lane.inFlight > 0 || lane.isLoading || this.#phase !== "running") return;
    if (lane.cursor !== undefined && !lane.isDraining) return;
    const { hasFailed, isLeaving } = lane;
    lane.hasFailed = false;
    lane.isDraining = false;
    lane.isLeaving = false;
    if (isLeaving) lane.window = 1;
    this.#slots.release(lane);
    if (hasFailed) this.#endings.giveUpOverdue(lane);
    lane.cursor = lane.head;
    if (lane.head === undefined) this.#rest(lane);
    else if (hasFailed) this.#wait(lane);
    else if (isLeaving && lane.keeper !== undefined) this.#leaving.goOn(lane);
    else this.#slots.enqueue(lane);
    this.#grant();
  }

  #rest(lane: Lane): void {
    lane.phase = "resting";
    if (this.#lanes.size > limits.RESTING_RECIPIENTS_MAX) this.#lanes.delete(lane.to);
  }

  #wait(lane: Lane): void {
    const { journal } = this.#components;
    lane.failures++;
    lane.window = 1;
    this.#waits.add(lane);
    this.#endings.reportUnreachable(lane);
    if (journal.isTextScarce) {
      for (let message = lane.head; message !== undefined; message = message.next) journal.letGo(message);
    }
    this.#leaving.begin(lane);
  }

  #reachable(nodeId: string): void {
    const lane = this.#lanes.get(nodeId);
    lane?.endLeaving();
    if (lane?.phase !== "waiting" || !this.#waits.cutShort(lane)) return;
    this.#slots.enqueue(lane);
    this.#grant();
  }

  /** Somebody says what became of a message that a relay keeps. */
  #heard(news: KeptNews): void {
    const lane = this.#lanes.get(news.to);
    if (lane === undefined) return;
    const delivered = this.#leaving.heard(lane, news);
    if (delivered !== undefined) this.#delivered(lane, delivered);
    if (news.what === "refused") return this.#reachable(news.to);
    if (news.what === "dropped" || lane.phase !== "waiting") return;
    if (lane.head !== undefined) return this.#waits.restart(lane, limits.HANDING_OVER_MS);
    this.#waits.end(lane);
    this.#rest(lane);
  }

  /** One run of the task. Who slept, or was told another time, may find everybody reachable again. */
  #retry(reason: RunReason): Promise<void> {
    for (const lane of this.#waits.take(reason === "catch-up" ? "all" : "due")) this.#slots.enqueue(lane);
    this.#grant();
    return Promise.resolve();
  }

  /** Reads the next texts back. While there is no room for texts, a recipient that waits for nothing else still gets its own. */
  #load(lane: Lane, first: PendingMessage): void {
    const { journal } = this.#components;
    if (journal.textRoom <= 0 && lane.inFlight > 0) {
      lane.isStarved = true;
      return;
    }
    lane.isLoading = true;
    journal.load(textsFrom(first)).then(
      (lost) => this.#loaded(lane, lost),
      (thrown: unknown) => this.#notLoaded(lane, thrown),
    );
  }

  #loaded(lane: Lane, lost: readonly PendingMessage[]): void {
    lane.isLoading = false;
    if (this.#phase !== "running") return;
    this.#components.log.resolve("delivery_texts", "delivery_journal_readable");
    for (const message of lost) this.#endings.fail(lane, message, "its text is lost: the delivery journal was damaged");
    this.#putInRow(lane);
    this.#sendSoon();
  }

  /** The journal cannot be read now: as if an attempt had failed. */
  #notLoaded(lane: Lane, thrown: unknown): void {
    lane.isLoading = false;
    this.#components.log.problem("delivery_texts", "error", "delivery_journal_unreadable", { error: thrown });
    lane.endLeaving();
    this.#failRound(lane, "the delivery journal cannot be read");
    this.#endRoundIfOver(lane);
  }
}
