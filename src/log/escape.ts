/**
 * Making text safe to print: nothing in a value can break a line, move the cursor or turn the writing direction.
 *
 * @module
 */

/**
 * Characters that a terminal or a line reader acts upon: C0 and C1 controls (U+009B alone starts a control sequence),
 * the line and paragraph separators, the marks that override the direction of text, and the byte order mark.
 */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/gu;

/** Replaces every control character by its `\uXXXX` escape, which JSON readers turn back into the character. */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A JSON value on one line, with every control character escaped. */
export function toSafeJson(value: unknown): string {
  return escapeControls(JSON.stringify(value));
}
