/**
 * The instances on disk, written behind: a publication is answered from memory and is durable within a second.
 *
 * The table is a log: what changed is appended, and an instance is what its last entry says. Appending fills pages one
 * after the other, where changing rows in place would rewrite a page for nearly each of them: a third of the time and
 * of the bytes. When the dead entries outnumber the live ones, the oldest entries go: those that are live are appended
 * again, in the same transaction. Some hundred entries share a row of the table, a segment: most of the cost of writing a
 * few hundred bytes is SQLite's for each row.
 *
 * Each flush is one transaction, in slices that let requests through between them. While the disk refuses, the changes
 * stay collected, at most one for each instance, and nothing is lost as long as the process lives.
 *
 * @module
 */
import type { Clock, SqlDatabase, SqlStatement } from "../runtime/port.ts";
import { rollBack } from "../store/mod.ts";
import { Entries } from "./entries.ts";
import type { Instance } from "./instance.ts";
import { RowSet } from "./row-set.ts";
import { encodeSegment } from "./segment.ts";

/** Entries of a segment at most, and between two turns of the event loop: about 1 ms of work. */
const SEGMENT_ENTRIES = 250;
/** Long documents end a segment earlier. */
const SEGMENT_CHARACTERS = 512 * 1024;
/** Dead entries that are left alone however few live ones there are. */
const DEAD_ENTRIES_MIN = 10_000;
/** Old entries that a flush looks at beyond as many as it wrote: so the log shrinks faster than it grows. */
const COMPACTED_BEYOND_WRITTEN = 1_000;

/** What the store works with. */
export interface StoreComponents {
  readonly database: SqlDatabase;
  readonly clock: Pick<Clock, "setTimer">;
  /** What stands in a row now; `undefined` when it is free. */
  readonly at: (row: number) => Instance | undefined;
}

/** What a flush writes, to be noted once it is committed. */
interface Writing {
  /** Rows that changed, whose last entry so far is dead by now. */
  readonly changed: RowSet;
  /** When aborted, there are no pauses. */
  readonly signal: AbortSignal;
  /** The rows of the new entries, in their order. */
  readonly appended: number[];
  /** Freed rows. */
  readonly cleared: number[];
  /** What the next segment will hold. */
  segment: Instance[];
  characters: number;
  /** Entries before this one are gone. */
  first: number;
}

export class InstanceStore {
  readonly #components: StoreComponents;
  readonly #append: SqlStatement;
  readonly #dropBefore: SqlStatement;
  readonly #entries: Entries;
  /** Rows that changed. What is written of them is what they hold when it is written. */
  #changed = new RowSet();
  #flushing: Promise<number> | undefined;
  /** Whether there may be entries of the form before segments; the first flush takes them away. */
  #outdated = true;

  /** @param entries the log as it was found */
  constructor(components: StoreComponents, entries: Entries) {
    const { database } = components;
    this.#components = components;
    this.#entries = entries;
    this.#append = database.prepare("INSERT INTO segments VALUES (?, ?, ?, ?, ?)");
    // A segment that begins before an entry may end behind it.
    this.#dropBefore = database.prepare(
      "DELETE FROM segments WHERE first < (SELECT max(first) FROM segments WHERE first <= ?)",
    );
  }

  /** Instances whose last change is not on disk. */
  get changedCount(): number {
    return this.#changed.size;
  }

  /** Notes that a row was filled, changed or emptied; costs no more than that. */
  note(row: number): void {
    this.#changed.add(row);
  }

  /**
   * Writes what has changed and returns once it would survive a power cut. Calls that overlap follow one another.
   *
   * @param signal when aborted, the writing goes on without pauses
   * @returns rows written
   * @throws `DISK_FULL`, `DATABASE_ERROR`, `LOCK_HELD`; everything is then still collected
   */
  async flush(signal: AbortSignal): Promise<number> {
    while (this.#flushing !== undefined) await this.#flushing.catch(() => undefined);
    this.#flushing = this.#writeChanged(signal);
    try {
      return await this.#flushing;
    } finally {
      this.#flushing = undefined;
    }
  }

  async #writeChanged(signal: AbortSignal): Promise<number> {
    if (this.#changed.size === 0) return 0;
    const writing = this.#changed;
    this.#changed = new RowSet(writing);
    const { database } = this.#components;
    try {
      database.exec("BEGIN IMMEDIATE");
      const written = await this.#writeInSlices(writing, signal);
      database.exec("COMMIT");
      this.#note(written);
    } catch (thrown) {
      rollBack(database);
      for (const row of writing.rows) this.#changed.add(row);
      throw thrown;
    }
    return writing.size;
  }

  async #writeInSlices(changed: RowSet, signal: AbortSignal): Promise<Writing> {
    const { first } = this.#entries;
    const writing: Writing = { changed, signal, appended: [], cleared: [], segment: [], characters: 0, first };
    for (const row of changed.rows) if (this.#write(row, writing)) await this.#pause(signal);
    await this.#compact(writing);
    this.#endSegment(writing);
    if (this.#outdated) this.#components.database.exec("DELETE FROM publications");
    return writing;
  }

  /** @returns whether a segment was full, so that it is time for a pause */
  #write(row: number, writing: Writing): boolean {
    const instance = this.#components.at(row);
    if (instance === undefined) {
      writing.cleared.push(row);
      return false;
    }
    writing.appended.push(row);
    writing.segment.push(instance);
    writing.characters += instance.documentText.length;
    if (writing.segment.length < SEGMENT_ENTRIES && writing.characters < SEGMENT_CHARACTERS) return false;
    this.#endSegment(writing);
    return true;
  }

  #endSegment(writing: Writing): void {
    const { appended, segment } = writing;
    if (segment.length === 0) return;
    this.#append.run(this.#entries.next + appended.length - segment.length, ...encodeSegment(segment));
    writing.segment = [];
    writing.characters = 0;
  }

  async #compact(writing: Writing): Promise<void> {
    const { changed, signal } = writing;
    const entries = this.#entries;
    const deadMax = Math.max(DEAD_ENTRIES_MIN, entries.liveCount);
    const end = Math.min(entries.next, entries.first + changed.size + COMPACTED_BEYOND_WRITTEN);
    while (writing.first < end && entries.next - writing.first - entries.liveCount > deadMax) {
      const row = entries.liveRowOf(writing.first);
      if (row !== 0 && !changed.has(row)) this.#write(row, writing);
      writing.first++;
      if (writing.first % SEGMENT_ENTRIES === 0) await this.#pause(signal);
    }
    if (writing.first > entries.first) this.#dropBefore.run(writing.first);
  }

  #note({ appended, cleared, first }: Writing): void {
    for (const row of cleared) this.#entries.clear(row);
    for (const row of appended) this.#entries.append(row);
    this.#entries.dropBefore(first);
    this.#outdated = false;
  }

  async #pause(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => void this.#components.clock.setTimer(0, resolve));
  }
}
