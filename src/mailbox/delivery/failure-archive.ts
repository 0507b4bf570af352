/**
 * Where failed messages go when the journal has no room for them: `.moltcomm/archive/delivery-<Unix ms>.ndjson`, the same lines.
 *
 * A failed message was reported in the log and in the journal; its text is kept here as long as there is room. A crash in between can
 * leave a message both here and in the journal, never in neither.
 *
 * @module
 */
import { joinBytes } from "../../join-bytes.ts";
import type { Files } from "../../runtime/port.ts";
import { joinPath, parentPath } from "../../store/mod.ts";
import type { JournalFile } from "./journal-file.ts";
import { ARCHIVE_FILE_BYTES_MAX, ARCHIVE_FILES_MAX } from "./limits.ts";
import { readBack } from "./line-reader.ts";
import type { PendingMessage } from "./pending-message.ts";

const NAME_REGEXP = /^delivery-(\d{1,16})\.ndjson$/;
const MODE = 0o600;
const DIRECTORY_MODE = 0o700;
const NEWLINE = new Uint8Array([0x0a]);

/** Messages read back together. */
const GROUP_MESSAGES_MAX = 256;

/**
 * Moves failed messages from the journal to the archive.
 *
 * @param failures those that are in the archive are taken out of it
 */
export async function archiveFailures(
  archive: FailureArchive,
  file: Pick<JournalFile, "readAt">,
  failures: PendingMessage[],
  wallMs: number,
): Promise<void> {
  const encoder = new TextEncoder();
  while (failures.length > 0) {
    const group = failures.slice(0, GROUP_MESSAGES_MAX);
    const lines: Uint8Array[] = [];
    await readBack(file, group, (message, line) => {
      if (line !== undefined) lines.push(line);
      lines.push(encoder.encode(message.settledLine));
    });
    await archive.append(lines, wallMs);
    failures.splice(0, group.length);
  }
}

/** See the module's description. */
export class FailureArchive {
  readonly #files: Files;
  readonly #directory: string;

  /** @param directory `.moltcomm/archive` */
  constructor(files: Files, directory: string) {
    this.#files = files;
    this.#directory = directory;
  }

  /** Appends lines, durably, and removes what there is no more room for. @param wallMs names a new file */
  async append(lines: readonly Uint8Array[], wallMs: number): Promise<void> {
    if (lines.length === 0) return;
    // With the mailbox itself gone it must not come into being again where it was.
    await this.#files.stat(parentPath(this.#directory));
    await this.#files.makeDirectory(this.#directory, { mode: DIRECTORY_MODE });
    const numbers = await this.#numbers();
    const newest = numbers.at(-1);
    let number = newest ?? wallMs;
    let rest = lines;
    if (newest !== undefined && (await this.#sizeOf(newest)) >= ARCHIVE_FILE_BYTES_MAX) {
      number = Math.max(wallMs, newest + 1);
    }
    while (rest.length > 0) {
      if (!numbers.includes(number)) numbers.push(number);
      rest = await this.#fill(number, rest);
      number = Math.max(wallMs, number + 1);
    }
    for (const old of numbers.slice(0, -ARCHIVE_FILES_MAX)) await this.#files.remove(this.#path(old));
    await this.#files.syncDirectory(this.#directory);
    await this.#files.syncDirectory(parentPath(this.#directory));
  }

  /** Appends until the file is full. @returns what is left */
  async #fill(number: number, lines: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    const handle = await this.#files.open(this.#path(number), "append", { mode: MODE });
    try {
      let { sizeBytes } = await handle.stat();
      const pieces: Uint8Array[] = [];
      // A write that was cut off here before left a part of a line: it shall not spoil the next.
      if (sizeBytes > 0 && (await handle.readAt(sizeBytes - 1, 1))[0] !== NEWLINE[0]) pieces.push(NEWLINE);
      let count = 0;
      for (; count < lines.length && (count === 0 || sizeBytes < ARCHIVE_FILE_BYTES_MAX); count++) {
        const line = lines[count] as Uint8Array;
        pieces.push(line);
        sizeBytes += line.length;
      }
      await handle.write(joinBytes(pieces));
      await handle.syncData();
      return lines.slice(count);
    } finally {
      await handle.close();
    }
  }

  async #numbers(): Promise<number[]> {
    const names = await this.#files.list(this.#directory);
    return names.map((name) => Number(NAME_REGEXP.exec(name)?.[1] ?? Number.NaN)).filter((number) => number >= 0)
      .sort((left, right) => left - right);
  }

  async #sizeOf(number: number): Promise<number> {
    return (await this.#files.stat(this.#path(number))).sizeBytes;
  }

  #path(number: number): string {
    return joinPath(this.#directory, `delivery-${number}.ndjson`);
  }
}
