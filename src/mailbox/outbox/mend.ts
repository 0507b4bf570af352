/**
 * Reads an object that is nearly JSON and gives the JSON that was meant.
 *
 * Mended is what has one meaning only: comments, a comma before a closing bracket, line breaks and control characters inside a text,
 * `\'`, blanks of other alphabets. Everything else is a fault. A general tolerant parser goes on after an error and guesses; here the
 * first fault ends the object, so that it cannot swallow the lines behind it, and an object that only lacks its end is told apart, because
 * it may be in the middle of being written.
 *
 * @module
 */
import { brokenJson, type Fault, NOT_UTF8, SMART_QUOTES, TOO_DEEP, UNFINISHED } from "./faults.ts";
import { NESTING_MAX } from "./limits.ts";

/** `end`: just behind the object. `unfinished`: the text ends within the object. */
export type Mended =
  | { readonly kind: "object"; readonly end: number; readonly json: string }
  | { readonly kind: "fault"; readonly fault: Fault }
  | { readonly kind: "unfinished" };

type Wants = "firstKey" | "key" | "colon" | "value" | "firstItem" | "item" | "comma";

const BLANK_REGEXP = /[\s\uFEFF\u200B]+/y;
const COMMENT_REGEXP = /\/\/[^\n]*|\/\*[^\n]*?\*\//y;
const PLAIN_REGEXP = /[^"\\\p{Cc}]*/uy;
const LITERAL_REGEXP = /(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])/y;
const CURLY_QUOTE_REGEXP = /[\u2018-\u201F\u00AB\u00BB\u300C\u300D\uFF02]/;
const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** @param start where the object's opening brace stands */
export function mend(text: string, start: number): Mended {
  return new Mender(text, start).run();
}

/** Whether the character is a typographer's quote. */
export function isCurlyQuote(character: string): boolean {
  return CURLY_QUOTE_REGEXP.test(character);
}

class Mender {
  readonly #text: string;
  #position: number;
  #json = "";
  #hasComma = false;
  #wants: Wants = "value";
  readonly #closers: ("}" | "]")[] = [];

  constructor(text: string, start: number) {
    this.#text = text;
    this.#position = start;
  }

  run(): Mended {
    for (;;) {
      this.#skip();
      if (this.#position >= this.#text.length) return { kind: "unfinished" };
      const fault = this.#token(this.#text[this.#position] ?? "");
      if (fault !== undefined) return { kind: "fault", fault };
      if (this.#closers.length === 0) return { kind: "object", end: this.#position, json: this.#json };
    }
  }

  #skip(): void {
    while (this.#matches(BLANK_REGEXP) || this.#matches(COMMENT_REGEXP));
  }

  #matches(pattern: RegExp): boolean {
    pattern.lastIndex = this.#position;
    if (!pattern.test(this.#text)) return false;
    this.#position = pattern.lastIndex;
    return true;
  }

  #token(character: string): Fault | undefined {
    if (character === "\0") return NOT_UTF8;
    switch (this.#wants) {
      case "firstKey":
      case "key":
        if (character === "}") return this.#close();
        if (character !== '"') return faultAt(character, "a key in double quotes is missing");
        this.#wants = "colon";
        return this.#string();
      case "colon":
        if (character !== ":") return faultAt(character, "a colon is missing after a key");
        this.#wants = "value";
        return this.#copy(character);
      case "comma":
        return this.#afterValue(character);
      case "firstItem":
      case "item":
        return character === "]" ? this.#close() : this.#value(character);
      case "value":
        return this.#value(character);
    }
  }

  #afterValue(character: string): Fault | undefined {
    const closer = this.#closers.at(-1);
    if (character === closer) return this.#close();
    if (character === "{") return UNFINISHED;
    if (character !== ",") {
      return faultAt(character, 'a comma is missing, or a quote inside a text is not written as \\"');
    }
    this.#hasComma = true;
    this.#position++;
    this.#wants = closer === "}" ? "key" : "item";
    return undefined;
  }

  #value(character: string): Fault | undefined {
    if (character === "{") return this.#open("}", "firstKey");
    if (character === "[") return this.#open("]", "firstItem");
    this.#wants = "comma";
    if (character === '"') return this.#string();
    const start = this.#position;
    if (!this.#matches(LITERAL_REGEXP)) {
      return faultAt(character, "a value is missing, or a text is not in double quotes");
    }
    this.#emit(this.#text.slice(start, this.#position));
    return undefined;
  }

  #open(closer: "}" | "]", wants: Wants): Fault | undefined {
    if (this.#closers.push(closer) > NESTING_MAX) return TOO_DEEP;
    this.#wants = wants;
    return this.#copy(closer === "}" ? "{" : "[");
  }

  #close(): undefined {
    this.#hasComma = false;
    this.#wants = "comma";
    this.#json += this.#closers.pop() ?? "";
    this.#position++;
  }

  #copy(character: string): undefined {
    this.#emit(character);
    this.#position++;
  }

  #emit(json: string): void {
    this.#json += this.#hasComma ? `,${json}` : json;
    this.#hasComma = false;
  }

  /** Leaves the position at the end of the text when the closing quote is missing. */
  #string(): Fault | undefined {
    const text = this.#text;
    let json = '"';
    this.#position++;
    for (;;) {
      const start = this.#position;
      this.#matches(PLAIN_REGEXP);
      json += text.slice(start, this.#position);
      if (this.#position >= text.length) return undefined;
      const code = text.charCodeAt(this.#position);
      if (code === 0) return NOT_UTF8;
      if (code === QUOTE) break;
      json += code === BACKSLASH ? this.#escape() : this.#control(code);
    }
    this.#position++;
    this.#emit(`${json}"`);
    return undefined;
  }

  #escape(): string {
    const next = this.#text[this.#position + 1] ?? "";
    this.#position += 2;
    // Python and JavaScript write an apostrophe so. What JSON does not know otherwise is found when the result is parsed.
    return next === "'" ? "'" : `\\${next}`;
  }

  #control(code: number): string {
    this.#position++;
    if (code === RETURN && this.#text.charCodeAt(this.#position) === NEWLINE) return "";
    return code === NEWLINE ? "\\n" : `\\u${code.toString(16).padStart(4, "0")}`;
  }
}

function faultAt(character: string, wanted: string): Fault {
  return isCurlyQuote(character) ? SMART_QUOTES : brokenJson(wanted);
}
