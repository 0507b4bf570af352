/**
 * Hunts: a table that breaks its lines on a narrow terminal, cuts what a script reads, or lets a cell out of its
 * column.
 */
import { describe, expect, test } from "vitest";
import { formatPairs, formatTable } from "../../../src/cli/table.ts";
import { textWidth } from "../../../src/cli/terminal.ts";

const columns = [{ title: "NAME", widthMin: 4 }, { title: "FREE", align: "right" }, {
  title: "WHAT",
  widthMin: 4,
}] as const;
const rows = [["a-rather-long-name", "12", "transcribe, download"], ["b", "3", ""]];

function linesAt(widthMax: number | undefined): string[] {
  return formatTable({ columns, rows, widthMax, colour: false }).trimEnd().split("\n");
}

describe("formatTable", () => {
  test("aligns columns and cuts nothing when there is no terminal", () => {
    expect(linesAt(undefined)).toEqual([
      "NAME                FREE  WHAT",
      "a-rather-long-name    12  transcribe, download",
      "b                      3",
    ]);
  });

  test("stays within the terminal at every width", () => {
    for (let width = 4; width < 60; width++) {
      const widest = Math.max(...linesAt(width).map(textWidth));
      expect(widest <= width).toBe(true);
    }
  });

  test("shrinks what may shrink before it drops a column", () => {
    const [titles, first] = linesAt(24);
    expect(titles).toContain("FREE");
    expect(first).toContain("…");
    expect(linesAt(10)[0]).toBe("NAME  FREE");
  });

  test("escapes hostile cells and keeps a row on one line", () => {
    const hostile = "x\x1b[2J\nFAKE ROW\u202e";
    const text = formatTable({ columns, rows: [[hostile, "1", hostile]], widthMax: undefined, colour: true });
    expect(text.split("\n").length).toBe(3);
    expect(text).toContain("x\\u{1b}[2J\\u{a}FAKE ROW\\u{202e}");
    expect(text.includes("\x1b[2J")).toBe(false);
  });

  test("pads by columns when text is wide", () => {
    const text = formatTable({
      columns: columns.slice(0, 2),
      rows: [["世界", "1"]],
      widthMax: undefined,
      colour: false,
    });
    expect(text.split("\n").slice(0, 2).map(textWidth)).toEqual([10, 10]);
  });
});

describe("formatPairs", () => {
  test("aligns values, escapes them and fits the terminal", () => {
    const text = formatPairs([["a", "x\x07"], ["long", "y".repeat(40)]], { colour: false, widthMax: 20 });
    expect(text.split("\n")).toEqual(["a     x\\u{7}", `long  ${"y".repeat(13)}…`, ""]);
  });
});
