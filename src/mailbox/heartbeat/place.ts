/**
 * Where in a Markdown text the section goes: near the top, behind a title and its first paragraph, if any.
 *
 * @module
 */

interface Line {
  /** Without its line end. */
  readonly text: string;
  readonly start: number;
}

const BLANK = /^[ \t]*$/;
const HEADING = /^ {0,3}#{1,6}(?:[ \t]|$)/;
const UNDERLINE = /^ {0,3}(?:=+|-+)[ \t]*$/;
const FRONT_MATTER_BEGIN = /^---[ \t]*$/;
const FRONT_MATTER_END = /^(?:---|\.\.\.)[ \t]*$/;
const FENCE = /^ {0,3}(?:`{3,}|~{3,})/;
const HTML = /^ {0,3}</;
/** What is no paragraph: a list, a quotation, a table, indented code, a line across. */
const OTHER_BLOCK = /^(?: {0,3}(?:[-*+](?:[ \t]|$)|\d{1,9}[.)](?:[ \t]|$)|>|\||(?:[-*_][ \t]*){3,}$)| {4}|\t)/;

/**
 * The place for the section.
 *
 * @param text without a byte-order mark; may be any text with one character a byte
 * @returns the start of a line, or the end of the text
 */
export function sectionPlace(text: string): number {
  const lines = splitLines(text);
  const top = afterFrontMatter(lines);
  const title = skipBlank(lines, top);
  const afterTitle = title + titleLines(lines, title);
  if (afterTitle === title) return startOf(lines, top, text);
  const paragraph = skipBlank(lines, afterTitle);
  if (!startsParagraph(lines, paragraph)) return startOf(lines, afterTitle, text);
  return startOf(lines, paragraphEnd(lines, paragraph), text);
}

function splitLines(text: string): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < text.length;) {
    const feed = text.indexOf("\n", start);
    const end = feed === -1 ? text.length : feed;
    lines.push({ text: text.slice(start, end).replace(/\r$/, ""), start });
    start = end + 1;
  }
  return lines;
}

function startOf(lines: readonly Line[], index: number, text: string): number {
  return lines[index]?.start ?? text.length;
}

function at(lines: readonly Line[], index: number): string {
  return lines[index]?.text ?? "";
}

/** Settings between two lines of dashes belong to the very top: a section above them would make them ordinary text. */
function afterFrontMatter(lines: readonly Line[]): number {
  if (!FRONT_MATTER_BEGIN.test(at(lines, 0))) return 0;
  const end = lines.findIndex(({ text }, index) => index > 0 && FRONT_MATTER_END.test(text));
  return end === -1 ? 0 : end + 1;
}

function skipBlank(lines: readonly Line[], from: number): number {
  let index = from;
  while (index < lines.length && BLANK.test(at(lines, index))) index++;
  return index;
}

/** How many lines the title takes: one, two where it is underlined, none where there is no title. */
function titleLines(lines: readonly Line[], index: number): number {
  if (HEADING.test(at(lines, index))) return 1;
  return isUnderlined(lines, index) ? 2 : 0;
}

function isPlain(line: string): boolean {
  return !BLANK.test(line) && !HEADING.test(line) && !FENCE.test(line) && !HTML.test(line) && !OTHER_BLOCK.test(line);
}

function isUnderlined(lines: readonly Line[], index: number): boolean {
  return isPlain(at(lines, index)) && UNDERLINE.test(at(lines, index + 1));
}

function startsParagraph(lines: readonly Line[], index: number): boolean {
  return isPlain(at(lines, index)) && !isUnderlined(lines, index);
}

/** A list right under a paragraph stays with it: it is what the paragraph announces. */
function paragraphEnd(lines: readonly Line[], from: number): number {
  let index = from + 1;
  while (index < lines.length) {
    const line = at(lines, index);
    if (BLANK.test(line) || HEADING.test(line) || FENCE.test(line) || HTML.test(line)) break;
    index++;
  }
  return index;
}
