/** The tables of the bench, on a terminal and in the page `docs/numbers.md`. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { formatFigures, formatNumber, median, ratios } from "./figures.ts";

/** What must hold: at most, or at least, this much. */
export interface Floor {
  readonly of: "ratio" | "value";
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Row {
  /** What was measured, with its unit. */
  readonly what: string;
  readonly ours: readonly number[];
  /** The baseline's values, each measured beside ours of the same place. */
  readonly baseline?: readonly number[];
  readonly floor?: Floor;
  /** Whether a ratio says something. @default true */
  readonly compared?: boolean;
}

export interface Section {
  readonly name: string;
  readonly title: string;
  /** How it was measured, in a sentence or two. */
  readonly method: string;
  /** Rows of cells, the header first. */
  readonly table: readonly (readonly string[])[];
}

export function renderSection(section: Section): string {
  const [header = [], ...rows] = section.table;
  const rule = header.map((_, column) => (column === 0 ? ":--" : "--:"));
  const cells = [header, rule, ...rows];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) =>
    `| ${row.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(" | ")} |`
  );
  return `### ${section.title}\n\n${section.method}\n\n${lines.join("\n")}\n`;
}

/** A table of rows beside one baseline. */
export function compare(baseline: string, rows: readonly Row[]): string[][] {
  return [["", "Barnacle", baseline, "ratio", "floor", ""], ...rows.map(renderRow)];
}

/** A missed floor is named so in the last column. */
function renderRow(row: Row): string[] {
  const { baseline, floor } = row;
  const compared = baseline === undefined || row.compared === false ? undefined : ratios(row.ours, baseline);
  return [
    row.what,
    formatFigures(row.ours),
    baseline === undefined ? "" : formatFigures(baseline),
    compared === undefined ? "" : formatFigures(compared),
    floor === undefined ? "" : renderFloor(floor),
    floor === undefined ? "" : renderVerdict(floor, floor.of === "ratio" ? compared : row.ours),
  ];
}

function renderFloor(floor: Floor): string {
  const sign = floor.atMost === undefined ? "≥" : "≤";
  const bound = floor.atMost ?? floor.atLeast ?? 0;
  return `${floor.of === "ratio" ? "ratio " : ""}${sign} ${Number.isInteger(bound) ? bound : formatNumber(bound)}`;
}

/** Whether the median keeps to the floor. */
export function renderVerdict(floor: Floor, values: readonly number[] = []): string {
  const value = median(values);
  return value <= (floor.atMost ?? Infinity) && value >= (floor.atLeast ?? -Infinity) ? "met" : "MISSED";
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

/**
 * Replaces a named part of a page, between its two marks; a part that the page does not have yet is added at its end.
 *
 * @param file the page; made when it does not exist
 */
export function writePart(file: string, name: string, text: string): void {
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const page = existsSync(file) ? readFileSync(file, "utf8") : "# Numbers\n";
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  const part = `${begin}\n\n${text.trim()}\n\n${end}`;
  const written = from === -1 || to < from
    ? `${page.trimEnd()}\n\n${part}\n`
    : page.slice(0, from) + part + page.slice(to + end.length);
  writeFileSync(file, written);
}
