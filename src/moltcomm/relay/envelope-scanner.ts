/**
 * Finds `to`, `from` and `t` of a frame in its bytes, without making a value of it.
 *
 * A relay must not read a frame otherwise than its recipient will: of a key that stands twice the last one counts, and a `"to"` inside the
 * body is none. So the scanner goes through the whole frame by the grammar of JSON (RFC 8259) and of UTF-8 (RFC 3629), and says "not
 * simple" wherever it meets what is wrong or rare: then a full parse decides. It makes no objects, and takes about a nanosecond a byte.
 *
 * @module
 */

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const LOWER_E = 0x65;
const LOWER_U = 0x75;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const UTF8_MIN = 0x80;
/** Deeper nesting than any message has: left to the full parse. */
const DEPTH_MAX = 30;
const NONE = -1;

/** 1 for what stands for itself in a string: printable ASCII but the quote and the backslash. */
const PLAIN = new Uint8Array(256);
for (let byte = 0x20; byte < UTF8_MIN; byte++) PLAIN[byte] = 1;
PLAIN[QUOTE] = 0;
PLAIN[BACKSLASH] = 0;
/** 1 for what may follow a backslash, but `u`. */
const ESCAPED = tableOf('"\\/bfnrt');
const HEX = tableOf("0123456789abcdefABCDEF");
const DIGIT = tableOf("0123456789");
const SPACE = tableOf(" \t\n\r");
const WORDS = ["true", "false", "null"].map((word) => new TextEncoder().encode(word));

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

/** The places of three texts in the bytes of the last frame that was simple. One object for all frames. */
export class EnvelopeScanner {
  /** The text of `to` between its quotes; `toStart` is -1 when it is missing or null. */
  toStart = NONE;
  toEnd = NONE;
  fromStart = NONE;
  fromEnd = NONE;
  tStart = NONE;
  tEnd = NONE;

  /**
   * Whether the bytes from `start` to `end` are one JSON object in UTF-8 whose `from` and `t` are texts and whose `to` is a text, null or
   * missing, all three without escapes and in ASCII.
   */
  scan(bytes: Uint8Array, start: number, end: number): boolean {
    this.toStart = this.fromStart = this.tStart = NONE;
    let at = skipSpace(bytes, start, end);
    if (at >= end || bytes[at] !== OPEN_OBJECT) return false;
    at = skipSpace(bytes, at + 1, end);
    // An empty object has none of the three.
    for (;;) {
      if (at >= end || bytes[at] !== QUOTE) return false;
      const keyStart = at + 1;
      const keyEnd = skipPlain(bytes, keyStart, end);
      if (keyEnd === NONE) return false;
      at = skipSpace(bytes, keyEnd + 1, end);
      if (at >= end || bytes[at] !== COLON) return false;
      at = this.#value(bytes, keyStart, keyEnd, skipSpace(bytes, at + 1, end), end);
      if (at === NONE) return false;
      at = skipSpace(bytes, at, end);
      if (at >= end) return false;
      const byte = bytes[at];
      at = skipSpace(bytes, at + 1, end);
      if (byte === CLOSE_OBJECT) return at === end && this.fromStart !== NONE && this.tStart !== NONE;
      if (byte !== COMMA) return false;
    }
  }

  /** @returns the place behind the value at `at`, or -1 */
  #value(bytes: Uint8Array, keyStart: number, keyEnd: number, at: number, end: number): number {
    const length = keyEnd - keyStart;
    const first = bytes[keyStart];
    if (length === 1 && first === 0x74 /* t */) {
      const textEnd = skipPlainText(bytes, at, end);
      this.tStart = at + 1;
      this.tEnd = textEnd;
      return textEnd === NONE ? NONE : textEnd + 1;
    }
    if (length === 2 && first === 0x74 && bytes[keyStart + 1] === 0x6f /* to */) return this.#to(bytes, at, end);
    if (length === 4 && first === 0x66 && isFrom(bytes, keyStart)) {
      const textEnd = skipPlainText(bytes, at, end);
      this.fromStart = at + 1;
      this.fromEnd = textEnd;
      return textEnd === NONE ? NONE : textEnd + 1;
    }
    return skipValue(bytes, at, end);
  }

  #to(bytes: Uint8Array, at: number, end: number): number {
    if (at < end && bytes[at] === QUOTE) {
      const textEnd = skipPlain(bytes, at + 1, end);
      this.toStart = at + 1;
      this.toEnd = textEnd;
      return textEnd === NONE ? NONE : textEnd + 1;
    }
    this.toStart = NONE;
    return skipWord(bytes, at, end, WORDS[2] as Uint8Array);
  }
}

function isFrom(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 1] === 0x72 && bytes[at + 2] === 0x6f && bytes[at + 3] === 0x6d;
}

function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && SPACE[bytes[at] as number] === 1) at++;
  return at;
}

