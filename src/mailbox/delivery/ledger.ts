/**
 * What the journal says, in memory and without I/O: who is pending, what was settled lately, which offers are known.
 *
 * @module
 */
import type { Keeper } from "../types.ts";
import { Fifo } from "./fifo.ts";
import { HISTORY_BYTES_MAX, REMEMBERED_KEYS_MAX } from "./limits.ts";
import type { OfferedMessage, PendingMessage } from "./pending-message.ts";

/** How much is kept. */
export interface LedgerInit {
  /** Characters of texts in memory. */
  readonly textCharactersMax: number;
  /** Settled messages in the history. */
  readonly historyMessagesMax: number;
}

/** See the module's description. */
export class Ledger {
  /** In the order of their acceptance. */
  readonly pending = new Set<PendingMessage>();
  /** Settled messages that stay in the journal in full. */
  readonly history = new Fifo<PendingMessage>();
  /** Failed messages that have left the history, until they are in the archive. */
  readonly failuresToArchive: PendingMessage[] = [];
  /** Pending messages that a relay keeps for their recipients. */
  keptCount = 0;
  /** Bytes of the journal that are still needed. */
  liveBytes = 0;
  readonly #init: LedgerInit;
  readonly #known = new Set<string>();
  /** Keys and given ids of settled messages; the oldest is forgotten first. A pending one's are never. */
  readonly #settledKeys = new Fifo<string>();
  #historyBytes = 0;
  #textCharacters = 0;

  constructor(init: LedgerInit) {
    this.#init = init;
  }

  /** Characters of texts that may yet be kept; below 0 when more had to be. */
  get textRoom(): number {
    return this.#init.textCharactersMax - this.#textCharacters;
  }

  /** Whether more than half of the room for texts is taken. */
  get isTextScarce(): boolean {
    return this.#textCharacters * 2 > this.#init.textCharactersMax;
  }

  /** Whether there is an offer that would be passed over. */
  get knowsOffers(): boolean {
    return this.#known.size > 0;
  }

  /**
   * Claims an offer's key, and the id that its line gave it.
   *
   * @returns whether the offer is new: neither was claimed before
   */
  claim({ id, key }: Pick<OfferedMessage, "key" | "id">): boolean {
    if (this.#known.has(key) || (id !== undefined && this.#known.has(id))) return false;
    if (key !== "") this.#known.add(key);
    if (id !== undefined) this.#known.add(id);
    return true;
  }

  /** Gives back what was claimed for an offer that could not be accepted. */
  disclaim({ id, key }: Pick<OfferedMessage, "key" | "id">): void {
    this.#known.delete(key);
    if (id !== undefined) this.#known.delete(id);
  }

  /** Takes up an accepted message whose offer was claimed and whose line is in the journal. */
  add(message: PendingMessage): void {
    this.pending.add(message);
    this.liveBytes += message.sizeBytes;
  }

  /** Keeps the message's text in memory. */
  keepText(message: PendingMessage, msg: string): void {
    if (message.hasText) return;
    message.msg = msg;
    message.hasText = true;
    this.#textCharacters += msg.length;
  }

  /** Lets the text go: the journal has it. */
  dropText(message: PendingMessage): void {
    if (!message.hasText) return;
    this.#textCharacters -= message.msg.length;
    message.msg = "";
    message.hasText = false;
  }

  /** Notes which relay keeps a pending message, if any. @param sinceMs Unix milliseconds */
  setKeeper(message: PendingMessage, keeper: Keeper | undefined, sinceMs: number): void {
    if (message.keeper !== undefined) this.keptCount--;
    if (keeper !== undefined) this.keptCount++;
    message.keeper = keeper;
    message.keptAtMs = keeper === undefined ? 0 : sinceMs;
  }

  /** Moves a message to the history. @param line its last line */
  settle(message: PendingMessage, line: string, hasFailed: boolean): void {
    if (!this.pending.delete(message)) return;
    this.dropText(message);
    this.setKeeper(message, undefined, 0);
    message.settledLine = line;
    message.hasFailed = hasFailed;
    this.liveBytes += line.length;
    this.#historyBytes += message.sizeBytes + line.length;
    this.history.push(message);
    if (message.key !== "") this.#keepKey(message.key);
    if (message.isIdGiven && message.id !== message.key) this.#keepKey(message.id);
    while (this.history.size > this.#init.historyMessagesMax || this.#historyBytes > HISTORY_BYTES_MAX) {
      this.#forgetOldest();
    }
  }

  /** Remembers the key of a message that was settled before. */
  remember(key: string): void {
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.#keepKey(key);
  }
  /** The remembered keys of settled messages, oldest first, without those of the given messages. */
  keysBeside(messages: Iterable<PendingMessage>): string[] {
    const theirs = new Set<string>();
    for (const message of messages) {
      theirs.add(message.key);
      if (message.isIdGiven) theirs.add(message.id);
    }
    return this.#settledKeys.toArray().filter((key) => !theirs.has(key));
  }

  /** Counts anew after the journal was written anew: all of it is needed. */
  recount(journalBytes: number): void {
    this.#historyBytes = 0;
    for (const message of this.history.toArray()) this.#historyBytes += message.sizeBytes + message.settledLine.length;
    this.liveBytes = journalBytes;
  }

  /** Keeps the key of a message that is pending no more, as long as there is room. */
  #keepKey(key: string): void {
    this.#settledKeys.push(key);
    if (this.#settledKeys.size <= REMEMBERED_KEYS_MAX) return;
    const oldest = this.#settledKeys.shift();
    if (oldest !== undefined) this.#known.delete(oldest);
  }

  #forgetOldest(): void {
    const oldest = this.history.shift();
    if (oldest === undefined) return;
    const bytes = oldest.sizeBytes + oldest.settledLine.length;
    this.#historyBytes -= bytes;
    this.liveBytes -= bytes;
    if (oldest.hasFailed) this.failuresToArchive.push(oldest);
  }
}
