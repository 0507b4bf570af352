/**
 * Reading lines from a file of any size, from either end, in bounded memory.
 *
 * @module
 */
import { BarnacleError } from "../../errors.ts";
import { joinBytes } from "../../join-bytes.ts";
import type { FileHandle } from "../../runtime/port.ts";
import { CHUNK_BYTES, LINE_BYTES_MAX } from "./limits.ts";

const NEWLINE = 10;
const NOTHING = new Uint8Array(0);

/** Where reading forward ended. */
export interface ForwardEnd {
  /** Just behind the last newline. */
  readonly endOffset: number;
  /** What stands behind it. */
  readonly fragment: Uint8Array;
}

/**
 * Reads whole lines from `from` up to `to`.
 *
 * @param take gets each line without its newline; `undefined` for one longer than any of ours
 */
export async function scanForward(
  handle: FileHandle,
  { from, to }: { readonly from: number; readonly to: number },
  take: (line: Uint8Array | undefined) => void,
): Promise<ForwardEnd> {
  let endOffset = from;
  let carry: Uint8Array = NOTHING;
  let isOverlong = false;
  for (let offset = from; offset < to;) {
    const chunk = await handle.readAt(offset, Math.min(Math.max(CHUNK_BYTES, carry.length), to - offset));
    if (chunk.length === 0) break;
    const buffer = carry.length === 0 ? chunk : joinBytes([carry, chunk]);
    const bufferOffset = offset - carry.length;
    let start = 0;
    // What was carried holds no newline.
    for (let at = buffer.indexOf(NEWLINE, carry.length); at !== -1; at = buffer.indexOf(NEWLINE, start)) {
      take(isOverlong ? undefined : buffer.subarray(start, at));
      isOverlong = false;
      start = at + 1;
      endOffset = bufferOffset + start;
    }
    offset += chunk.length;
    carry = buffer.subarray(start);
    if (carry.length > LINE_BYTES_MAX) {
      isOverlong = true;
      carry = NOTHING;
    }
  }
  return { endOffset, fragment: carry };
}

/** What reading backward does with a line. @returns whether to go on to the line before it */
export type TakeBackward = (line: Uint8Array, place: {
  readonly offset: number;
  /** Whether a newline ends it; `false` only for the last one. */
  readonly isWhole: boolean;
}) => boolean;

/**
 * Reads lines from the end of the file towards its beginning.
 *
 * @param range.end the length of the file
 * @param range.bytesMax not much more than this is read
 * @returns whether it stopped at that bound
 * @throws `IO_ERROR` when the file shrinks meanwhile
 */
export async function scanBackward(
  handle: FileHandle,
  { end, bytesMax }: { readonly end: number; readonly bytesMax: number },
  take: TakeBackward,
): Promise<{ readonly isCapped: boolean }> {
  let position = end;
  let carry: Uint8Array = NOTHING;
  let isWhole = false;
  while (position > 0) {
    if (end - position >= bytesMax) return { isCapped: true };
    const length = Math.min(position, Math.max(CHUNK_BYTES, carry.length));
    const chunk = await handle.readAt(position - length, length);
    if (chunk.length < length) throw shrunk();
    const isLast = position === end;
    position -= length;
    const buffer = carry.length === 0 ? chunk : joinBytes([chunk, carry]);
    let lineEnd = buffer.length;
    // What was carried holds no newline.
    let searchFrom = length - 1;
    if (isLast && buffer[searchFrom] === NEWLINE) {
      isWhole = true;
      lineEnd = searchFrom--;
    }
    for (let at = lastNewline(buffer, searchFrom); at !== -1; at = lastNewline(buffer, lineEnd - 1)) {
      if (!take(buffer.subarray(at + 1, lineEnd), { offset: position + at + 1, isWhole })) return { isCapped: false };
      isWhole = true;
      lineEnd = at;
    }
    carry = buffer.subarray(0, lineEnd);
  }
  if (end > 0) take(carry, { offset: 0, isWhole });
  return { isCapped: false };
}

function lastNewline(buffer: Uint8Array, from: number): number {
  return from < 0 ? -1 : buffer.lastIndexOf(NEWLINE, from);
}

function shrunk(): BarnacleError {
  return new BarnacleError({
    code: "IO_ERROR",
    action: "Read the inbox from its end",
    value: "fewer bytes than it had a moment ago",
    retryable: true,
  });
}
