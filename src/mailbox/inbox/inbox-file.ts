/**
 * The inbox file as a place to append to: lines go in with one write and one sync, and are given only once they are
 * known to stand, durable, in the file that the path names. Others edit, replace and delete that file; a disk fills,
 * fails and loses its power.
 *
 * - A write or sync that fails leaves nothing: the file is opened anew (after a failed sync the old handle may claim
 *   that all is well) and cut back to its last good length before anything else is written.
 * - The path is looked at during each sync. When it names another file, or one of another length, what is missing there
 *   is written again.
 * - After a crash, lines may be readable that the disk does not hold: they are made durable before they count.
 *
 * @module
 */
import { BarnacleError, isBarnacleError } from "../../errors.ts";
import type { Clock, FileHandle, Files } from "../../runtime/port.ts";
import { makeDurable, statIfThere } from "../../store/mod.ts";
import type { InboxLine } from "../types.ts";
import type { Directories } from "./directories.ts";
import type { Appended, FileListener } from "./file-listener.ts";
import { type Found, readBack, readOn } from "./found-lines.ts";
import { ADOPT_BYTES, LOOK_AFTER_MS, PROOF_BYTES, WRITE_ATTEMPTS_MAX } from "./limits.ts";
import { composeLine, composeRest } from "./line.ts";
import { areEqual, endOf, isIntact, type KnownPlace, type Place } from "./place.ts";
import { statQuietly } from "./stat-quietly.ts";

interface AdoptInit {
  readonly bytesMax?: number;
  readonly onLine?: (line: InboxLine) => void;
}

const FILE_MODE = 0o600;
const NO_FILE = -1;
const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();

export class InboxFile {
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #directories: Directories;
  readonly #directory: string;
  readonly #path: string;
  readonly #listener: FileListener;
  readonly #reserve: (count: number) => Promise<void>;
  readonly #beforeNewFile: () => Promise<void>;
  #handle: FileHandle | undefined;
  #fileId = NO_FILE;
  #sizeBytes = 0;
  #lastSeq = 0;
  #floorSeq = 0;
  #proof: Uint8Array = NOTHING;
  /** Something may stand behind `#sizeBytes` that was not acknowledged. */
  #isDirty = false;
  #lookedAtMs = 0;

  constructor(
    { files, clock, directories, listener }: {
      readonly files: Files;
      readonly clock: Clock;
      readonly directories: Directories;
      readonly listener: FileListener;
    },
    init: {
      readonly directory: string;
      readonly path: string;
      /**
       * Resolves once the next `count` numbers may be given: no restart gives them again, whatever becomes of the file.
       */
      reserve(count: number): Promise<void>;
      /** Resolves once a file without a line cannot be taken for one that held the numbers given so far. */
      beforeNewFile(): Promise<void>;
    },
  ) {
    this.#files = files;
    this.#clock = clock;
    this.#directories = directories;
    this.#listener = listener;
    this.#directory = init.directory;
    this.#path = init.path;
    this.#reserve = (count) => init.reserve(count);
    this.#beforeNewFile = () => init.beforeNewFile();
  }

