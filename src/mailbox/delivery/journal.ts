/**
 * The durable record of each outgoing message's way: `.moltcomm/delivery.ndjson`.
 *
 * An accepted message is durable before `accept` resolves, with the id that it keeps. What became of it is written soon and synced within a
 * second: a power cut that takes such a record back leads to one attempt more, which the recipient answers with `REPLAY`. All writing takes
 * turns; the bookkeeping between is synchronous, so a delivered message has neither a promise nor a timer of its own here.
 *
 * @module
 */
import { BarnacleError, isBarnacleError } from "../../errors.ts";
import type { Metrics } from "../../metrics/mod.ts";
import type { Random } from "../../runtime/port.ts";
import type { Scheduler, Task } from "../../scheduler/mod.ts";
import { parentPath } from "../../store/mod.ts";
import { Turns } from "../../turns.ts";
import { idForAgent } from "../agent-address.ts";
import type { Keeper } from "../types.ts";
import { openJournal } from "./journal-opening.ts";
import { JournalWriter, type JournalWriterComponents } from "./journal-writer.ts";
import { Ledger } from "./ledger.ts";
import * as limits from "./limits.ts";
import { readBack, textOn } from "./line-reader.ts";
import { type OfferedMessage, PendingMessage } from "./pending-message.ts";
import { deliveredLine, failedLine, sentLine } from "./records.ts";

/** What a journal works with. */
export interface DeliveryJournalComponents extends JournalWriterComponents {
  readonly metrics: Metrics;
  /** For writing, syncing and upkeep: the task `delivery_journal`. */
  readonly scheduler: Pick<Scheduler, "add">;
}

/** How a journal behaves. */
export interface DeliveryJournalInit {
  /** `.moltcomm`. */
  readonly directory: string;
  readonly messageBytesMax: number;
  /** Messages pending at once. A batch is taken as long as there is room for its first, so that by a batch more may be. */
  readonly pendingMax: number;
  /** Characters of texts kept in memory. Default 16 Mi. */
  readonly textCharactersMax?: number;
  /** Settled messages that stay in the journal in full. Default 1,000. */
  readonly historyMessagesMax?: number;
  /** So many bytes of it that nobody needs any more have the journal written anew. Default 1 MiB. */
  readonly compactBytesMin?: number;
}

/** The journal as status and metrics show it. */
export interface JournalView {
  readonly pending: number;
  /** Of these, how many a relay keeps for their recipients. */
  readonly kept: number;
  readonly sizeBytes: number;
  /** Why nothing can be written now: an error code. */
  readonly failing: string | undefined;
}

const DIRECTORY_MODE = 0o700;
const PROBLEM = "delivery_journal";
const TASK_TIMEOUT_MS = 10 * 60_000;
const TASK_BACKOFF = { initialMs: 500, maxMs: 30_000 };
/** How often an accepted batch is written when somebody takes the file away under it. */
const APPEND_TRIES = 2;

/** See the module's description. One process at a time has a directory's journal open. */
export class DeliveryJournal {
  readonly #components: DeliveryJournalComponents;
  readonly #init: DeliveryJournalInit;
  readonly #writer: JournalWriter;
  readonly #turns = new Turns();
  readonly #listeners = new Set<(messages: readonly PendingMessage[]) => void>();
  #ledger: Ledger;
  #task: Task | undefined;
  #isAsked = false;
  #isOpen = false;
  #failing: string | undefined;
  #damagedLines = 0;

  constructor(components: DeliveryJournalComponents, init: DeliveryJournalInit) {
    this.#components = components;
    this.#init = init;
    const { compactBytesMin = limits.COMPACT_BYTES_MIN, directory } = init;
    this.#writer = new JournalWriter(components, { directory, compactBytesMin });
    this.#ledger = this.#newLedger();
    const { metrics } = components;
    metrics.observed(
      "barnacle_mail_outgoing_journal_bytes",
      "gauge",
      "Size of the delivery journal.",
      () => this.#writer.file.sizeBytes,
    );
    metrics.observed(
      "barnacle_mail_outgoing_journal_damaged_lines",
      "gauge",
      "Lines of the delivery journal that could not be read at the start.",
      () => this.#damagedLines,
    );
  }

