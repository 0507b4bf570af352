/** Reading the journal at the start, and mending its end. @module */
import type { Logger } from "../../log/mod.ts";
import type { JournalWriter } from "./journal-writer.ts";
import type { Ledger } from "./ledger.ts";
import { Replay } from "./replay.ts";

/** How a journal is read. */
export interface OpeningInit {
  readonly lineBytesMax: number;
  /** Now, by the monotonic clock. */
  readonly monotonicMs: number;
}

/**
 * Reads the journal into an empty ledger, mends its last line, and makes it durable: what was read may never have been synced, and
 * neither an attempt nor an answer to the outbox may rest on it before.
 *
 * @returns lines that could not be read
 * @throws the errors of `Files`
 */
export async function openJournal(
  writer: JournalWriter,
  ledger: Ledger,
  log: Logger,
  init: OpeningInit,
): Promise<number> {
  const { file } = writer;
  writer.reset();
  const replay = new Replay(ledger, init.monotonicMs);
  const { overlong, tail } = await file.open(init.lineBytesMax, (line) => replay.line(line));
  const damaged = replay.damagedLines + overlong;
  if (tail.sizeBytes > 0) {
    const damagedBefore = replay.damagedLines;
    replay.line({ ...tail, sizeBytes: tail.sizeBytes + 1 });
    // A whole record that only lacks its newline may be an editor's work, and counts.
    const isWhole = tail.bytes.length > 0 && replay.damagedLines === damagedBefore;
    if (isWhole) await file.endLine();
    else await file.truncate(tail.offset);
    log.info("delivery_journal_repaired", { file: file.path, cut_bytes: isWhole ? 0 : tail.sizeBytes });
  }
  if (damaged > 0) {
    log.warn("delivery_journal_damaged", { file: file.path, lines: damaged, message: "they were passed over" });
  }
  if (file.sizeBytes === 0) return damaged;
  try {
    await writer.sync();
  } catch {
    // The kernel may count what it could not save as saved: only a new file can be relied on.
    await writer.rewrite(ledger);
    await writer.sync();
  }
  return damaged;
}
