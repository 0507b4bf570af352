/**
 * The inbox as the commands read it: from its end, whether a daemon runs or not, and without a trace.
 *
 * @module
 */
import { isBarnacleError } from "../../errors.ts";
import type { FileHandle, Files } from "../../runtime/port.ts";
import type { StorePorts } from "../../store/mod.ts";
import type { InboxLine } from "../types.ts";
import { lastArchivedSeq } from "./archive.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import { READ_BYTES_MAX, STATE_BYTES_MAX } from "./limits.ts";
import { isBlank, readLineBytes } from "./line.ts";
import { inboxPaths } from "./paths.ts";
import { scanBackward } from "./scan.ts";

/** Unread messages of one sender that are not shown in full. */
export interface SenderSummary {
  readonly from: string;
  readonly count: number;
  /** The number of the newest of them. */
  readonly lastSeq: number;
}

/** Where a reader of the inbox is, for {@link followInbox}. */
export interface ReaderPlace {
  /** Of the file read; -1 when there was none. */
  readonly fileId: number;
  /** Behind the last whole line. */
  readonly offset: number;
  /** The number of the last message. */
  readonly seq: number;
}

/** What is unread. */
export interface InboxReading {
  readonly cursor: number;
  /** What is wrong with the cursor file, for people; `cursor` is then the nearest sane value. */
  readonly cursorProblem: string | undefined;
  readonly lastSeq: number;
  /** How many messages are unread; at least so many when `isCapped`. */
  readonly unread: number;
  /** There is more unread than can be read in one go: older messages are neither shown nor counted. */
  readonly isCapped: boolean;
  /** The newest unread messages, oldest first. */
  readonly newest: readonly InboxLine[];
  /** The other unread messages by sender, most first. */
  readonly others: readonly SenderSummary[];
  /** Lines among the unread ones that cannot be read. */
  readonly damagedLines: number;
  readonly place: ReaderPlace;
}

const NEWEST_MAX = 20;
const NO_FILE = -1;

/**
 * Reads what is unread.
 *
 * @param directory `.moltcomm`
 * @param options.newestMax how many messages are given in full, default 20
 * @param options.afterSeq takes everything above this number for unread, whatever the cursor says
 * @throws `PERMISSION_DENIED`, `IO_ERROR`; a missing inbox is an empty one
 */
export async function readInbox(
  files: Files,
  directory: string,
  options: { readonly newestMax?: number; readonly afterSeq?: number } = {},
): Promise<InboxReading> {
  const paths = inboxPaths(directory);
  const handle = await openIfThere(files, paths.inbox);
  try {
    const stat = await handle?.stat();
    const size = stat?.sizeBytes ?? 0;
    const end = handle === undefined ? { offset: 0, seq: 0 } : await findEnd(handle, size);
    const lastSeq = Math.max(end.seq, await otherwiseKnownSeq(files, directory));
    const { value, problem } = await readCursor(files, paths.cursor, lastSeq);
    const cursor = value ?? 0;
    const from = options.afterSeq ?? cursor;
    const unread = new Unread(from, options.newestMax ?? NEWEST_MAX);
    const { isCapped } = handle === undefined ? { isCapped: false } : await unread.read(handle, end.offset);
    const place = { fileId: stat?.fileId ?? NO_FILE, offset: end.offset, seq: lastSeq };
    return { cursor, cursorProblem: problem, lastSeq, isCapped, ...unread.result, place };
  } finally {
    await handle?.close();
  }
}

/**
 * Moves the cursor up to a message that was shown; never back.
 *
 * @param directory `.moltcomm`
 * @returns the cursor as it stands now
 * @throws `DISK_FULL`, `PERMISSION_DENIED`, `IO_ERROR`
 */
export async function acknowledge(ports: StorePorts, directory: string, seq: number): Promise<number> {
  const { cursor: path } = inboxPaths(directory);
  const { value, problem } = await readCursor(ports.files, path, Number.MAX_SAFE_INTEGER);
  if (problem === undefined && value !== undefined && value >= seq) return value;
  await writeCursor(ports, path, seq);
  return seq;
}

/** Collects lines from the newest down to the cursor. */
export class Unread {
  readonly #afterSeq: number;
  readonly #newestMax: number;
  readonly #newest: InboxLine[] = [];
  readonly #others = new Map<string, { count: number; lastSeq: number }>();
  #count = 0;
  #damaged = 0;

  constructor(afterSeq: number, newestMax: number) {
    this.#afterSeq = afterSeq;
    this.#newestMax = newestMax;
  }

  /** @throws what the disk says */
  async read(handle: FileHandle, end: number): Promise<{ readonly isCapped: boolean }> {
    let damagedSince = 0;
    return await scanBackward(handle, { end, bytesMax: READ_BYTES_MAX }, (bytes) => {
      const line = readLineBytes(bytes);
      if (line === undefined) damagedSince += isBlank(bytes) ? 0 : 1;
      else if (line.seq <= this.#afterSeq) return false;
      else {
        // Damage counts as unread only between unread lines: what stands at or below the cursor has been dealt with.
        this.#damaged += damagedSince;
        damagedSince = 0;
        this.#take(line);
      }
      return true;
    });
  }

  get result(): Pick<InboxReading, "unread" | "newest" | "others" | "damagedLines"> {
    const others = [...this.#others].map(([from, { count, lastSeq }]) => ({ from, count, lastSeq }));
    others.sort((left, right) => right.count - left.count || right.lastSeq - left.lastSeq);
    return { unread: this.#count, newest: this.#newest.toReversed(), others, damagedLines: this.#damaged };
  }

  #take(line: InboxLine): void {
    this.#count++;
    if (this.#newest.length < this.#newestMax) {
      this.#newest.push(line);
      return;
    }
    const other = this.#others.get(line.from);
    if (other === undefined) this.#others.set(line.from, { count: 1, lastSeq: line.seq });
    else other.count++;
  }
}

/** The end of the last whole line, and the last number. @throws what the disk says */
export async function findEnd(
  handle: FileHandle,
  size: number,
): Promise<{ readonly offset: number; readonly seq: number }> {
  let offset = size;
  let seq = 0;
  await scanBackward(handle, { end: size, bytesMax: READ_BYTES_MAX }, (bytes, place) => {
    if (!place.isWhole) offset = place.offset;
    const line = place.isWhole ? readLineBytes(bytes) : undefined;
    seq = line?.seq ?? 0;
    return line === undefined;
  });
  return { offset, seq };
}

async function openIfThere(files: Files, path: string): Promise<FileHandle | undefined> {
  try {
    return await files.open(path, "read");
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return undefined;
    throw thrown;
  }
}

/**
 * The last number that the state or an archive speaks of: an inbox that was just archived is empty, and its cursor is
 * none the less sane.
 */
async function otherwiseKnownSeq(files: Files, directory: string): Promise<number> {
  const paths = inboxPaths(directory);
  const archived = await lastArchivedSeq(files, paths.archive) ?? 0;
  try {
    const bytes = await files.read(paths.stateFile, STATE_BYTES_MAX);
    const state: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const seq = typeof state === "object" && state !== null && "seq" in state ? state.seq : 0;
    return Math.max(archived, typeof seq === "number" && Number.isSafeInteger(seq) ? seq : 0);
  } catch {
    // It only helps to judge the cursor: without it, the inbox itself does.
    return archived;
  }
}