  get view(): JournalView {
    const { keptCount: kept, pending } = this.#ledger;
    return { pending: pending.size, kept, sizeBytes: this.#writer.file.sizeBytes, failing: this.#failing };
  }

  /** Messages that may yet be accepted; 0 asks the caller to leave the outbox alone until some have left. */
  get room(): number {
    return Math.max(0, this.#init.pendingMax - this.#ledger.pending.size);
  }

  /** Whether there is a message that would be passed over: it was accepted before. */
  get knowsOffers(): boolean {
    return this.#ledger.knowsOffers;
  }

  /** Pending messages in the order of their acceptance. */
  get pending(): Iterable<PendingMessage> & { readonly size: number } {
    return this.#ledger.pending;
  }

  /** Characters of texts that may yet be read back. */
  get textRoom(): number {
    return this.#ledger.textRoom;
  }

  /** Whether texts that are not needed soon should be let go. */
  get isTextScarce(): boolean {
    return this.#ledger.isTextScarce;
  }

  /**
   * Reads the journal, mends its end, makes what it says durable, and adds the task. After a failure it may be called again.
   *
   * @throws the errors of `Files`
   */
  async open(): Promise<void> {
    const { clock, files, log, scheduler } = this.#components;
    const { directory, messageBytesMax } = this.#init;
    await this.#turns.take(async () => {
      await files.makeDirectory(directory, { mode: DIRECTORY_MODE });
      await files.syncDirectory(parentPath(directory));
      this.#ledger = this.#newLedger();
      const lineBytesMax = messageBytesMax * limits.ESCAPED_BYTES_MAX + limits.RECORD_BYTES_MAX;
      const init = { lineBytesMax, monotonicMs: clock.monotonicMs() };
      this.#damagedLines = await openJournal(this.#writer, this.#ledger, log, init);
    });
    this.#isOpen = true;
    this.#task ??= scheduler.add({
      name: "delivery_journal",
      intervalMs: limits.LOOK_INTERVAL_MS,
      firstDelayMs: limits.LOOK_INTERVAL_MS,
      toleranceMs: limits.LOOK_INTERVAL_MS / 2,
      timeoutMs: TASK_TIMEOUT_MS,
      backoff: TASK_BACKOFF,
      logsOwnFailures: true,
      run: () => this.#tend(),
    });
  }

  /** Calls `listener` with messages that have just been accepted, in their order. @returns a function that ends it */
  onAccepted(listener: (messages: readonly PendingMessage[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Takes messages up, all or none: they are durable when this resolves, and have the ids that they keep. What was accepted before, by
   * its key or by the id that its line gave it, is passed over.
   *
   * @throws `UNAVAILABLE` when there is no room, and the errors of `Files`; the same messages may be offered again
   */
  accept(offers: readonly OfferedMessage[]): Promise<void> {
    return this.#turns.take(async () => {
      const fresh = offers.filter((offer) => this.#ledger.claim(offer));
      // What is known is durable: `open` saw to it, or the sync of its own batch.
      if (fresh.length === 0) return;
      try {
        if (this.room === 0) throw this.#full();
        await this.#watched(() => this.#accept(fresh));
      } catch (thrown) {
        for (const offer of fresh) this.#ledger.disclaim(offer);
        throw thrown;
      }
    });
  }

  /** Notes the attempt that is being made: the first, and those whose number is a power of two; none while a relay keeps the message. */
  sent(message: PendingMessage): void {
    const { attempts, keeper } = message;
    if (keeper !== undefined || (attempts & (attempts - 1)) !== 0) return;
    message.sentAtMs = this.#components.clock.wallMs();
    this.#note(sentLine(message));
  }

  /** Notes which relay keeps the message, unless that is known; `undefined`: none does any more. */
  kept(message: PendingMessage, keeper: Keeper | undefined): void {
    const { address, nodeId } = message.keeper ?? {};
    if (address === keeper?.address && nodeId === keeper?.nodeId) return;
    this.#ledger.setKeeper(message, keeper, this.#components.clock.wallMs());
    this.#note(sentLine(message));
  }

  delivered(message: PendingMessage): void {
    const line = deliveredLine(message, this.#components.clock.wallMs());
    this.#ledger.settle(message, line, false);
    this.#note(line);
  }

  failed(message: PendingMessage, reason: string): void {
    const line = failedLine(message, this.#components.clock.wallMs(), reason);
    this.#ledger.settle(message, line, true);
    this.#note(line);
  }

  /** Lets the text of a pending message go, to be read back later. */
  letGo(message: PendingMessage): void {
    this.#ledger.dropText(message);
  }

  /** Reads texts back. @returns the messages whose texts are lost @throws the errors of `Files` */
  load(messages: readonly PendingMessage[]): Promise<readonly PendingMessage[]> {
    return this.#turns.take(async () => {
      const lost: PendingMessage[] = [];
      await readBack(this.#writer.file, messages, (message, line) => {
        const text = line === undefined ? undefined : textOn(line);
        if (text === undefined) lost.push(message);
        else if (this.#ledger.pending.has(message)) this.#ledger.keepText(message, text);
      });
      return lost;
    });
  }

  /** Writes and syncs what is not yet. @throws the errors of `Files` */
  flush(): Promise<void> {
    return this.#turns.take(() => this.#watched(() => this.#writer.writeAll(this.#ledger)));
  }

  /** Writes what is not yet written, and closes. Idempotent; what it could not write is reported, not thrown. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#task?.remove();
    this.#task = undefined;
    await this.flush().catch(() => undefined);
    await this.#turns.take(() => this.#writer.file.close());
  }

  #newLedger(): Ledger {
    const { historyMessagesMax = limits.HISTORY_MESSAGES_MAX, textCharactersMax = limits.TEXT_CHARACTERS_MAX } =
      this.#init;
    return new Ledger({ historyMessagesMax, textCharactersMax });
  }

  async #accept(offers: readonly OfferedMessage[]): Promise<void> {
    const { clock, random } = this.#components;
    const now = { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
    const messages = offers.map((offer) =>
      new PendingMessage(offer, { id: offer.id ?? newId(random, offer), isOwn: offer.id === undefined, ...now })
    );
    for (let tries = 1; tries <= APPEND_TRIES; tries++) {
      if (await this.#writer.append(messages, offers, this.#ledger)) return this.#takeUp(messages, offers);
    }
    throw new BarnacleError({
      code: "UNAVAILABLE",
      action: `Write "${this.#writer.file.path}"`,
      value: "a file that somebody else changes",
      wanted: "to be its only writer",
      retryable: true,
    });
  }

  #takeUp(messages: readonly PendingMessage[], offers: readonly OfferedMessage[]): void {
    for (const [index, message] of messages.entries()) {
      const { msg } = offers[index] as OfferedMessage;
      this.#ledger.add(message);
      if (this.#ledger.textRoom >= msg.length) this.#ledger.keepText(message, msg);
    }
    for (const listener of this.#listeners) listener(messages);
  }

  #full(): BarnacleError {
    return new BarnacleError({
      code: "UNAVAILABLE",
      action: "Accept messages",
      value: `${this.#ledger.pending.size} pending`,
      wanted: `fewer than ${this.#init.pendingMax}`,
      hint: "wait until some are delivered, or raise mailbox.pendingMax",
      retryable: true,
    });
  }

  #note(line: string): void {
    if (!this.#isOpen) return;
    this.#writer.note(line);
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#task?.nudge({ withinMs: limits.WRITE_WITHIN_MS });
  }

  /** One round of the task. */
  async #tend(): Promise<void> {
    this.#isAsked = false;
    await this.#turns.take(async () => {
      if (this.#isOpen) await this.#watched(() => this.#writer.tidy(this.#ledger));
    });
    const nextMs = this.#writer.nextRoundMs(this.#ledger);
    if (nextMs !== undefined) this.#task?.nudge({ withinMs: nextMs });
  }

  /** Keeps account of whether writing works. */
  async #watched(work: () => Promise<void>): Promise<void> {
    const { log } = this.#components;
    try {
      await work();
    } catch (thrown) {
      this.#failing = isBarnacleError(thrown) ? thrown.code : "INTERNAL";
      log.problem(PROBLEM, "error", "delivery_journal_failed", { error: thrown, pending: this.#ledger.pending.size });
      throw thrown;
    }
    if (this.#failing === undefined) return;
    this.#failing = undefined;
    log.resolve(PROBLEM, "delivery_journal_recovered");
  }
}

function newId(random: Pick<Random, "uuid">, { agent }: OfferedMessage): string {
  const id = random.uuid();
  return agent === undefined ? id : idForAgent(id, agent);
}
