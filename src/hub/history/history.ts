/**
 * The histories of the instances: of the last day what was heard every 30 s, of the last month a summary of every 10 minutes.
 *
 * What is heard stands in memory and, within seconds, in a journal on disk; when its span is over it becomes blocks, and the journal of
 * the span goes. So a flush writes one small row however many instances there are, an instance costs a few kilobytes of memory and one or
 * two hundred on disk, and a kill loses no more than a flush was still to write.
 *
 * @module
 */
import type { Clock, SqlDatabase } from "../../runtime/port.ts";
import { inTransaction, rollBack } from "../../store/mod.ts";
import { decodeBlock, encodeBlock, Reader, Writer } from "./block.ts";
import { Buckets, type Point } from "./buckets.ts";
import { COLUMNS, type Sample, WORD_COLUMNS } from "./columns.ts";
import { type BlockTable, HistoryTables } from "./database.ts";
import { Numbers } from "./numbers.ts";
import { PARTS_KEPT_MS, type Range, SLOTS_KEPT_MS } from "./range.ts";
import {
  highestColumn,
  OpenSpan,
  PART_COLUMNS,
  PART_MS,
  PART_SCALE,
  PARTS,
  partsOf,
  SLOT_MS,
  SLOTS,
  SPAN_MS,
  spanAt,
} from "./span.ts";

/** Instances between two turns of the event loop: about 2 ms of work. */
const SLICE_INSTANCES = 50;
/** Slots between two turns of the event loop. */
const SLICE_SLOTS = 1_000;
/** Of a number in the journal; each slot has its instance, its place and its cells. */
const NUMBER_BYTES_MAX = 8;
/** When the disk refuses for so many spans, the oldest goes: memory is bounded. */
const OPEN_SPANS_MAX = 6;

/** What a history works with. */
export interface HistoryComponents {
  readonly database: SqlDatabase;
  readonly clock: Pick<Clock, "setTimer">;
}

/** How much is kept. */
export interface HistoryInit {
  readonly instancesMax: number;
}

/** A slot that is not in the journal yet. */
interface Unwritten {
  readonly open: OpenSpan;
  /** `number * SLOTS + slot`. */
  readonly slots: Set<number>;
}

export class History {
  readonly #components: HistoryComponents;
  readonly #tables: HistoryTables;
  readonly #numbers: Numbers;
  /** Spans that are no blocks yet, the oldest first. */
  #open: OpenSpan[] = [];
  #unwritten: Unwritten[] = [];
  #refused = 0;

  /** Reads what is there. */
  constructor(components: HistoryComponents, init: HistoryInit) {
    this.#components = components;
    this.#tables = new HistoryTables(components.database);
    this.#numbers = new Numbers(init.instancesMax);
    this.#load();
  }

  /** Instances that have a history. */
  get size(): number {
    return this.#numbers.size;
  }

  /** Samples that found no room. */
  get refused(): number {
    return this.#refused;
  }

  /** Slots that are not on disk. */
  get unwrittenCount(): number {
    return this.#unwritten.reduce((sum, { slots }) => sum + slots.size, 0);
  }

  /** Notes what was heard of an instance. @param nowMs Unix milliseconds that never go back */
  note(id: string, nowMs: number, sample: Sample): void {
    const span = spanAt(nowMs);
    const number = this.#numbers.hear(id, span);
    if (number === undefined) {
      this.#refused++;
      return;
    }
    const slot = Math.floor((nowMs - span * SPAN_MS) / SLOT_MS);
    const open = this.#openSpan(span);
    open.put(number, slot, sample);
    this.#unwrittenOf(open).add(number * SLOTS + slot);
  }

  /** What is known of an instance within a range; `undefined` when it has no history. */
  read(id: string, range: Range): Point[] | undefined {
    const number = this.#numbers.find(id);
    if (number === undefined) return undefined;
    const buckets = new Buckets(range);
    const firstOpen = this.#open[0]?.span ?? Infinity;
    const lastStored = Math.min(spanAt(range.toMs), firstOpen - 1);
    const table: BlockTable = range.isFine ? "slots" : "parts";
    for (const { span, block } of this.#tables.readBlocks(table, number, spanAt(range.fromMs), lastStored)) {
      if (range.isFine) addSlots(buckets, span, decodeBlock(block, SLOTS, COLUMNS));
      else addParts(buckets, span, decodeBlock(block, PARTS, PART_COLUMNS));
    }
    for (const open of this.#open) {
      const cells = open.cellsOf(number);
      if (cells === undefined) continue;
      if (range.isFine) addSlots(buckets, open.span, cells);
      else addParts(buckets, open.span, partsOf(cells));
    }
    return buckets.points();
  }

