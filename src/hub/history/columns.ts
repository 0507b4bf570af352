/**
 * What a sample of an instance's history consists of: a row of whole numbers, one for each measure.
 *
 * A cell holds 0 where nothing was heard, else the measure times its scale, plus 1. So a row is a few bytes, and a day of them compresses
 * to little.
 *
 * @module
 */
import type { Availability, HealthStatus } from "../../contract/mod.ts";

/** Of a cell. */
const CELL_MAX = 0xffff_ffff;

/** In the order of their cells: the two words first. The order is that of the blocks on disk, so it may only grow at its end. */
export const MEASURES = [
  { name: "status", scale: 1 },
  { name: "availability", scale: 1 },
  { name: "active_tasks", scale: 1 },
  { name: "queue_length", scale: 1 },
  { name: "concurrent_tasks", scale: 1 },
  { name: "cpu_pct", scale: 10 },
  { name: "mem_pct", scale: 10 },
  { name: "disk_pct", scale: 10 },
  { name: "swap_pct", scale: 10 },
  { name: "load_1", scale: 100 },
] as const;

/** Cells of a row. */
export const COLUMNS = MEASURES.length;
/** The columns whose cell stands for a word: of several, the gravest counts, since a mean says nothing. */
export const WORD_COLUMNS = 2;
/** The measures that are numbers. */
export const NUMBER_COLUMNS = COLUMNS - WORD_COLUMNS;

/** The words in the order of their gravity. */
const STATUSES: readonly HealthStatus[] = ["healthy", "degraded", "draining", "offline"];
const AVAILABILITIES: readonly Availability[] = ["available", "busy", "paused", "offline"];

export type MeasureName = typeof MEASURES[number]["name"];
/** What was heard of an instance at one time, in its own units. What is missing was not heard. */
export interface Sample extends Partial<Record<Exclude<MeasureName, "status" | "availability">, number>> {
  readonly status?: HealthStatus;
  readonly availability?: Availability;
}

/** The cell of a measure; 0 when it was not heard. */
export function cellOf(sample: Sample, column: number): number {
  const measure = MEASURES[column];
  const value = measure === undefined ? undefined : sample[measure.name];
  if (measure === undefined || value === undefined) return 0;
  if (typeof value === "string") return 1 + gravityOf(column, value);
  return Math.min(CELL_MAX, 1 + Math.max(0, Math.round(value * measure.scale)));
}

/** @param cell not 0; a mean of cells may lie between two */
export function numberOf(cell: number, column: number): number {
  const scale = MEASURES[column]?.scale ?? 1;
  // Two more digits than were measured: a mean of few samples has them.
  return Math.round((cell - 1) / scale * 100 * scale) / (100 * scale);
}

/** @param cell not 0 */
export function wordOf(cell: number, column: number): HealthStatus | Availability {
  return (column === 0 ? STATUSES : AVAILABILITIES)[Math.round(cell) - 1] ?? "offline";
}

function gravityOf(column: number, word: string): number {
  const words: readonly string[] = column === 0 ? STATUSES : AVAILABILITIES;
  return words.indexOf(word);
}
