/** Reads `accepted` lines back from the journal: neighbours in one go, and none that is not what it should be. @module */
import type { JournalFile } from "./journal-file.ts";
import type { PendingMessage } from "./pending-message.ts";
import { acceptedLineStart, readRecord } from "./records.ts";

const READ_BYTES_MAX = 1024 * 1024;
const NEWLINE = 0x0a;
const encoder = new TextEncoder();

/**
 * Calls `onLine` for each message in its order with the bytes of its line, newline included; with `undefined` where the journal no
 * longer holds it.
 */
export async function readBack(
  file: Pick<JournalFile, "readAt">,
  messages: readonly PendingMessage[],
  onLine: (message: PendingMessage, line: Uint8Array | undefined) => void,
): Promise<void> {
  for (let index = 0; index < messages.length;) {
    const end = endOfNeighbours(messages, index);
    const first = messages[index] as PendingMessage;
    const last = messages[end - 1] as PendingMessage;
    const bytes = await file.readAt(first.offset, last.offset + last.sizeBytes - first.offset);
    for (; index < end; index++) {
      const message = messages[index] as PendingMessage;
      const from = message.offset - first.offset;
      const line = bytes.subarray(from, from + message.sizeBytes);
      onLine(message, isLineOf(message, line) ? line : undefined);
    }
  }
}

/** The text on a message's `accepted` line; `undefined` when it is no such line. */
export function textOn(line: Uint8Array): string | undefined {
  const record = readRecord(line);
  return record?.state === "accepted" ? record.msg : undefined;
}

/** Lines that stand one after the other, with little between them, are read together. */
function endOfNeighbours(messages: readonly PendingMessage[], start: number): number {
  const { offset } = messages[start] as PendingMessage;
  let end = start + 1;
  for (; end < messages.length; end++) {
    const before = messages[end - 1] as PendingMessage;
    const { offset: nextOffset, sizeBytes } = messages[end] as PendingMessage;
    const isNear = nextOffset >= before.offset && nextOffset + sizeBytes - offset <= READ_BYTES_MAX;
    if (!isNear) break;
  }
  return end;
}

/** Whether these are the bytes of the message's line. One that begins as we write it need not be parsed. */
function isLineOf(message: PendingMessage, line: Uint8Array): boolean {
  if (line.length !== message.sizeBytes || line.at(-1) !== NEWLINE) return false;
  const start = encoder.encode(acceptedLineStart(message));
  if (start.every((byte, index) => line[index] === byte)) return true;
  const record = readRecord(line);
  return record?.state === "accepted" && record.id === message.id;
}
