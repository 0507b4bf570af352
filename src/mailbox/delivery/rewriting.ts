/**
 * Writing the journal anew: what is still needed, in an order that reads back to the same state.
 *
 * First the history, then the keys of settled messages that are not in it, then the pending messages with what has been tried. Messages
 * whose text is in memory are written from there, so that a journal that was deleted or damaged is whole again; the others are read back
 * from the old file, which stays readable while it is open, even without a name.
 *
 * @module
 */
import { joinBytes } from "../../join-bytes.ts";
import type { JournalFile } from "./journal-file.ts";
import type { Ledger } from "./ledger.ts";
import { KEYS_PER_LINE } from "./limits.ts";
import { readBack } from "./line-reader.ts";
import type { PendingMessage } from "./pending-message.ts";
import { acceptedLine, rememberedLine, sentLine } from "./records.ts";

interface Place {
  readonly message: PendingMessage;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Messages handled together, so that their neighbourhood in the old file is used. */
const GROUP_MESSAGES_MAX = 1_024;
const GROUP_BYTES_MAX = 1024 * 1024;
/** A good size for one write. */
const WRITE_BYTES = 256 * 1024;

/**
 * Writes the journal anew and tells the messages their new places. What settles meanwhile has to be appended afterwards.
 *
 * @returns how many pending messages are lost, since neither memory nor the old file has their text; they have no place any more
 */
export async function rewriteJournal(file: JournalFile, ledger: Ledger, wallMs: number): Promise<number> {
  const writing = new Rewriting(file, ledger, wallMs);
  await file.replace((append) => writing.write(append));
  for (const { message, offset, sizeBytes } of writing.places) {
    message.offset = offset;
    message.sizeBytes = sizeBytes;
  }
  ledger.recount(file.sizeBytes);
  return writing.places.filter(({ message, sizeBytes }) => sizeBytes === 0 && ledger.pending.has(message)).length;
}

class Rewriting {
  readonly places: Place[] = [];
  readonly #old: JournalFile;
  readonly #ledger: Ledger;
  readonly #wallMs: number;
  readonly #encoder = new TextEncoder();
  #pieces: Uint8Array[] = [];
  #offset = 0;
  #writtenBytes = 0;
  #append: (bytes: Uint8Array) => Promise<void> = () => Promise.resolve();

  constructor(old: JournalFile, ledger: Ledger, wallMs: number) {
    this.#old = old;
    this.#ledger = ledger;
    this.#wallMs = wallMs;
  }

  /** Writes all as it is now: messages may settle meanwhile. */
  async write(append: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    this.#append = append;
    const { failuresToArchive, history, pending } = this.#ledger;
    const settled = [...failuresToArchive, ...history.toArray()];
    const unsettled = [...pending];
    await this.#messages(settled);
    this.#keys();
    await this.#messages(unsettled);
    await this.#flush();
  }

  /** A settled message whose line is gone leaves its key behind. */
  #keys(): void {
    const written = this.places.filter(({ sizeBytes }) => sizeBytes > 0).map(({ message }) => message);
    const keys = this.#ledger.keysBeside(written);
    for (let start = 0; start < keys.length; start += KEYS_PER_LINE) {
      this.#line(rememberedLine(keys.slice(start, start + KEYS_PER_LINE), this.#wallMs));
    }
  }

  async #messages(messages: readonly PendingMessage[]): Promise<void> {
    for (let start = 0; start < messages.length;) {
      const group = groupFrom(messages, start);
      await this.#group(group);
      start += group.length;
    }
  }

  async #group(group: readonly PendingMessage[]): Promise<void> {
    // A message that settles meanwhile lets go of its text.
    const texts = group.map((message) => message.hasText ? message.msg : undefined);
    const found = new Map<PendingMessage, Uint8Array>();
    await readBack(this.#old, group.filter((_, index) => texts[index] === undefined), (message, line) => {
      if (line !== undefined) found.set(message, line);
    });
    for (const [index, message] of group.entries()) {
      this.#message(message, texts[index], found.get(message));
      if (this.#offset - this.#writtenBytes >= WRITE_BYTES) await this.#flush();
    }
  }

  #message(message: PendingMessage, text: string | undefined, bytes: Uint8Array | undefined): void {
    const offset = this.#offset;
    if (text !== undefined) this.#line(acceptedLine(message, text));
    else if (bytes !== undefined) this.#bytes(bytes);
    this.places.push({ message, offset, sizeBytes: this.#offset - offset });
    if (message.settledLine !== "") this.#line(message.settledLine);
    else if (message.attempts > 0) this.#line(sentLine(message));
  }

  #line(line: string): void {
    this.#bytes(this.#encoder.encode(line));
  }

  #bytes(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#offset += bytes.length;
  }

  async #flush(): Promise<void> {
    const bytes = joinBytes(this.#pieces);
    this.#pieces = [];
    this.#writtenBytes += bytes.length;
    await this.#append(bytes);
  }
}

function groupFrom(messages: readonly PendingMessage[], start: number): readonly PendingMessage[] {
  let end = start;
  for (let bytes = 0; end < messages.length && end - start < GROUP_MESSAGES_MAX && bytes < GROUP_BYTES_MAX; end++) {
    bytes += (messages[end] as PendingMessage).sizeBytes;
  }
  return messages.slice(start, end);
}
