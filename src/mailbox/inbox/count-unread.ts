import type { FileHandle } from "../../runtime/port.ts";
import type { CountedLine } from "./backlog.ts";
import { COUNT_BYTES_MAX } from "./limits.ts";
import { readLineBytes } from "./line.ts";
import { scanBackward } from "./scan.ts";

/**
 * Finds the unread lines, newest first. Looks at no more than `linesMax` of them, because more cannot have been
 * accepted, and at the last 32 MiB: unread lines further back count in the total only, not for their sender.
 *
 * @returns the lines, and the number above which they are all there are
 * @throws what the disk says
 */
export async function countUnread(
  handle: FileHandle,
  { sizeBytes, cursor, linesMax }: { readonly sizeBytes: number; readonly cursor: number; readonly linesMax: number },
): Promise<{ readonly lines: readonly CountedLine[]; readonly countedAbove: number }> {
  const lines: CountedLine[] = [];
  let lowest = Number.POSITIVE_INFINITY;
  let isFull = false;
  const { isCapped } = await scanBackward(handle, { end: sizeBytes, bytesMax: COUNT_BYTES_MAX }, (bytes) => {
    const line = readLineBytes(bytes);
    // Numbers descend in a file that is ours; what others have mixed in is not counted.
    if (line === undefined || line.seq >= lowest) return true;
    if (line.seq <= cursor) return false;
    lines.push({ seq: line.seq, from: line.from });
    lowest = line.seq;
    isFull = lines.length >= linesMax;
    return !isFull;
  });
  return { lines, countedAbove: (isCapped || isFull) && lines.length > 0 ? lowest - 1 : cursor };
}
