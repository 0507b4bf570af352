/**
 * Words for a terminal: whether to colour, how wide a text is, and how to keep a stranger's text from driving it.
 *
 * @module
 */
import type { TextOutput } from "../runtime/port.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether to colour what goes to `output`: on a terminal that can, unless `NO_COLOR` is set. Source: https://no-
 * color.org
 */
export function wantsColour(output: TextOutput, environment: Environment): boolean {
  return output.isTerminal && (environment["NO_COLOR"] ?? "") === "" && environment["TERM"] !== "dumb";
}

/**
 * Control, format, surrogate, private-use and separator characters: everything that could move a cursor or reorder a
 * line.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/**
 * Makes any text safe to show on one line of a terminal: what could drive the terminal appears as its code point,
 * `\u{1b}`.
 */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** JSON for a person or a script, in which no character can drive a terminal: the same value, escaped further. */
export function safeJson(value: unknown, options: { readonly onOneLine?: boolean } = {}): string {
  return JSON.stringify(value, null, options.onOneLine === true ? 0 : 2).replace(UNSAFE, (character) => {
    if (character === "\n") return character;
    let escaped = "";
    for (let index = 0; index < character.length; index++) {
      escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
    }
    return escaped;
  });
}

/** Combining marks take no column of their own. */
const ZERO_WIDTH = /\p{M}/u;
/**
 * East Asian wide and emoji: two columns. Coarse on purpose: a wrong guess costs a crooked line, never a wrong value.
 */
const WIDE_EAST_ASIAN =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;
const WIDE_BEYOND = /\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;

function characterWidth(character: string): number {
  if (character < "\u0300") return 1;
  if (ZERO_WIDTH.test(character)) return 0;
  return WIDE_EAST_ASIAN.test(character) || WIDE_BEYOND.test(character) ? 2 : 1;
}

/** Columns that a text without control characters takes on a terminal. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** Cuts a text to at most `widthMax` columns, ending in `…` when something was cut. */
export function fitText(text: string, widthMax: number): string {
  if (textWidth(text) <= widthMax) return text;
  let width = 0;
  let kept = "";
  for (const character of text) {
    width += characterWidth(character);
    if (width > widthMax - 1) break;
    kept += character;
  }
  return widthMax < 1 ? "" : `${kept}…`;
}

/** Colours by what they say, not by what they are. */
export type Tone = "good" | "warning" | "bad" | "faint" | "strong";

const TONE_CODES: Readonly<Record<Tone, readonly [number, number]>> = {
  good: [32, 39],
  warning: [33, 39],
  bad: [31, 39],
  faint: [2, 22],
  strong: [1, 22],
};

/** Wraps `text` in the tone's colour; without colours the text itself. */
export function paint(text: string, tone: Tone | undefined, colour: boolean): string {
  if (!colour || tone === undefined || text === "") return text;
  const [on, off] = TONE_CODES[tone];
  return `\x1b[${on}m${text}\x1b[${off}m`;
}
