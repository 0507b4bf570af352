/**
 * Showing what a stranger wrote, so that nothing in it can be taken for our own words.
 *
 * Every line of a message stands behind a bar. On a terminal lines are broken by us: one that the terminal broke would go on at its left
 * edge, without the bar. Everywhere else they stay whole.
 *
 * @module
 */
import { escapeText, paint } from "../terminal.ts";

const BAR = "│ ";
const BAR_WIDTH = 2;
const TAB = "    ";
/** Below this a terminal is taken to be as wide: a letter a line is of no use to anybody. */
const TEXT_WIDTH_MIN = 8;
/** More marks on one letter would reach into the lines above and below. */
const STACKED_MARKS = /(\p{M}{4})(\p{M}+)/gu;

/** How to show it. */
export interface FrameView {
  /** Columns of the terminal; `undefined` when it is none. */
  readonly widthMax: number | undefined;
  readonly colour: boolean;
}

/** The text with a bar before each line, every line ended. */
export function frameText(text: string, view: FrameView): string {
  const bar = paint(BAR, "faint", view.colour);
  const lines = text.split(/\r\n|\n|\r/).map(safeLine);
  const width = view.widthMax === undefined ? undefined : Math.max(TEXT_WIDTH_MIN, view.widthMax - BAR_WIDTH);
  return lines.flatMap((line) => width === undefined ? [line] : broken(line, width)).map((line) => `${bar}${line}\n`)
    .join("");
}

function safeLine(line: string): string {
  const unstacked = line.replace(STACKED_MARKS, (_all, kept: string, rest: string) => {
    const codes = Array.from(rest, (mark) => `\\u{${(mark.codePointAt(0) ?? 0).toString(16)}}`);
    return kept + codes.join("");
  });
  return escapeText(unstacked.replaceAll("\t", TAB));
}

/** Pieces of at most `width` columns, at a space where there is one in the second half. */
function broken(line: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = "";
  let columns = 0;
  for (const character of line) {
    const needed = widthAtMost(character);
    if (columns + needed > width) {
      const space = piece.lastIndexOf(" ");
      const at = space > piece.length / 2 ? space + 1 : piece.length;
      pieces.push(piece.slice(0, at));
      piece = piece.slice(at);
      columns = 0;
      for (const kept of piece) columns += widthAtMost(kept);
    }
    piece += character;
    columns += needed;
  }
  return [...pieces, piece];
}

/** No terminal gives a character more columns; a wrong guess may only make a line shorter. */
function widthAtMost(character: string): number {
  return character < "\u007f" ? 1 : 2;
}
