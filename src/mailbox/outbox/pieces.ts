/**
 * Cuts the outbox's text into what stands in it: objects, and texts that are none.
 *
 * Between objects everything that carries no meaning is passed over: line ends, commas, the brackets of an array around all, code
 * fences, comments, a byte-order mark, zeros that a crashed disk left. So a file of lines, an array, pretty-printed objects and several
 * objects on a line are one format.
 *
 * @module
 */
import { BAD_ESCAPE, type Fault, NO_OBJECT, SMART_QUOTES, UNFINISHED } from "./faults.ts";
import { isCurlyQuote, mend } from "./mend.ts";

/** One thing that stands in the text. It has a value or a fault. */
export interface Piece {
  /** The line on which it begins. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly value: Readonly<Record<string, unknown>> | undefined;
  readonly fault: Fault | undefined;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const SEPARATORS = new Set(
  " \t\r\v\f\0,;[]}\u00A0\uFEFF\u200B\u2028\u2029".split("").map((text) => text.charCodeAt(0)),
);
const NOTE_REGEXP = /(?:\/\/|#)[^\n]*|\/\*[^\n]*?\*\/|<!--[^\n]*?-->|```[\w-]*/y;
/** Where a line ends so, a broken object goes on behind it. */
const GOES_ON = "{[,:";
/** Where a line begins so, something else begins with it. */
const BEGINS = "{[`";

/** Reads one text from its beginning to its end. */
export class PieceReader {
  /** Behind the last piece; what stands before it is settled. */
  position = 0;
  /** The line of `position`, counted from 1. */
  line: number;
  /** What ends at `position` is no message and has no line end yet: more text behind it would make it another. */
  isOpen = false;
  readonly #text: string;
  readonly #isFinal: boolean;

  /** @param init.isFinal nothing will follow the text: what is unfinished is broken */
  constructor(text: string, init: { readonly line: number; readonly isFinal: boolean }) {
    this.#text = text;
    this.line = init.line;
    this.#isFinal = init.isFinal;
  }

  /** The next piece; `undefined` at the end; `unfinished` where something begins that more text could complete. */
  next(): Piece | "unfinished" | undefined {
    const text = this.#text;
    for (;;) {
      const code = text.charCodeAt(this.position);
      if (code === OPENING_BRACE) return this.#object();
      if (Number.isNaN(code)) return undefined;
      if (code === NEWLINE) {
        this.line++;
        this.isOpen = false;
      } else if (!SEPARATORS.has(code)) {
        const end = this.#noteEnd();
        if (end === undefined) {
          return this.#broken(noObjectFault(text.charAt(this.position)), this.#lineEnd(this.position));
        }
        if (this.#mayGrow(end)) return "unfinished";
        this.position = end;
        this.isOpen = true;
        continue;
      }
      this.position++;
    }
  }

  #object(): Piece | "unfinished" {
    const start = this.position;
    const lineEnd = this.#lineEnd(start);
    const value = this.#wholeLine(start, lineEnd);
    if (value === undefined) return this.#mendedObject();
    this.position = lineEnd;
    this.isOpen = false;
    return { line: this.line, start, end: lineEnd, value, fault: undefined };
  }

  #wholeLine(start: number, lineEnd: number): Record<string, unknown> | undefined {
    const last = this.#text.charCodeAt(lineEnd - 1) === RETURN ? lineEnd - 2 : lineEnd - 1;
    return this.#text.charCodeAt(last) === CLOSING_BRACE ? parseObject(this.#text.slice(start, lineEnd)) : undefined;
  }

  #mendedObject(): Piece | "unfinished" {
    const start = this.position;
    const mended = mend(this.#text, start);
    if (mended.kind === "fault") return this.#broken(mended.fault, this.#brokenEnd(start));
    if (mended.kind === "object") {
      const value = parseObject(mended.json);
      return value === undefined ? this.#broken(BAD_ESCAPE, mended.end) : this.#found(value, mended.end);
    }
    const nextMessage = this.#nextMessageLine(start);
    if (nextMessage !== undefined) return this.#broken(UNFINISHED, Math.min(nextMessage, this.#brokenEnd(start)));
    return this.#isFinal ? this.#broken(UNFINISHED, this.#brokenEnd(start)) : "unfinished";
  }

  #found(value: Record<string, unknown>, end: number): Piece {
    const piece = { line: this.line, start: this.position, end, value, fault: undefined };
    this.#moveTo(end);
    this.isOpen = false;
    return piece;
  }

  #broken(fault: Fault, end: number): Piece | "unfinished" {
    if (this.#mayGrow(end)) return "unfinished";
    const piece = { line: this.line, start: this.position, end, value: undefined, fault };
    this.#moveTo(end);
    this.isOpen = true;
    return piece;
  }

  /** Whether what ends there is in the middle of a line that somebody may be writing. */
  #mayGrow(end: number): boolean {
    return !this.#isFinal && end === this.#text.length;
  }

  #moveTo(end: number): void {
    for (
      let at = this.#text.indexOf("\n", this.position);
      at !== -1 && at < end;
      at = this.#text.indexOf("\n", at + 1)
    ) {
      this.line++;
    }
    this.position = end;
  }

  #noteEnd(): number | undefined {
    NOTE_REGEXP.lastIndex = this.position;
    return NOTE_REGEXP.test(this.#text) ? NOTE_REGEXP.lastIndex : undefined;
  }

  #lineEnd(from: number): number {
    const at = this.#text.indexOf("\n", from);
    return at === -1 ? this.#text.length : at;
  }

  /**
   * The end of a broken object: of its line, or, where it was spread over several, of the last one that seems to be part of it. A guess
   * too small only makes two rejections of one.
   */
  #brokenEnd(start: number): number {
    const text = this.#text;
    let end = this.#lineEnd(start);
    if (!GOES_ON.includes(text.slice(start, end).trimEnd().slice(-1))) return end;
    while (end < text.length) {
      const lineEnd = this.#lineEnd(end + 1);
      const first = text.slice(end + 1, lineEnd).trimStart().charAt(0);
      if (first === "" || BEGINS.includes(first)) break;
      end = lineEnd;
      if (first === "}") break;
    }
    return end;
  }

  /** Where, behind the first line of an unfinished object, a line stands that is a message by itself; the object cannot hold it. */
  #nextMessageLine(start: number): number | undefined {
    const text = this.#text;
    for (let at = this.#lineEnd(start); at < text.length; at = this.#lineEnd(at + 1)) {
      if (text.charCodeAt(at + 1) !== OPENING_BRACE) continue;
      const value = this.#wholeLine(at + 1, this.#lineEnd(at + 1));
      if (value !== undefined && "to" in value && "msg" in value) return at;
    }
    return undefined;
  }
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    // It begins with a brace: what can be parsed is an object.
    return JSON.parse(json) as Record<string, unknown>;
  } catch {
    // The parser's words would quote the content; what is wrong is found by reading it another way.
    return undefined;
  }
}

function noObjectFault(character: string): Fault {
  return isCurlyQuote(character) ? SMART_QUOTES : NO_OBJECT;
}
