/**
 * Tables that fit the terminal they are printed on.
 *
 * @module
 */
import { escapeText, fitText, paint, textWidth } from "./terminal.ts";
import type { Tone } from "./terminal.ts";

/** One column. */
export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /**
   * Given: where space lacks, this column shrinks down to so many columns of the terminal. Absent: it keeps its width.
   */
  readonly widthMin?: number;
}

/** One cell: text as it came from anywhere, and what it says about itself. */
export interface Cell {
  readonly text: string;
  readonly tone?: Tone;
}

/** How to lay a table out. */
export interface TableInit {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (Cell | string)[])[];
  /** Columns of the terminal; `undefined` when it is none: then nothing is cut. */
  readonly widthMax: number | undefined;
  readonly colour: boolean;
}

const GAP = "  ";

/**
 * Lays out a table, a line each row and one for the titles, every line ended.
 *
 * Cells are escaped here, so that no caller can forget it. Where the terminal is too narrow, shrinkable columns give
 * way, the widest
 * first; where even that is not enough, columns are left out from the right.
 */
export function formatTable(init: TableInit): string {
  const rows = init.rows.map((row) => row.map(toSafeCell));
  const natural = init.columns.map((column, index) =>
    Math.max(textWidth(column.title), ...rows.map((row) => textWidth(row[index]?.text ?? "")))
  );
  const widths = init.widthMax === undefined ? natural : shrink(init.columns, natural, init.widthMax);
  const titles = init.columns.map((column): Cell => ({ text: column.title, tone: "faint" }));
  return [titles, ...rows].map((row) => formatRow(row, init, widths)).join("");
}

function toSafeCell(cell: Cell | string): Cell {
  return typeof cell === "string" ? { text: escapeText(cell) } : { ...cell, text: escapeText(cell.text) };
}

function formatRow(row: readonly Cell[], init: TableInit, widths: readonly number[]): string {
  const cells = widths.map((width, index) => {
    const cell = row[index] ?? { text: "" };
    const text = fitText(cell.text, width);
    const padding = " ".repeat(width - textWidth(text));
    const painted = paint(text, cell.tone, init.colour);
    return init.columns[index]?.align === "right" ? padding + painted : painted + padding;
  });
  return `${cells.join(GAP).trimEnd()}\n`;
}

/** Takes a column at a time from the widest that can give; then whole columns from the right. */
function shrink(columns: readonly Column[], natural: readonly number[], widthMax: number): number[] {
  const widths = [...natural];
  const total = () => widths.reduce((sum, width) => sum + width, 0) + GAP.length * Math.max(0, widths.length - 1);
  while (total() > widthMax) {
    let widest = -1;
    for (const [index, width] of widths.entries()) {
      const least = columns[index]?.widthMin ?? width;
      if (width > least && width > (widths[widest] ?? 0)) widest = index;
    }
    if (widest >= 0) widths[widest] = (widths[widest] ?? 0) - 1;
    else if (widths.length > 1) widths.pop();
    else break;
  }
  return widths;
}

/** Lines of `label  value`, the labels padded to the longest. Values are escaped; an empty list is an empty text. */
export function formatPairs(
  pairs: readonly (readonly [label: string, value: Cell | string])[],
  options: { readonly colour: boolean; readonly widthMax: number | undefined },
): string {
  const labelWidth = Math.max(0, ...pairs.map(([label]) => textWidth(label)));
  return pairs.map(([label, value]) => {
    const cell = toSafeCell(value);
    const room = options.widthMax === undefined ? Infinity : Math.max(1, options.widthMax - labelWidth - GAP.length);
    const text = paint(room === Infinity ? cell.text : fitText(cell.text, room), cell.tone, options.colour);
    return `${paint(label.padEnd(labelWidth), "faint", options.colour)}${GAP}${text}\n`;
  }).join("");
}
