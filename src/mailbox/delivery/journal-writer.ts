/** All writing to the journal. Its methods are called in turns, except `note`. @module */
import type { Logger } from "../../log/mod.ts";
import type { Clock, Files, Random } from "../../runtime/port.ts";
import { joinPath } from "../../store/mod.ts";
import { archiveFailures, FailureArchive } from "./failure-archive.ts";
import { JournalFile } from "./journal-file.ts";
import type { Ledger } from "./ledger.ts";
import * as limits from "./limits.ts";
import { LineBuffer } from "./line-buffer.ts";
import type { OfferedMessage, PendingMessage } from "./pending-message.ts";
import { acceptedLine, JOURNAL_FILE } from "./records.ts";
import { rewriteJournal } from "./rewriting.ts";

/** What writing needs. */
export interface JournalWriterComponents {
  readonly files: Files;
  readonly clock: Pick<Clock, "wallMs" | "monotonicMs">;
  readonly random: Random;
  readonly log: Logger;
}

/** How writing goes. */
export interface JournalWriterInit {
  /** `.moltcomm`. */
  readonly directory: string;
  readonly compactBytesMin: number;
}

const ARCHIVE_DIRECTORY = "archive";
const NEWLINE = 0x0a;

export class JournalWriter {
  readonly file: JournalFile;
  readonly #components: JournalWriterComponents;
  readonly #archive: FailureArchive;
  readonly #compactBytesMin: number;
  /** Lines on their way to the file. */
  #noted = "";
  /** Monotonic milliseconds; `undefined` when nothing is unsynced. */
  #unsyncedSinceMs: number | undefined;
  #lookedAtMs = 0;

  constructor(components: JournalWriterComponents, init: JournalWriterInit) {
    this.#components = components;
    this.#compactBytesMin = init.compactBytesMin;
    this.file = new JournalFile(components, joinPath(init.directory, JOURNAL_FILE));
    this.#archive = new FailureArchive(components.files, joinPath(init.directory, ARCHIVE_DIRECTORY));
  }

  /** Forgets what was noted: the journal is about to be read anew. */
  reset(): void {
    this.#noted = "";
    this.#unsyncedSinceMs = undefined;
  }

  /** Notes a line to be written soon. */
  note(line: string): void {
    this.#noted += line;
  }

  /** Appends accepted messages, durably, all or none, and tells them their places. @returns whether nobody took the file away under it */
  async append(
    messages: readonly PendingMessage[],
    offers: readonly OfferedMessage[],
    ledger: Ledger,
  ): Promise<boolean> {
    if (!this.file.isTrusted) await this.rewrite(ledger);
    await this.#writeNoted();
    const start = this.file.sizeBytes;
    try {
      await this.#appendLines(messages, offers);
      await this.sync();
    } catch (thrown) {
      // They are offered again, and get other ids.
      await this.file.takeBack(start);
      throw thrown;
    }
    return await this.#look();
  }

