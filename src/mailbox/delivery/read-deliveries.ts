/**
 * The journal as the commands read it: without a daemon and while one runs.
 *
 * Reads from the end, since the newest messages and the last word on each stand there, and stops when it has enough. What it sees is
 * the file as it was when it was opened: a journal written anew meanwhile is another file.
 *
 * @module
 */
import { isBarnacleError } from "../../errors.ts";
import type { FileHandle, Files } from "../../runtime/port.ts";
import { joinPath } from "../../store/mod.ts";
import type { DeliveryState, DeliveryView } from "../types.ts";
import { READ_LINE_BYTES_MAX } from "./limits.ts";
import { readLinesBackwards } from "./lines.ts";
import { type AcceptedRecord, JOURNAL_FILE, readRecord, type SentRecord, type SettledRecord } from "./records.ts";

/** Which messages to read. */
export interface ReadDeliveriesOptions {
  /** The newest so many that are wanted. Default: all. */
  readonly newestMax?: number;
  /** Only these ids. */
  readonly ids?: readonly string[];
  /** Only messages in these states. */
  readonly states?: readonly DeliveryState[];
}

/** What was read. */
export interface Deliveries {
  /** Oldest first. */
  readonly deliveries: readonly DeliveryView[];
  /** Whether older ones may have been left out. */
  readonly hasMore: boolean;
}

/**
 * Reads the newest messages and how far each is.
 *
 * @param directory `.moltcomm`; without a journal in it there are no deliveries
 * @throws the errors of `Files`
 */
export async function readDeliveries(
  files: Pick<Files, "open">,
  directory: string,
  options: ReadDeliveriesOptions = {},
): Promise<Deliveries> {
  let handle: FileHandle;
  try {
    handle = await files.open(joinPath(directory, JOURNAL_FILE), "read");
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return { deliveries: [], hasMore: false };
    throw thrown;
  }
  try {
    const { sizeBytes } = await handle.stat();
    return await collect(handle, sizeBytes, options);
  } finally {
    await handle.close();
  }
}

async function collect(handle: FileHandle, sizeBytes: number, options: ReadDeliveriesOptions): Promise<Deliveries> {
  const { newestMax = Number.POSITIVE_INFINITY, states } = options;
  const wanted = options.ids === undefined ? undefined : new Set(options.ids);
  const lastWords = new Map<string, SentRecord | SettledRecord>();
  const found: DeliveryView[] = [];
  let hasMore = false;
  await readLinesBackwards(handle, { to: sizeBytes, lineBytesMax: READ_LINE_BYTES_MAX }, (bytes) => {
    const record = readRecord(bytes);
    if (record === undefined || record.state === "remembered") return true;
    if (wanted !== undefined && !wanted.has(record.id)) return true;
    if (record.state !== "accepted") {
      if (!lastWords.has(record.id)) lastWords.set(record.id, record);
      return true;
    }
    const view = viewOf(record, lastWords.get(record.id));
    lastWords.delete(record.id);
    if (states !== undefined && !states.includes(view.state)) return true;
    hasMore = found.length >= newestMax;
    if (hasMore) return false;
    found.push(view);
    return wanted === undefined || found.length < wanted.size;
  });
  return { deliveries: found.reverse(), hasMore };
}

/** A message as the commands show it. @param last the last word on it, if there is any */
export function viewOf(accepted: AcceptedRecord, last: SentRecord | SettledRecord | undefined): DeliveryView {
  const { id, msg, to, ts } = accepted;
  const view = { id, to, msg, acceptedAtMs: ts, kept: null };
  if (last === undefined) return { ...view, state: "accepted", settledAtMs: null, attempts: 0, lastError: null };
  const { state } = last;
  if (state === "sent") {
    const { attempt, error, keeper, ts: sinceMs } = last;
    const tried = { ...view, settledAtMs: null, attempts: attempt, lastError: error ?? null };
    return keeper === undefined ? { ...tried, state } : { ...tried, state: "kept", kept: { keeper, sinceMs } };
  }
  return { ...view, state, settledAtMs: last.ts, attempts: last.attempts, lastError: last.reason ?? null };
}
