/**
 * Reads JSON5, the language of OpenClaw's configuration. Source: The JSON5 Data Interchange Format, version 1.0.0.
 *
 * @module
 */
import { BarnacleError } from "../errors.ts";

/** Deeper nesting is refused: a reader that calls itself must have an end. */
const DEPTH_MAX = 64;
/** White space and line terminators (section 8), and comments. */
const BLANKS = [/[\s\uFEFF]+/y, /\/\/[^\n\r\u2028\u2029]*/y, /\/\*[^]*?\*\//y];
const NUMBER = /[+-]?(?:Infinity|NaN|0[xX][0-9a-fA-F]+|(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?![\w$.])/y;
const WORD = /(?:true|false|null)(?![\w$])/y;
const NAME = /(?:[$_\p{ID_Start}]|\\u[0-9a-fA-F]{4})(?:[$_\u200C\u200D\p{ID_Continue}]|\\u[0-9a-fA-F]{4})*/uy;
const TEXT_RUN = /[^"'\\\n\r]+/y;

const WORDS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };
const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v", "0": "\0" };

/**
 * The value that the text stands for. Objects have no prototype, so that no key means anything but itself; of a key that is given twice
 * the later counts.
 *
 * @throws `CONFIG_INVALID` with line and column; nothing of the text is quoted, for it may hold secrets
 */
export function parseJson5(text: string): unknown {
  return new Reader(text).document();
}

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): unknown {
    if (this.#text.startsWith("\uFEFF")) this.#at = 1;
    const value = this.#value();
    this.#blank();
    if (this.#at < this.#text.length) throw this.#fault("the end of the text");
    return value;
  }

  #value(): unknown {
    this.#blank();
    const first = this.#text[this.#at];
    if (first === "{") return this.#nested(() => this.#object());
    if (first === "[") return this.#nested(() => this.#array());
    if (first === '"' || first === "'") return this.#string();
    const word = this.#take(WORD);
    if (word !== undefined) return WORDS[word];
    const number = this.#take(NUMBER);
    if (number !== undefined) return numberOf(number);
    throw this.#fault("a value");
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > DEPTH_MAX) throw this.#fault(`at most ${DEPTH_MAX} levels`);
    this.#at++;
    const value = read();
    this.#depth--;
    return value;
  }

  #object(): Record<string, unknown> {
    const object: Record<string, unknown> = Object.create(null);
    while (!this.#skip("}")) {
      const key = this.#key();
      if (!this.#skip(":")) throw this.#fault("a colon");
      object[key] = this.#value();
      if (!this.#skip(",") && !this.#isNext("}")) throw this.#fault("a comma or a closing brace");
    }
    return object;
  }

  #array(): unknown[] {
    const array: unknown[] = [];
    while (!this.#skip("]")) {
      array.push(this.#value());
      if (!this.#skip(",") && !this.#isNext("]")) throw this.#fault("a comma or a closing bracket");
    }
    return array;
  }

  #key(): string {
    this.#blank();
    const first = this.#text[this.#at];
    if (first === '"' || first === "'") return this.#string();
    const name = this.#take(NAME);
    if (name === undefined) throw this.#fault("a key");
    return name.replace(/\\u([0-9a-fA-F]{4})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
  }

  #string(): string {
    const quote = this.#text[this.#at++];
    let value = "";
    for (;;) {
      value += this.#take(TEXT_RUN) ?? "";
      const next = this.#text[this.#at];
      if (next === undefined || next === "\n" || next === "\r") throw this.#fault("a closing quotation mark");
      this.#at++;
      if (next === quote) return value;
      value += next === "\\" ? this.#escape() : next;
    }
  }

  #escape(): string {
    const letter = this.#text[this.#at++] ?? "";
    if (letter === "u") return this.#codeUnit(4);
    if (letter === "x") return this.#codeUnit(2);
    // A line may go on behind a backslash.
    if (letter === "\r" && this.#text[this.#at] === "\n") this.#at++;
    if (/[\n\r\u2028\u2029]/.test(letter)) return "";
    if (/[1-9]/.test(letter) || (letter === "0" && /\d/.test(this.#text[this.#at] ?? ""))) {
      throw this.#fault("no escape by octal digits");
    }
    return ESCAPES[letter] ?? letter;
  }

  #codeUnit(length: number): string {
    const digits = this.#text.slice(this.#at, this.#at + length);
    if (digits.length < length || !/^[0-9a-fA-F]+$/.test(digits)) throw this.#fault(`${length} hexadecimal digits`);
    this.#at += length;
    return String.fromCharCode(parseInt(digits, 16));
  }

  #blank(): void {
    while (BLANKS.some((blank) => this.#take(blank) !== undefined));
  }

  #isNext(mark: string): boolean {
    this.#blank();
    return this.#text[this.#at] === mark;
  }

  #skip(mark: string): boolean {
    if (!this.#isNext(mark)) return false;
    this.#at++;
    return true;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match[0];
  }

  #fault(wanted: string): BarnacleError {
    const before = this.#text.slice(0, this.#at).split(/\r\n|[\n\r]/);
    const place = `line ${before.length}, column ${(before.at(-1) ?? "").length + 1}`;
    const value = this.#at < this.#text.length ? `something else at ${place}` : `the end of the text at ${place}`;
    return new BarnacleError({ code: "CONFIG_INVALID", action: "Read JSON5", value, wanted });
  }
}

/** `Number` knows every form of JSON5 but a sign before hexadecimal digits. */
function numberOf(text: string): number {
  const digits = text.replace(/^[+-]/, "");
  return text.startsWith("-") ? -Number(digits) : Number(digits);
}
