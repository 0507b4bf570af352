/**
 * The memory of delivered messages: whose `(from, id)` was delivered is not delivered again. Source: MoltComm v1,
 * section 11, readings 2 and 3.
 *
 * It ages by the time this host was running, not by its wall clock: a clock that jumps ahead by a week must not make it
 * forget, and to remember longer does no harm.
 *
 * @module
 */
import { isBarnacleError } from "../../../errors.ts";
import type { Logger } from "../../../log/mod.ts";
import type { Files } from "../../../runtime/port.ts";
import { joinPath } from "../../../store/mod.ts";
import type { Directories } from "../directories.ts";
import { MEMORY_SEGMENTS } from "../limits.ts";
import { readSegmentFileName, Segment, type SegmentState } from "./segment.ts";

export class DeliveredMemory {
  readonly #files: Files;
  readonly #log: Logger;
  readonly #directories: Directories;
  readonly #directory: string;
  readonly #rememberForMs: number;
  /** Oldest first; the last one takes what is new. Never empty. */
  #segments: Segment[];
  #forgotten: Segment[] = [];
  /** Files were made whose names are not durable yet. */
  #hasNewNames = false;

  constructor(
    { files, log, directories }: {
      readonly files: Files;
      readonly log: Logger;
      readonly directories: Directories;
    },
    init: { readonly directory: string; readonly rememberForMs: number },
  ) {
    this.#files = files;
    this.#log = log;
    this.#directories = directories;
    this.#directory = init.directory;
    this.#rememberForMs = init.rememberForMs;
    this.#segments = [new Segment(init.directory, { number: 1, openedAgeMs: 0 })];
  }

  get size(): number {
    let size = 0;
    for (const segment of this.#segments) size += segment.size;
    return size;
  }

  get hasUnsaved(): boolean {
    return this.#segments.some((segment) => segment.hasUnsaved);
  }

  /**
   * How far back it is whole, in milliseconds: whatever was delivered since is in it. On the wall at least as long, since
   * a host that is off ages no memory and takes no message.
   */
  reachMs(ageMs: number): number {
    const sinceMs = this.#segments[0]?.openedAgeMs ?? ageMs;
    // Before the first segment of all, nothing was delivered.
    return sinceMs === 0 ? this.#rememberForMs : Math.min(this.#rememberForMs, ageMs - sinceMs);
  }

  /** What was delivered before may be missing. */
  lostBefore(ageMs: number): void {
    const [oldest] = this.#segments;
    if (oldest !== undefined) oldest.openedAgeMs = Math.max(1, ageMs);
  }

  /** @param digest at least 16 bytes */
  has(digest: Uint8Array): boolean {
    return this.#newest.has(digest) || this.#hasOlder(digest);
  }

  /** @returns whether it is new */
  add(digest: Uint8Array): boolean {
    return !this.#hasOlder(digest) && this.#newest.add(digest);
  }

  /**
   * Reads what was saved, and removes files that no state names any more.
   *
   * @param states as saved; `undefined` when the state is lost: then every file counts
   * @param ageMs how old the memory is now
   * @throws `PERMISSION_DENIED`, `IO_ERROR`
   */
  async load(states: readonly SegmentState[] | undefined, ageMs: number): Promise<void> {
    const numbers = await this.#numbersOnDisk();
    const wanted: readonly { readonly number: number; readonly opened_age_ms: number; readonly bytes?: number }[] =
      states ?? numbers.map((number) => ({ number, opened_age_ms: ageMs }));
    const loaded: Segment[] = [];
    let missing = 0;
    for (const { number, opened_age_ms: openedAgeMs, bytes } of wanted) {
      const segment = new Segment(this.#directory, { number, openedAgeMs });
      missing += await segment.load(this.#files, bytes);
      loaded.push(segment);
    }
    if (missing > 0) this.#reportMissing(missing);
    const named = new Set(wanted.map(({ number }) => number));
    for (const number of numbers) {
      if (!named.has(number)) await this.#remove(new Segment(this.#directory, { number, openedAgeMs: 0 }));
    }
    if (loaded.length === 0) loaded.push(new Segment(this.#directory, { number: 1, openedAgeMs: ageMs }));
    this.#segments = loaded;
    if (missing > 0) this.lostBefore(ageMs);
  }

  /** Begins a new segment when the newest is old enough, and forgets those that are past their time. */
  advance(ageMs: number): void {
    if (ageMs - this.#newest.openedAgeMs >= this.#rememberForMs / MEMORY_SEGMENTS) {
      // An empty one that follows another goes on: its beginning is the end of the other, from which that one's time
      // counts.
      if (this.#newest.size > 0) {
        this.#segments.push(new Segment(this.#directory, { number: this.#newest.number + 1, openedAgeMs: ageMs }));
      }
    }
    for (let next = this.#segments[1]; next !== undefined; next = this.#segments[1]) {
      // The last message of a segment came just before the next segment was begun.
      if (ageMs - next.openedAgeMs < this.#rememberForMs) return;
      const oldest = this.#segments.shift();
      if (oldest !== undefined) this.#forgotten.push(oldest);
    }
  }

  /**
   * Makes everything added before the call durable.
   *
   * @returns the segments as the state is to name them
   * @throws `DISK_FULL`, `PERMISSION_DENIED`, `IO_ERROR`
   */
  async save(): Promise<SegmentState[]> {
    const segments = [...this.#segments];
    const unsaved = segments.filter((segment) => segment.hasUnsaved);
    if (unsaved.length > 0) await this.#directories.ensure(this.#directory);
    if (unsaved.some((segment) => segment.state.bytes === 0)) this.#hasNewNames = true;
    for (const segment of unsaved) await segment.save(this.#files);
    if (this.#hasNewNames) await this.#files.syncDirectory(this.#directory);
    this.#hasNewNames = false;
    return segments.map((segment) => segment.state);
  }

  /** What was forgotten so far: the next state names none of it, and once that is saved, `remove` may have it. */
  get forgotten(): readonly Segment[] {
    return this.#forgotten;
  }

  /** Removes the files of forgotten segments. */
  async remove(segments: readonly Segment[]): Promise<void> {
    this.#forgotten = this.#forgotten.filter((segment) => !segments.includes(segment));
    for (const segment of segments) await this.#remove(segment);
  }

  #hasOlder(digest: Uint8Array): boolean {
    for (let index = this.#segments.length - 2; index >= 0; index--) {
      if (this.#segments[index]?.has(digest) === true) return true;
    }
    return false;
  }

  get #newest(): Segment {
    return this.#segments[this.#segments.length - 1] as Segment;
  }

  async #numbersOnDisk(): Promise<number[]> {
    let names: string[];
    try {
      names = await this.#files.list(this.#directory);
    } catch (thrown) {
      if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return [];
      throw thrown;
    }
    return names.map(readSegmentFileName).filter((number) => number !== undefined).sort((left, right) => left - right);
  }

  async #remove(segment: Segment): Promise<void> {
    try {
      await this.#files.remove(segment.path);
    } catch (thrown) {
      // It is named nowhere any more: the next start tries again.
      this.#log.debug("memory_file_left", { file: segment.path, error: thrown });
    }
  }

  #reportMissing(missing: number): void {
    this.#log.warn("inbox_memory_damaged", {
      directory: this.#directory,
      missing,
      message: `${missing} delivered messages are no longer remembered: their file under ${
        joinPath(this.#directory, "")
      } is missing or cut; one of them sent again now would be delivered again`,
    });
  }
}