  /** Writes and syncs whatever is not yet. */
  async writeAll(ledger: Ledger): Promise<void> {
    if (!this.file.isTrusted) await this.rewrite(ledger);
    await this.#writeNoted();
    if (this.#unsyncedSinceMs !== undefined) await this.sync();
  }

  /** One round of upkeep: writes what is noted, syncs what has waited, writes the file anew where it must be or is worth it. */
  async tidy(ledger: Ledger): Promise<void> {
    const nowMs = this.#components.clock.monotonicMs();
    const isBusy = this.#noted !== "";
    if (nowMs - this.#lookedAtMs >= limits.SYNC_WITHIN_MS) await this.#look();
    const isTooLong = this.#noted.length > limits.UNWRITTEN_CHARACTERS_MAX;
    if (!this.file.isTrusted || isTooLong || this.#isWasteful(ledger, isBusy)) await this.rewrite(ledger);
    await this.#writeNoted();
    if (this.#unsyncedSinceMs !== undefined && nowMs - this.#unsyncedSinceMs >= limits.SYNC_WITHIN_MS / 2) {
      await this.sync();
    }
  }

  /** How soon the next round is wanted; `undefined` when there is nothing to come back for. */
  nextRoundMs(ledger: Ledger): number | undefined {
    if (this.#unsyncedSinceMs !== undefined) {
      const dueMs = this.#unsyncedSinceMs + limits.SYNC_WITHIN_MS - limits.WRITE_WITHIN_MS;
      return Math.max(1, dueMs - this.#components.clock.monotonicMs());
    }
    return this.#isWasteful(ledger, false) ? limits.SYNC_WITHIN_MS : undefined;
  }

  async sync(): Promise<void> {
    await this.file.sync();
    this.#unsyncedSinceMs = undefined;
  }

  /** Writes the file anew. What was noted so far is part of what is known, and need not be appended. */
  async rewrite(ledger: Ledger): Promise<void> {
    const { clock, log } = this.#components;
    const noted = this.#noted;
    this.#noted = "";
    try {
      await this.#archiveFailures(ledger.failuresToArchive);
      const lost = await rewriteJournal(this.file, ledger, clock.wallMs());
      if (lost > 0) {
        log.problem("delivery_texts_lost", "error", "delivery_texts_lost", { file: this.file.path, messages: lost });
      }
    } catch (thrown) {
      // All that is noted is known too: what would grow without bound is left to a file written anew.
      if (noted.length > limits.UNWRITTEN_CHARACTERS_MAX) this.file.distrust();
      else this.#noted = noted + this.#noted;
      throw thrown;
    }
    this.#unsyncedSinceMs = clock.monotonicMs();
  }

  async #appendLines(messages: readonly PendingMessage[], offers: readonly OfferedMessage[]): Promise<void> {
    const buffer = new LineBuffer();
    let first = 0;
    for (const [index, message] of messages.entries()) {
      buffer.add(acceptedLine(message, (offers[index] as OfferedMessage).msg));
      if (!buffer.isFull && index < messages.length - 1) continue;
      const bytes = buffer.take();
      placeLines(messages.slice(first, index + 1), bytes, this.file.sizeBytes);
      await this.file.append(bytes);
      first = index + 1;
    }
  }

  async #writeNoted(): Promise<void> {
    const noted = this.#noted;
    if (noted === "") return;
    this.#noted = "";
    try {
      await this.file.append(new TextEncoder().encode(noted));
    } catch (thrown) {
      this.#noted = noted + this.#noted;
      throw thrown;
    }
    this.#unsyncedSinceMs ??= this.#components.clock.monotonicMs();
  }

  async #look(): Promise<boolean> {
    this.#lookedAtMs = this.#components.clock.monotonicMs();
    const wasTrusted = this.file.isTrusted;
    const isTrusted = await this.file.look();
    if (wasTrusted && !isTrusted) {
      const message = "somebody else removed or changed it; it is written anew from what is known";
      this.#components.log.warn("delivery_journal_changed", { file: this.file.path, message });
    }
    return isTrusted;
  }

  #isWasteful({ liveBytes }: Ledger, isBusy: boolean): boolean {
    const least = this.#compactBytesMin * (isBusy ? limits.COMPACT_BUSY_FACTOR : 1);
    return this.file.sizeBytes - liveBytes >= Math.max(least, liveBytes);
  }

  /** Moves old failures to the archive. Those that it cannot take stay in the journal. */
  async #archiveFailures(failures: PendingMessage[]): Promise<void> {
    const { clock, log } = this.#components;
    try {
      await archiveFailures(this.#archive, this.file, failures, clock.wallMs());
      log.resolve("delivery_archive", "delivery_archive_recovered");
    } catch (thrown) {
      log.problem("delivery_archive", "warn", "delivery_archive_failed", { error: thrown, messages: failures.length });
    }
  }
}

/** Tells messages the places of their lines, which stand one after the other in `bytes`: JSON has no newline inside. */
function placeLines(messages: readonly PendingMessage[], bytes: Uint8Array, offset: number): void {
  let start = 0;
  for (const message of messages) {
    const end = bytes.indexOf(NEWLINE, start) + 1;
    message.offset = offset + start;
    message.sizeBytes = end - start;
    start = end;
  }
}
