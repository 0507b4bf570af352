/**
 * A line of the inbox. Source: the heartbeat inbox contract, section 2.1.
 *
 * @module
 */
import type { InboxLine, IncomingMessage } from "../types.ts";

/**
 * All of a line but its number, which is not known until it is written: so a line is put together while the batch
 * before it is being synced. JSON escapes every control character, so a message cannot end its line.
 */
export function composeRest({ receivedAtMs, from, id, to, msg }: IncomingMessage): string {
  return `,"received_ts":${Math.floor(receivedAtMs)},"from":${JSON.stringify(from)},"id":${JSON.stringify(id)},"to":${
    JSON.stringify(to)
  },"msg":${JSON.stringify(msg)}}`;
}

/** A whole line without its newline. */
export function composeLine(seq: number, rest: string): string {
  return `{"seq":${seq}${rest}`;
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The line's text; `undefined` when it is no UTF-8. */
function decodeLine(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    // A damaged line: the caller counts it.
    return undefined;
  }
}

/** Reads a line, with whatever unknown fields it has; `undefined` when it is damaged. */
function readLine(text: string): InboxLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // A damaged line: the caller counts it.
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { seq, received_ts, from, id, to, msg } = value as Record<string, unknown>;
  if (!isSeq(seq) || typeof received_ts !== "number") return undefined;
  if (typeof from !== "string" || typeof id !== "string" || typeof to !== "string" || typeof msg !== "string") {
    return undefined;
  }
  return { seq, received_ts, from, id, to, msg };
}

/** Whether the line holds nothing at all, as between two line ends of another system. */
export function isBlank(bytes: Uint8Array): boolean {
  return bytes.length === 0 || decodeLine(bytes)?.trim() === "";
}

/** As {@link readLine}, from bytes. */
export function readLineBytes(bytes: Uint8Array): InboxLine | undefined {
  const text = decodeLine(bytes);
  return text === undefined ? undefined : readLine(text);
}

function isSeq(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}