  get place(): Place {
    return { offset: this.#sizeBytes, seq: this.#lastSeq, floorSeq: this.#floorSeq, proof: this.#proof };
  }

  /** Whether there is a file to append to, as far as is known. */
  get exists(): boolean {
    return this.#fileId !== NO_FILE;
  }

  /** Whether the file cannot be used as it is. */
  get isBroken(): boolean {
    return this.#isDirty;
  }

  /**
   * Finds the place where appending goes on. Reads what stands behind the known place only.
   *
   * @param known where it was; `undefined` when that is lost
   * @param init.leastSeq no number up to this one may be given again, should the file not be the known one
   * @param init.adoptBytes how much of another file is read
   * @throws what the disk says; then it is to be called again
   */
  async recover(
    known: KnownPlace | undefined,
    init: { readonly leastSeq: number; readonly adoptBytes: number },
  ): Promise<void> {
    await this.close();
    this.#forget(init.leastSeq);
    if (await statIfThere(this.#files, this.#path) === undefined) return;
    const handle = await this.#files.open(this.#path, "append", { mode: FILE_MODE });
    try {
      const { sizeBytes } = await handle.stat();
      if (known !== undefined && await isIntact(handle, sizeBytes, known)) {
        await this.#readTail(handle, known);
      } else {
        await this.#adopt(handle, { bytesMax: init.adoptBytes });
        if (known !== undefined) this.#listener.onReplaced();
      }
      this.#handle = handle;
    } finally {
      if (this.#handle !== handle) await handle.close();
    }
  }

  /** Opens the file, making one where there is none, and mends what is left of a failure. @throws what the disk says */
  async makeReady(): Promise<void> {
    if (this.#handle !== undefined) {
      if (this.#clock.monotonicMs() - this.#lookedAtMs < LOOK_AFTER_MS) return;
      await this.look();
    }
    if (this.#handle !== undefined) return;
    if (!this.exists) await this.#beforeNewFile();
    await this.#open();
  }

  /** Notices a file that was deleted, replaced or edited, and one that can be used again. @throws what the disk says */
  async look(): Promise<void> {
    if (this.#isDirty) return await this.#open();
    const stat = await statIfThere(this.#files, this.#path);
    this.#lookedAtMs = this.#clock.monotonicMs();
    if (stat === undefined) await this.#noticeDeleted();
    else if (stat.fileId !== this.#fileId || stat.sizeBytes !== this.#sizeBytes) await this.#open();
  }

  /**
   * Appends lines, durably. Never rejects.
   *
   * @param rests all of each line but its number
   * @param onStored called in the moment in which a line begins to count, before anybody can see a place that includes
   *   it
   */
  async append(rests: readonly string[], onStored: (index: number) => void): Promise<Appended> {
    const seqs = rests.map(() => 0);
    let open = rests.map((_, index) => index);
    try {
      for (let attempt = 0; attempt < WRITE_ATTEMPTS_MAX; attempt++) {
        await this.makeReady();
        await this.#reserve(open.length);
        const firstSeq = this.#lastSeq + 1;
        const lines = open.map((index, position) => composeLine(firstSeq + position, rests[index] as string));
        const onWritten = (): void => open.forEach((index) => onStored(index));
        if (await this.#write(lines, onWritten)) {
          open.forEach((index, position) => seqs[index] = firstSeq + position);
          return { seqs, error: undefined };
        }
        const found = await this.#regain(open.map((index) => rests[index] as string));
        open.forEach((index, position) => seqs[index] = found.get(position) ?? 0);
        open = open.filter((index) => seqs[index] === 0);
        if (open.length === 0) return { seqs, error: undefined };
      }
      return { seqs, error: changesTooFast() };
    } catch (error) {
      await this.#mendSoon();
      return { seqs, error };
    }
  }

  /**
   * Moves the file away whole; the next line begins a new one.
   *
   * @param to in a directory that exists, and where nothing is
   * @throws what the disk says
   */
  async moveTo(to: string, directory: string): Promise<void> {
    await this.close();
    await this.#files.rename(this.#path, to);
    this.#forget(this.#lastSeq);
    await this.#files.syncDirectory(directory);
    await this.#files.syncDirectory(this.#directory);
  }

  /** Reads with a handle of its own; `undefined` when there is no file. @throws what the disk says */
  async read<T>(work: (handle: FileHandle, sizeBytes: number) => Promise<T>): Promise<T | undefined> {
    if (!this.exists) return undefined;
    const handle = await this.#files.open(this.#path, "read");
    try {
      return await work(handle, this.#sizeBytes);
    } finally {
      await handle.close();
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    try {
      await handle?.close();
    } catch {
      // Everything that counts was synced.
      return;
    }
  }

  /** Writes and syncs. @returns whether the lines now stand at the end of the file that the path names */
  async #write(lines: readonly string[], onWritten: () => void): Promise<boolean> {
    const handle = this.#handle as FileHandle;
    const bytes = encoder.encode(`${lines.join("\n")}\n`);
    const sizeBytes = this.#sizeBytes + bytes.length;
    this.#isDirty = true;
    await handle.write(bytes);
    // Together: the look begins after the write, so a file deleted later took the lines with it like any other of its
    // lines.
    const looking = statQuietly(this.#files, this.#path);
    // A message that came alone keeps nobody waiting.
    await handle.syncData({ isAlone: lines.length === 1 });
    const looked = await looking;
    if ("error" in looked) throw looked.error;
    this.#isDirty = false;
    this.#lookedAtMs = this.#clock.monotonicMs();
    if (looked.stat?.fileId !== this.#fileId || looked.stat.sizeBytes !== sizeBytes) return false;
    this.#sizeBytes = sizeBytes;
    this.#lastSeq += lines.length;
    this.#proof = endOf(this.#proof, bytes);
    onWritten();
    return true;
  }

  /**
   * After others had a hand in it: finds out what stands there now.
   *
   * @returns the numbers of those of our lines that do, by position
   */
  async #regain(rests: readonly string[]): Promise<ReadonlyMap<number, number>> {
    await this.close();
    // By what they say, not by their bytes: an editor may have changed the line ends, or the blanks.
    const wanted = new Map(rests.map((rest, position) => [rest, position]));
    const found = new Map<number, number>();
    if (await statIfThere(this.#files, this.#path) === undefined) {
      await this.#noticeDeleted();
      return found;
    }
    const handle = await this.#files.open(this.#path, "append", { mode: FILE_MODE });
    try {
      const bytesMax = ADOPT_BYTES + 4 * rests.reduce((sum, rest) => sum + rest.length, 0);
      await this.#adoptAndTell(handle, {
        bytesMax,
        onLine: (line) => {
          const position = wanted.get(composeRest({ ...line, receivedAtMs: line.received_ts }));
          if (position !== undefined) found.set(position, line.seq);
        },
      });
      this.#handle = handle;
    } finally {
      if (this.#handle !== handle) await handle.close();
    }
    return found;
  }

  async #open(): Promise<void> {
    await this.close();
    const handle = await this.#openHandle();
    try {
      const { fileId, sizeBytes } = await handle.stat();
      if (fileId !== this.#fileId || !await this.#isOurs(handle, sizeBytes)) {
        await this.#adoptAndTell(handle, {});
      } else if (this.#isDirty) {
        if (sizeBytes > this.#sizeBytes) await handle.truncate(this.#sizeBytes);
        await handle.sync();
        this.#isDirty = false;
      }
      this.#lookedAtMs = this.#clock.monotonicMs();
      this.#handle = handle;
    } finally {
      if (this.#handle !== handle) await handle.close();
    }
  }

  async #openHandle(): Promise<FileHandle> {
    try {
      return await this.#files.open(this.#path, "append", { mode: FILE_MODE });
    } catch (thrown) {
      if (!isBarnacleError(thrown, "FILE_NOT_FOUND")) throw thrown;
      await this.#directories.ensure(this.#directory);
      return await this.#files.open(this.#path, "append", { mode: FILE_MODE });
    }
  }

  /** Whether the file holds what we wrote; after a failure something more may stand behind it. */
  async #isOurs(handle: FileHandle, sizeBytes: number): Promise<boolean> {
    if (!this.#isDirty) return sizeBytes === this.#sizeBytes;
    if (sizeBytes < this.#sizeBytes) return false;
    const { length } = this.#proof;
    return areEqual(await handle.readAt(this.#sizeBytes - length, length), this.#proof);
  }

  async #adoptAndTell(handle: FileHandle, init: AdoptInit): Promise<void> {
    const hadFile = this.exists;
    await this.#adopt(handle, init);
    if (this.#sizeBytes > 0) this.#listener.onReplaced();
    else if (hadFile) this.#listener.onDeleted();
  }

  /** Goes on at the end of a file that is not the one we knew, and counts on from the higher number, its or ours. */
  async #adopt(handle: FileHandle, { bytesMax = ADOPT_BYTES, onLine }: AdoptInit = {}): Promise<void> {
    const { sizeBytes, fileId } = await handle.stat();
    // Before it is read: what is found counts as delivered, and whoever replaced the file may have synced neither it
    // nor its name.
    await handle.sync();
    await this.#files.syncDirectory(this.#directory);
    const found = await readBack(handle, { sizeBytes, bytesMax, lastSeq: this.#lastSeq }, (line) => {
      this.#listener.onFound(line);
      onLine?.(line);
    });
    await this.#settleAt(handle, { fileId, ...found });
  }

  /** Goes on in the file we know, behind the place we know. */
  async #readTail(handle: FileHandle, { offset, seq, floorSeq }: KnownPlace): Promise<void> {
    const { sizeBytes, fileId } = await handle.stat();
    // Whoever made it may have died before its name was durable.
    await this.#files.syncDirectory(this.#directory);
    if (sizeBytes > offset) await makeDurable(this.#files, handle, { path: this.#path, sizeBytes });
    const range = { from: offset, to: sizeBytes, lastSeq: seq };
    const found = await readOn(handle, range, (line) => this.#listener.onFound(line));
    await this.#settleAt(handle, { fileId, floorSeq, ...found });
  }

  async #settleAt(
    handle: FileHandle,
    at: Found & { readonly fileId: number; readonly floorSeq: number },
  ): Promise<void> {
    const proofBytes = Math.min(PROOF_BYTES, at.sizeBytes);
    this.#proof = await handle.readAt(at.sizeBytes - proofBytes, proofBytes);
    this.#fileId = at.fileId;
    this.#sizeBytes = at.sizeBytes;
    this.#lastSeq = at.lastSeq;
    this.#floorSeq = at.floorSeq;
    this.#isDirty = false;
    this.#lookedAtMs = this.#clock.monotonicMs();
    if (at.cutBytes > 0) this.#listener.onCut(at.cutBytes);
    if (at.damagedLines > 0) this.#listener.onDamaged(at.damagedLines);
  }

  async #noticeDeleted(): Promise<void> {
    await this.close();
    if (!this.exists) return;
    this.#forget(this.#lastSeq);
    this.#listener.onDeleted();
  }

  #forget(lastSeq: number): void {
    this.#fileId = NO_FILE;
    this.#sizeBytes = 0;
    this.#proof = NOTHING;
    this.#lastSeq = lastSeq;
    this.#floorSeq = lastSeq;
    this.#isDirty = false;
  }

  /** Takes back what a failed write left, if the disk lets us; if not, it is tried again before the next write. */
  async #mendSoon(): Promise<void> {
    await this.close();
    if (!this.#isDirty) return;
    try {
      await this.#open();
    } catch {
      // The error that led here is the one to report.
      return;
    }
  }
}

function changesTooFast(): BarnacleError {
  return new BarnacleError({
    code: "IO_ERROR",
    action: "Append to the inbox",
    value: "a file that others change at the same time, again and again",
    retryable: true,
  });
}
