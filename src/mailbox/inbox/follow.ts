/** Following the inbox as it grows, for `inbox --follow`. @module */
import { isBarnacleError } from "../../errors.ts";
import type { Clock, FileHandle, Files } from "../../runtime/port.ts";
import type { InboxLine } from "../types.ts";
import { readLineBytes } from "./line.ts";
import { inboxPaths } from "./paths.ts";
import { findEnd, type ReaderPlace, Unread } from "./reader.ts";
import { scanForward } from "./scan.ts";

export interface FollowInit {
  /** `.moltcomm`. */
  readonly directory: string;
  /** Where reading goes on: `place` of an earlier reading. */
  readonly place: ReaderPlace;
  readonly signal: AbortSignal;
  /** The file is looked at so often where watching tells nothing; default 1,000. */
  readonly pollMs?: number;
}

const POLL_MS = 1_000;
const NO_FILE = -1;

/**
 * Gives new messages as they come, oldest first, until the signal is aborted. An inbox that is archived, deleted or
 * replaced meanwhile is followed on.
 *
 * @throws `PERMISSION_DENIED`, `IO_ERROR`
 */
export async function* followInbox(
  { files, clock }: { readonly files: Files; readonly clock: Clock },
  { directory, place: from, signal, pollMs = POLL_MS }: FollowInit,
): AsyncGenerator<readonly InboxLine[]> {
  const path = inboxPaths(directory).inbox;
  let place = from;
  let wake: () => void = () => undefined;
  let hasChanged = false;
  const watcher = files.watch(path, () => {
    hasChanged = true;
    wake();
  });
  const onAbort = (): void => wake();
  signal.addEventListener("abort", onAbort);
  try {
    while (!signal.aborted) {
      hasChanged = false;
      const step = await readOn(files, path, place);
      place = step.place;
      if (step.lines.length > 0) yield step.lines;
      await new Promise<void>((resolve) => {
        const timer = clock.setTimer(hasChanged || signal.aborted ? 0 : pollMs, resolve);
        wake = () => {
          timer.cancel();
          resolve();
        };
      });
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    watcher.close();
  }
}

interface Step {
  readonly lines: readonly InboxLine[];
  readonly place: ReaderPlace;
}

async function readOn(files: Files, path: string, place: ReaderPlace): Promise<Step> {
  let handle: FileHandle;
  try {
    handle = await files.open(path, "read");
  } catch (thrown) {
    if (!isBarnacleError(thrown, "FILE_NOT_FOUND")) throw thrown;
    return { lines: [], place: { ...place, fileId: NO_FILE, offset: 0 } };
  }
  try {
    const { fileId, sizeBytes } = await handle.stat();
    if (fileId === place.fileId && sizeBytes >= place.offset) {
      return sizeBytes === place.offset ? { lines: [], place } : await readTail(handle, sizeBytes, place);
    }
    return await readAnew(handle, { fileId, sizeBytes }, place);
  } finally {
    await handle.close();
  }
}

async function readTail(handle: FileHandle, sizeBytes: number, place: ReaderPlace): Promise<Step> {
  const lines: InboxLine[] = [];
  let { seq } = place;
  const { endOffset } = await scanForward(handle, { from: place.offset, to: sizeBytes }, (bytes) => {
    const line = bytes === undefined ? undefined : readLineBytes(bytes);
    if (line === undefined || line.seq <= seq) return;
    lines.push(line);
    seq = line.seq;
  });
  return { lines, place: { fileId: place.fileId, offset: endOffset, seq } };
}

/**
 * Another file, or a shorter one. Lines that are gone again were taken back before they counted: their numbers are
 * given anew.
 */
async function readAnew(
  handle: FileHandle,
  { fileId, sizeBytes }: { readonly fileId: number; readonly sizeBytes: number },
  place: ReaderPlace,
): Promise<Step> {
  const end = await findEnd(handle, sizeBytes);
  const unread = new Unread(place.seq, Number.POSITIVE_INFINITY);
  await unread.read(handle, end.offset);
  const seq = end.seq === 0 ? place.seq : end.seq;
  return { lines: unread.result.newest, place: { fileId, offset: end.offset, seq } };
}
