/**
 * Putting the section into a text and taking it out again.
 *
 * Texts here have one character for each byte of the file, so that whatever is outside the section comes out as it went in, also where it
 * is no UTF-8. The section itself is ASCII.
 *
 * Around the section goes as little as can be told apart from the rest when it is taken out: a blank line before it and a line end behind
 * it; at the very top a blank line behind it; at the end of a text without a last line end, a line end and a blank line before it.
 *
 * @module
 */
import { findSection } from "./markers.ts";
import { sectionPlace } from "./place.ts";
import { HEARTBEAT_SECTION } from "./section.ts";

/** A UTF-8 byte-order mark, a character a byte. */
const BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

/** A text with the section in it, and what had to be done for it. */
export interface PlacedSection {
  readonly outcome: "unchanged" | "inserted" | "replaced";
  readonly text: string;
}

/**
 * The text with the section in it.
 *
 * @param path for messages
 * @param section the section as it should be
 * @throws `MARKERS_DAMAGED`
 */
export function placeSection(text: string, path: string, section: string = HEARTBEAT_SECTION): PlacedSection {
  const range = findSection(text, path);
  if (range === undefined) return { outcome: "inserted", text: insertSection(text, section) };
  const [before, present, after] = [
    text.slice(0, range.start),
    text.slice(range.start, range.end),
    text.slice(range.end),
  ];
  if (present.replaceAll("\r\n", "\n") === section) return { outcome: "unchanged", text };
  return {
    outcome: "replaced",
    text: before + sectionWith(section, lineEndOf(before + after) ?? lineEndOf(present) ?? "\n") + after,
  };
}

/**
 * The text without the section and what was put in around it; the text itself when there is no section.
 *
 * @param path for messages
 * @throws `MARKERS_DAMAGED`
 */
export function takeSectionOut(text: string, path: string): string {
  const range = findSection(text, path);
  if (range === undefined) return text;
  const before = text.slice(0, range.start);
  const after = text.slice(range.end);
  if (before === "" || before === BYTE_ORDER_MARK) return before + withoutFirstLineEnd(withoutFirstLineEnd(after));
  if (after === "") return withoutBlankLineAtEnd(before).replace(/\r?\n$/, "");
  return withoutBlankLineAtEnd(before) + withoutFirstLineEnd(after);
}

function insertSection(text: string, wanted: string): string {
  const mark = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : "";
  const content = text.slice(mark.length);
  const place = sectionPlace(content);
  const [before, after] = [content.slice(0, place), content.slice(place)];
  const end = lineEndOf(content) ?? "\n";
  const section = sectionWith(wanted, end);
  if (before === "") return mark + section + end + (after === "" ? "" : end + after);
  if (!before.endsWith("\n")) return mark + before + end + end + section;
  return mark + before + end + section + end + after;
}

function sectionWith(section: string, lineEnd: string): string {
  return section.replaceAll("\n", lineEnd);
}

/** The line end that most lines have; `undefined` when there is none. */
function lineEndOf(text: string): "\r\n" | "\n" | undefined {
  const all = text.split("\n").length - 1;
  const windows = text.split("\r\n").length - 1;
  if (all === 0) return undefined;
  return windows * 2 > all ? "\r\n" : "\n";
}

function withoutFirstLineEnd(text: string): string {
  return text.replace(/^\r?\n/, "");
}

function withoutBlankLineAtEnd(text: string): string {
  return text.replace(/(^|\n)\r?\n$/, "$1");
}
