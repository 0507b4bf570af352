/** Reading the journal back into the ledger, line by line. @module */
import type { Keeper } from "../types.ts";
import type { Ledger } from "./ledger.ts";
import type { Line } from "./lines.ts";
import { PendingMessage } from "./pending-message.ts";
import { type AcceptedRecord, deliveredLine, failedLine, readRecord, type SettledRecord } from "./records.ts";

const BLANK_BYTES_MAX = 2;

/** One reading of the journal. */
export class Replay {
  readonly #ledger: Ledger;
  readonly #monotonicMs: number;
  readonly #pending = new Map<string, PendingMessage>();
  /** One string for each recipient, however many messages it has. */
  readonly #recipients = new Map<string, string>();
  readonly #keepers = new Map<string, Keeper>();
  #damagedLines = 0;

  /** @param monotonicMs now */
  constructor(ledger: Ledger, monotonicMs: number) {
    this.#ledger = ledger;
    this.#monotonicMs = monotonicMs;
  }

  /** Lines that are no record. */
  get damagedLines(): number {
    return this.#damagedLines;
  }

  line(line: Line): void {
    const record = readRecord(line.bytes);
    if (record === undefined) this.#damaged(line);
    else if (record.state === "accepted") this.#accepted(record, line);
    else if (record.state === "remembered") { for (const key of record.keys) this.#ledger.remember(key); }
    else {
      const message = this.#pending.get(record.id);
      // Of a message that the history has dropped.
      if (message === undefined) return;
      if (record.state !== "sent") return this.#settled(message, record);
      message.attempts = Math.max(message.attempts, record.attempt);
      message.lastError = record.error;
      message.sentAtMs = record.ts;
      this.#ledger.setKeeper(message, this.#keeper(record.keeper), record.ts);
    }
  }

  /** One object for each relay, however many messages it keeps. */
  #keeper(keeper: Keeper | undefined): Keeper | undefined {
    if (keeper === undefined) return undefined;
    const name = `${keeper.address} ${keeper.nodeId}`;
    const known = this.#keepers.get(name) ?? keeper;
    this.#keepers.set(name, known);
    return known;
  }

  #damaged(line: Line): void {
    const isBlank = line.bytes.length <= BLANK_BYTES_MAX && line.bytes.every((byte) => byte === 0x0d || byte === 0x20);
    if (!isBlank) this.#damagedLines++;
  }

  #accepted(record: AcceptedRecord, line: Line): void {
    const { given, id, key, msg, ts } = record;
    const offer = { to: this.#recipient(record.to), msg, id: given ? id : undefined, line: record.line, key };
    // What was accepted twice is one message: the first, which may have been tried.
    if (this.#pending.has(id) || !this.#ledger.claim(offer)) return;
    const message = new PendingMessage(offer, { id, wallMs: ts, monotonicMs: this.#monotonicMs });
    message.offset = line.offset;
    message.sizeBytes = line.sizeBytes;
    this.#pending.set(id, message);
    this.#ledger.add(message);
    if (this.#ledger.textRoom >= msg.length) this.#ledger.keepText(message, msg);
  }

  #settled(message: PendingMessage, record: SettledRecord): void {
    const { attempts, reason, state, ts } = record;
    this.#pending.delete(message.id);
    message.attempts = attempts;
    const hasFailed = state === "failed";
    const line = hasFailed ? failedLine(message, ts, reason ?? "unknown") : deliveredLine(message, ts);
    this.#ledger.settle(message, line, hasFailed);
  }

  #recipient(to: string): string {
    const known = this.#recipients.get(to);
    if (known !== undefined) return known;
    this.#recipients.set(to, to);
    return to;
  }
}