/** @returns the place of the closing quote of a text that is nothing but plain characters, or -1 */
function skipPlain(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && PLAIN[bytes[at] as number] === 1) at++;
  return at < end && bytes[at] === QUOTE ? at : NONE;
}

function skipPlainText(bytes: Uint8Array, at: number, end: number): number {
  return at < end && bytes[at] === QUOTE ? skipPlain(bytes, at + 1, end) : NONE;
}

/** @param at behind the opening quote @returns the place behind the closing one, or -1 */
function skipString(bytes: Uint8Array, at: number, end: number): number {
  while (at < end) {
    const byte = bytes[at] as number;
    if (PLAIN[byte] === 1) at++;
    else if (byte === QUOTE) return at + 1;
    else {
      at = byte === BACKSLASH ? skipEscape(bytes, at + 1, end) : skipUtf8(bytes, at, end);
      if (at === NONE) return NONE;
    }
  }
  return NONE;
}

function skipEscape(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return NONE;
  if (ESCAPED[bytes[at] as number] === 1) return at + 1;
  if (bytes[at] !== LOWER_U || at + 4 >= end) return NONE;
  for (let digit = 1; digit <= 4; digit++) if (HEX[bytes[at + digit] as number] !== 1) return NONE;
  return at + 5;
}

/** One character of two to four bytes. Source: RFC 3629, section 4. Control characters come here too, and are none. */
function skipUtf8(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] as number;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > end) return NONE;
  const second = bytes[at + 1] as number;
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return NONE;
  for (let index = 2; index < length; index++) if (((bytes[at + index] as number) & 0xc0) !== 0x80) return NONE;
  return at + length;
}

/** @returns the place behind the value that begins at `at`, or -1 */
function skipValue(bytes: Uint8Array, at: number, end: number): number {
  let depth = 0;
  /** A bit for each open bracket, the innermost lowest: 1 for an object. */
  let objects = 0;
  for (;;) {
    if (at >= end) return NONE;
    const byte = bytes[at] as number;
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      const isObject = byte === OPEN_OBJECT;
      at = skipSpace(bytes, at + 1, end);
      if (at < end && bytes[at] === (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) at++;
      else {
        if (++depth > DEPTH_MAX) return NONE;
        objects = (objects << 1) | (isObject ? 1 : 0);
        if (isObject) at = skipKey(bytes, at, end);
        if (at === NONE) return NONE;
        continue;
      }
    } else {
      at = byte === QUOTE ? skipString(bytes, at + 1, end) : skipScalar(bytes, at, end, byte);
      if (at === NONE) return NONE;
    }
    // A value ended, and with it perhaps what it stands in.
    for (;;) {
      if (depth === 0) return at;
      at = skipSpace(bytes, at, end);
      if (at >= end) return NONE;
      const isInObject = (objects & 1) === 1;
      const next = bytes[at];
      at++;
      if (next === COMMA) {
        at = skipSpace(bytes, at, end);
        if (isInObject) at = skipKey(bytes, at, end);
        if (at === NONE) return NONE;
        break;
      }
      if (next !== (isInObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return NONE;
      depth--;
      objects >>= 1;
    }
  }
}

/** A key with its colon. @returns the place of its value, or -1 */
function skipKey(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || bytes[at] !== QUOTE) return NONE;
  at = skipString(bytes, at + 1, end);
  if (at === NONE) return NONE;
  at = skipSpace(bytes, at, end);
  return at < end && bytes[at] === COLON ? skipSpace(bytes, at + 1, end) : NONE;
}

function skipScalar(bytes: Uint8Array, at: number, end: number, first: number): number {
  if (first === MINUS || DIGIT[first] === 1) return skipNumber(bytes, at, end);
  for (const word of WORDS) if (word[0] === first) return skipWord(bytes, at, end, word);
  return NONE;
}

function skipWord(bytes: Uint8Array, at: number, end: number, word: Uint8Array): number {
  if (at + word.length > end) return NONE;
  for (let index = 0; index < word.length; index++) if (bytes[at + index] !== word[index]) return NONE;
  return at + word.length;
}

/** Source: RFC 8259, section 6. */
function skipNumber(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] === MINUS) at++;
  const isZero = at < end && bytes[at] === ZERO;
  at = isZero ? at + 1 : skipDigits(bytes, at, end);
  if (at === NONE) return NONE;
  if (at < end && bytes[at] === DOT) at = skipDigits(bytes, at + 1, end);
  if (at === NONE || at >= end || ((bytes[at] as number) | 0x20) !== LOWER_E) return at;
  at++;
  if (at < end && (bytes[at] === MINUS || bytes[at] === 0x2b /* + */)) at++;
  return skipDigits(bytes, at, end);
}

/** At least one. */
function skipDigits(bytes: Uint8Array, at: number, end: number): number {
  const start = at;
  while (at < end && DIGIT[bytes[at] as number] === 1) at++;
  return at === start ? NONE : at;
}
