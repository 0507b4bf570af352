/** What stands in an inbox file already: behind the place we know, or in a file that we do not. @module */
import type { FileHandle } from "../../runtime/port.ts";
import type { InboxLine } from "../types.ts";
import { SEQ_JUMP_MAX } from "./limits.ts";
import { isBlank, readLineBytes } from "./line.ts";
import { readFirstLine } from "./place.ts";
import { scanBackward, scanForward } from "./scan.ts";

/** What was found. */
export interface Found {
  /** Of the file, now ending with a newline. */
  readonly sizeBytes: number;
  /** The highest number: the file's, or the one that was known before. */
  readonly lastSeq: number;
  /** Lines that cannot be read. */
  readonly damagedLines: number;
  /** Bytes of a torn last line that were cut off. */
  readonly cutBytes: number;
}

const NEWLINE = Uint8Array.of(10);

/**
 * Reads on from a known place to the end of our own file. A last line without its newline was never acknowledged: it is
 * ended when it is whole, and cut off when it is not.
 *
 * @throws what the disk says
 */
export async function readOn(
  handle: FileHandle,
  { from, to, lastSeq: known }: { readonly from: number; readonly to: number; readonly lastSeq: number },
  onLine: (line: InboxLine) => void,
): Promise<Found> {
  let lastSeq = known;
  let damagedLines = 0;
  const take = (bytes: Uint8Array | undefined): boolean => {
    const line = bytes === undefined ? undefined : readLineBytes(bytes);
    if (line === undefined) return false;
    lastSeq = highest(lastSeq, line.seq, known);
    onLine(line);
    return true;
  };
  const { endOffset, fragment } = await scanForward(handle, { from, to }, (bytes) => {
    if (!take(bytes) && (bytes === undefined || !isBlank(bytes))) damagedLines++;
  });
  if (endOffset === to) return { sizeBytes: to, lastSeq, damagedLines, cutBytes: 0 };
  if (take(fragment)) {
    await endLine(handle);
    return { sizeBytes: to + NEWLINE.length, lastSeq, damagedLines, cutBytes: 0 };
  }
  await handle.truncate(endOffset);
  return { sizeBytes: endOffset, lastSeq, damagedLines, cutBytes: to - endOffset };
}

/**
 * Reads back from the end of a file that others have written. What has no newline at its end may be a message whose
 * newline an editor dropped, or somebody's note: it is ended, not judged.
 *
 * @param range.bytesMax not much more than this is read
 * @returns what was found, and the number before the file's first line
 * @throws what the disk says
 */
export async function readBack(
  handle: FileHandle,
  { sizeBytes, bytesMax, lastSeq: known }: {
    readonly sizeBytes: number;
    readonly bytesMax: number;
    readonly lastSeq: number;
  },
  onLine: (line: InboxLine) => void,
): Promise<Found & { readonly floorSeq: number }> {
  let lastSeq = known;
  let damagedLines = 0;
  let isEnded = true;
  await scanBackward(handle, { end: sizeBytes, bytesMax }, (bytes, { isWhole }) => {
    if (!isWhole) isEnded = false;
    const line = readLineBytes(bytes);
    if (line !== undefined) {
      lastSeq = highest(lastSeq, line.seq, known);
      onLine(line);
    } else if (!isBlank(bytes)) damagedLines++;
    return true;
  });
  if (!isEnded) await endLine(handle);
  const first = await readFirstLine(handle, sizeBytes);
  const floorSeq = sizeBytes === 0 ? lastSeq : Math.min((first?.seq ?? 1) - 1, lastSeq);
  return { sizeBytes: sizeBytes + (isEnded ? 0 : NEWLINE.length), lastSeq, damagedLines, cutBytes: 0, floorSeq };
}

async function endLine(handle: FileHandle): Promise<void> {
  await handle.write(NEWLINE);
  await handle.syncData();
}

function highest(lastSeq: number, seq: number, known: number): number {
  return seq <= known + SEQ_JUMP_MAX ? Math.max(lastSeq, seq) : lastSeq;
}
