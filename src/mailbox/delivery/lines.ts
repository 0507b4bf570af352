/** Reading a file of lines by pieces, forwards and backwards, whatever its size. @module */
import { joinBytes } from "../../join-bytes.ts";
import type { FileHandle } from "../../runtime/port.ts";

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** A line without its newline, and where it stands; `sizeBytes` counts the newline. */
export interface Line {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** What a reading from the front came to. */
export interface Reading {
  /** What stands behind the last newline; empty when the file ends with one. */
  readonly tail: Line;
  /** Lines passed over because they are longer than wanted. */
  readonly overlong: number;
}

/**
 * Reads forwards.
 *
 * @param range.from where a line begins @param range.to where to stop @param range.lineBytesMax longer lines are passed over
 */
export async function readLines(
  handle: Pick<FileHandle, "readAt">,
  range: { readonly from: number; readonly to: number; readonly lineBytesMax: number },
  onLine: (line: Line) => void,
): Promise<Reading> {
  let begun: Uint8Array = new Uint8Array(0);
  let offset = range.from;
  let position = range.from;
  let isSkipping = false;
  let overlong = 0;
  while (position < range.to) {
    // As much again as is waiting for its newline: a long line is put together in a few steps.
    const chunk = await handle.readAt(position, Math.min(Math.max(CHUNK_BYTES, begun.length), range.to - position));
    if (chunk.length === 0) break;
    position += chunk.length;
    const bytes = joined(begun, chunk);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE, begun.length); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      const line = { bytes: bytes.subarray(start, end), offset, sizeBytes: end + 1 - start };
      if (isSkipping || line.sizeBytes > range.lineBytesMax) overlong++;
      else onLine(line);
      isSkipping = false;
      start = end + 1;
      offset = position - (bytes.length - start);
    }
    begun = bytes.subarray(start);
    if (isSkipping || begun.length > range.lineBytesMax) {
      isSkipping = true;
      begun = new Uint8Array(0);
    }
  }
  const sizeBytes = position - offset;
  return { tail: { bytes: begun, offset, sizeBytes }, overlong };
}

/**
 * Reads backwards from `toBytes`, newest line first, until `onLine` returns `false`. What stands behind the last newline is no line.
 */
export async function readLinesBackwards(
  handle: Pick<FileHandle, "readAt">,
  range: { readonly to: number; readonly lineBytesMax: number },
  onLine: (bytes: Uint8Array) => boolean,
): Promise<void> {
  let position = range.to;
  /** The end of a line whose beginning has not been read; `undefined` before the first newline, and for an overlong one. */
  let ending: Uint8Array | undefined;
  while (position > 0) {
    const length = Math.min(Math.max(CHUNK_BYTES, ending?.length ?? 0), position);
    position -= length;
    const chunk = await handle.readAt(position, length);
    // The file was cut meanwhile: what is left of it is looked at, the line cut in two is not.
    if (chunk.length < length) ending = undefined;
    let end = chunk.length;
    for (let at = chunk.lastIndexOf(NEWLINE); at !== -1; at = at === 0 ? -1 : chunk.lastIndexOf(NEWLINE, at - 1)) {
      if (ending !== undefined && !onLine(joined(chunk.subarray(at + 1, end), ending))) return;
      ending = new Uint8Array(0);
      end = at;
    }
    if (ending === undefined) continue;
    ending = joined(chunk.subarray(0, end), ending);
    if (ending.length > range.lineBytesMax) ending = undefined;
  }
  if (ending !== undefined) onLine(ending);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  return second.length === 0 ? first : joinBytes([first, second]);
}
