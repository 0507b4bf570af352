/**
 * Finding the section by its markers.
 *
 * A marker counts wherever it stands, also in a code block or with other spacing than ours: whoever wrote it there, or moved it, meant
 * something by it, and what that was is not guessed at.
 *
 * @module
 */
import { BarnacleError } from "../../errors.ts";

/** Where the section is: from the first character of its begin marker to behind the last one of its end marker. */
export interface SectionRange {
  readonly start: number;
  readonly end: number;
}

interface Marker {
  readonly kind: "BEGIN" | "END";
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

const MARKER_REGEXP = /<!--[ \t]*MOLTCOMM:(BEGIN|END)[ \t]*-->/gi;

/**
 * Where the section stands in the text; `undefined` when there is no marker at all.
 *
 * @param path for the message
 * @throws `MARKERS_DAMAGED` with the line of each marker when they are anything but one pair in the right order
 */
export function findSection(text: string, path: string): SectionRange | undefined {
  const markers = findMarkers(text);
  const [first, second, ...more] = markers;
  if (first === undefined) return undefined;
  if (first.kind === "BEGIN" && second?.kind === "END" && more.length === 0) {
    return { start: first.start, end: second.end };
  }
  throw damaged(path, markers);
}

function findMarkers(text: string): Marker[] {
  let line = 1;
  let counted = 0;
  return [...text.matchAll(MARKER_REGEXP)].map((match) => {
    const start = match.index;
    for (; counted < start; counted++) if (text.charCodeAt(counted) === LINE_FEED) line++;
    return { kind: match[1]?.toUpperCase() === "BEGIN" ? "BEGIN" : "END", start, end: start + match[0].length, line };
  });
}

const LINE_FEED = 10;

function damaged(path: string, markers: readonly Marker[]): BarnacleError {
  const lines = (kind: Marker["kind"]) => markers.filter((marker) => marker.kind === kind).map(({ line }) => line);
  const [begins, ends] = [lines("BEGIN"), lines("END")];
  return new BarnacleError({
    code: "MARKERS_DAMAGED",
    action: `Find the mail section of "${path}"`,
    value: `<!-- MOLTCOMM:BEGIN --> ${describeLines(begins)}, <!-- MOLTCOMM:END --> ${describeLines(ends)}`,
    wanted: "one of each, the first before the second, or neither",
    hint: `${describeMending(begins, ends)}; then run barnacle init again, which puts the section in place`,
  });
}

function describeLines(lines: readonly number[]): string {
  return lines.length === 0 ? "nowhere" : `on line ${lines.join(", ")}`;
}

function describeMending(begins: readonly number[], ends: readonly number[]): string {
  const lines = [...begins, ...ends].sort((left, right) => left - right).join(", ");
  if (begins.length + ends.length === 1) {
    return `the other marker is missing: remove what is left of the section around line ${lines}`;
  }
  return `remove what is left of the sections around lines ${lines}, markers included`;
}