  /**
   * Writes what is new, so that a kill does not take it.
   *
   * @param also written in the same transaction
   * @param signal when aborted, goes on without pauses
   * @throws `DISK_FULL`, `DATABASE_ERROR`; everything is then still in memory
   */
  async writeJournal(also: () => void, signal: AbortSignal): Promise<void> {
    const writing = this.#unwritten;
    const numbers = this.#numbers.takeChanges();
    this.#unwritten = [];
    try {
      const entries: { readonly span: number; readonly slots: Uint8Array }[] = [];
      for (const { open, slots } of writing) {
        entries.push({ span: open.span, slots: await this.#encode(open, slots, signal) });
      }
      inTransaction(this.#components.database, () => {
        for (const number of numbers.removed) this.#tables.removeInstance(number);
        for (const { number, id } of numbers.added) this.#tables.addInstance(number, id);
        for (const { span, slots } of entries) this.#tables.addEntry(span, slots);
        also();
      });
    } catch (thrown) {
      this.#numbers.putBack(numbers);
      for (const { open, slots } of writing) {
        const again = this.#unwrittenOf(open);
        for (const slot of slots) again.add(slot);
      }
      throw thrown;
    }
  }

  /**
   * Makes blocks of the spans that are over, and forgets what is too old.
   *
   * @throws `DISK_FULL`, `DATABASE_ERROR`; the spans then stay as they are. The signal's reason when it is aborted
   */
  async closeSpans(nowMs: number, signal: AbortSignal): Promise<void> {
    for (const open of this.#open.filter(({ span }) => span < spanAt(nowMs))) await this.#close(open, signal);
  }

  async #encode(open: OpenSpan, slots: ReadonlySet<number>, signal: AbortSignal): Promise<Uint8Array> {
    const writer = new Writer(slots.size * (2 + COLUMNS) * NUMBER_BYTES_MAX);
    let written = 0;
    for (const key of slots) {
      if (++written % SLICE_SLOTS === 0 && !signal.aborted) await this.#pause();
      const number = Math.floor(key / SLOTS);
      const slot = key % SLOTS;
      const row = open.rowOf(number, slot);
      writer.put(number);
      writer.put(slot);
      for (let column = 0; column < COLUMNS; column++) writer.put(row[column] ?? 0);
    }
    return writer.take();
  }

  /** All of it or nothing, so that a kill leaves the journal to do it again. */
  async #close(open: OpenSpan, signal: AbortSignal): Promise<void> {
    const { database } = this.#components;
    const slotsFrom = open.span + 1 - SLOTS_KEPT_MS / SPAN_MS;
    const partsFrom = open.span + 1 - PARTS_KEPT_MS / SPAN_MS;
    database.exec("BEGIN IMMEDIATE");
    try {
      let done = 0;
      for (const { number } of [...this.#numbers.entries()]) {
        if (++done % SLICE_INSTANCES === 0) await this.#pause();
        signal.throwIfAborted();
        this.#writeBlocks(open, number);
        this.#tables.prune("slots", number, slotsFrom);
        this.#tables.prune("parts", number, partsFrom);
      }
      this.#tables.dropEntries(open.span);
      database.exec("COMMIT");
    } catch (thrown) {
      rollBack(database);
      throw thrown;
    }
    this.#open = this.#open.filter((other) => other !== open);
    this.#numbers.forgetBefore(partsFrom);
  }

  #writeBlocks(open: OpenSpan, number: number): void {
    const cells = open.cellsOf(number);
    if (cells === undefined) return;
    this.#tables.putBlock("slots", number, open.span, encodeBlock(cells, COLUMNS));
    this.#tables.putBlock("parts", number, open.span, encodeBlock(partsOf(cells), PART_COLUMNS));
  }

  #openSpan(span: number): OpenSpan {
    const known = this.#open.findLast((other) => other.span === span);
    if (known !== undefined) return known;
    const open = new OpenSpan(span);
    this.#open.push(open);
    if (this.#open.length > OPEN_SPANS_MAX) {
      const oldest = this.#open.shift();
      this.#unwritten = this.#unwritten.filter((unwritten) => unwritten.open !== oldest);
    }
    return open;
  }

  #unwrittenOf(open: OpenSpan): Set<number> {
    const known = this.#unwritten.find((unwritten) => unwritten.open === open);
    if (known !== undefined) return known.slots;
    const slots = new Set<number>();
    this.#unwritten.push({ open, slots });
    return slots;
  }

  #load(): void {
    const ids = new Map<number, string>();
    for (const { number, id, lastSpan } of this.#tables.readInstances()) {
      this.#numbers.restore(id, number, lastSpan);
      ids.set(number, id);
    }
    for (const { span, slots } of this.#tables.readJournal()) {
      const open = this.#openSpan(span);
      for (const reader = new Reader(slots); !reader.isAtEnd;) {
        const number = reader.next();
        const slot = reader.next();
        const row = Array.from({ length: COLUMNS }, () => reader.next());
        const id = ids.get(number);
        if (id === undefined) continue;
        open.restore(number, slot, row);
        this.#numbers.hear(id, span);
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void this.#components.clock.setTimer(0, resolve));
  }
}

function addSlots(buckets: Buckets, span: number, cells: Uint32Array): void {
  for (let slot = 0; slot < SLOTS; slot++) {
    const timeMs = span * SPAN_MS + slot * SLOT_MS;
    for (let column = 0; column < COLUMNS; column++) {
      const cell = cells[slot * COLUMNS + column] ?? 0;
      buckets.add(timeMs, column, cell, cell);
    }
  }
}

function addParts(buckets: Buckets, span: number, cells: Uint32Array): void {
  for (let part = 0; part < PARTS; part++) {
    const timeMs = span * SPAN_MS + part * PART_MS;
    const at = part * PART_COLUMNS;
    for (let column = 0; column < COLUMNS; column++) {
      const mean = (cells[at + column] ?? 0) / PART_SCALE;
      const highest = column < WORD_COLUMNS ? mean : (cells[at + highestColumn(column)] ?? 0) / PART_SCALE;
      buckets.add(timeMs, column, mean, highest);
    }
  }
}
