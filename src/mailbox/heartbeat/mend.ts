/**
 * Putting the section back where it was, into what somebody made of it.
 *
 * @module
 */
import { isBarnacleError } from "../../errors.ts";
import { placeSection } from "./edit.ts";
import { HEARTBEAT_SECTION } from "./section.ts";

/** A line that is a marker and nothing else. */
const MARKER_LINE = /^[ \t]*<!--[ \t]*MOLTCOMM:(?:BEGIN|END)[ \t]*-->[ \t]*$/i;

/**
 * The text with the whole section in it, also where half of it is gone: of the rest, the lines that are word for word ours make way, and no
 * other.
 *
 * @param path for messages
 * @throws `MARKERS_DAMAGED` where a marker stands in the midst of somebody else's line
 */
export function mendSection(text: string, path: string, section: string = HEARTBEAT_SECTION): string {
  try {
    const { outcome, text: placed } = placeSection(text, path, section);
    return outcome === "inserted" ? placeSection(withoutOurLines(text, section), path, section).text : placed;
  } catch (thrown) {
    if (!isBarnacleError(thrown, "MARKERS_DAMAGED")) throw thrown;
    return placeSection(withoutOurLines(text, section), path, section).text;
  }
}

/** What is left of a section goes with the blank lines between; a text that has none of it stays as it is. */
function withoutOurLines(text: string, section: string): string {
  const ours = new Set([...section.split("\n"), ...HEARTBEAT_SECTION.split("\n")].filter((line) => line !== ""));
  const lines = text.split("\n");
  const isOurs = lines.map((line) => {
    const plain = line.replace(/\r$/, "");
    return ours.has(plain) || MARKER_LINE.test(plain);
  });
  const isBetween = (index: number) =>
    /^[ \t\r]*$/.test(lines[index] ?? "") && isOurs[index - 1] === true && isOurs[index + 1] === true;
  return lines.filter((_, index) => isOurs[index] !== true && !isBetween(index)).join("\n");
}
