/**
 * The instances on disk, written behind: a publication is answered from memory and is durable within a second.
 *
 * The table is a log: what changed is appended, and an instance is what its last entry says. Appending fills pages one
 * after the other, where changing rows in place would rewrite a page for nearly each of them: a third of the time and
 * of the bytes. When the dead entries outnumber the live ones, the oldest entries go: those that are live are appended
 * again, in the same transaction.
 *
 * Each flush is one transaction, in slices that let requests through between them. While the disk refuses, the changes
 * stay collected, at most one for each instance, and nothing is lost as long as the process lives.
 *
 * @module
 */
import type { Clock, SqlDatabase, SqlStatement, SqlValue } from "../runtime/port.ts";
import { rollBack } from "../store/mod.ts";
import { Entries } from "./entries.ts";
import type { Instance } from "./instance.ts";

/** Entries between two turns of the event loop: about 1 ms of work. */
const SLICE_ENTRIES = 250;
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

/**
 * What a flush has written, to be noted once it is committed: the rows in the order of their entries, 0 for a freed
 * row.
 */
interface Written {
  readonly appended: number[];
  readonly cleared: number[];
  /** Entries before this one are gone. */
  first: number;
}

export class InstanceStore {
  readonly #components: StoreComponents;
  readonly #append: SqlStatement;
  readonly #dropBefore: SqlStatement;
  readonly #entries: Entries;
  /** Rows that changed. What is written of them is what they hold when it is written. */
  #changed = new Set<number>();
  #flushing: Promise<number> | undefined;

  /** @param entries the log as it was found */
  constructor(components: StoreComponents, entries: Entries) {
    this.#components = components;
    this.#entries = entries;
    this.#append = components.database.prepare("INSERT INTO publications VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    this.#dropBefore = components.database.prepare("DELETE FROM publications WHERE entry < ?");
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
    this.#changed = new Set();
    const { database } = this.#components;
    try {
      database.exec("BEGIN IMMEDIATE");
      const written = await this.#writeInSlices(writing, signal);
      database.exec("COMMIT");
      this.#note(written);
    } catch (thrown) {
      rollBack(database);
      for (const row of writing) this.#changed.add(row);
      throw thrown;
    }
    return writing.size;
  }

  async #writeInSlices(writing: ReadonlySet<number>, signal: AbortSignal): Promise<Written> {
    const written: Written = { appended: [], cleared: [], first: this.#entries.first };
    const rows = [...writing];
    for (let start = 0; start < rows.length; start += SLICE_ENTRIES) {
      if (start > 0 && !signal.aborted) await this.#pause();
      for (const row of rows.slice(start, start + SLICE_ENTRIES)) this.#write(row, written);
    }
    await this.#compact(writing, written, signal);
    return written;
  }

  #write(row: number, written: Written): void {
    const instance = this.#components.at(row);
    if (instance === undefined) {
      written.cleared.push(row);
      return;
    }
    this.#append.run(this.#entries.next + written.appended.length, ...valuesOf(instance));
    written.appended.push(row);
  }

  /** @param writing rows whose last entry so far is dead by now */
  async #compact(writing: ReadonlySet<number>, written: Written, signal: AbortSignal): Promise<void> {
    const entries = this.#entries;
    const deadMax = Math.max(DEAD_ENTRIES_MIN, entries.liveCount);
    const end = Math.min(entries.next, entries.first + writing.size + COMPACTED_BEYOND_WRITTEN);
    while (written.first < end && entries.next - written.first - entries.liveCount > deadMax) {
      const row = entries.liveRowOf(written.first);
      if (row !== 0 && !writing.has(row)) this.#write(row, written);
      written.first++;
      if (written.first % SLICE_ENTRIES === 0 && !signal.aborted) await this.#pause();
    }
    if (written.first > entries.first) this.#dropBefore.run(written.first);
  }

  #note({ appended, cleared, first }: Written): void {
    for (const row of cleared) this.#entries.clear(row);
    for (const row of appended) this.#entries.append(row);
    this.#entries.dropBefore(first);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#components.clock.setTimer(0, resolve));
  }
}

function valuesOf(instance: Instance): SqlValue[] {
  const { id, owner, verified, heardAtMs, sequence, messageIds, documentText } = instance;
  return [id, owner, verified ? 1 : 0, heardAtMs, sequence, messageIds.join(" "), documentText];
}
