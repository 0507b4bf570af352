/**
 * As much of Structured Field Values (RFC 8941) as message signatures and digests need: dictionaries of inner lists and
 * items, with parameters. Decimals do not occur there and are refused.
 *
 * @module
 */
import { decodeBase64, encodeBase64 } from "../contract/mod.ts";

/** A bare word, such as `ed25519` without quotes. */
export interface Token {
  readonly token: string;
}

export type BareItem = number | string | boolean | Uint8Array | Token;
export type Parameters = ReadonlyMap<string, BareItem>;

export interface Item {
  readonly value: BareItem;
  readonly parameters: Parameters;
}

/** A member of a dictionary: an item, or an inner list of items. */
export type Member = Item | { readonly items: readonly Item[]; readonly parameters: Parameters };
export type InnerList = Extract<Member, { items: readonly Item[] }>;

/** Longest field value that is looked at; what we write is below a quarter of it. */
const FIELD_CHARACTERS_MAX = 8_192;

const KEY_REGEXP = /[a-z*][a-z0-9_.*-]*/y;
const INTEGER_REGEXP = /-?\d{1,15}(?![\d.])/y;
const STRING_REGEXP = /"((?:[ !#-[\]-~]|\\["\\])*)"/y;
const TOKEN_REGEXP = /[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*/y;
const BYTES_REGEXP = /:([A-Za-z0-9+/]*={0,2}):/y;
const BOOLEAN_REGEXP = /\?([01])/y;
const COMMA_REGEXP = /[ \t]*,[ \t]*/y;
const SPACES_REGEXP = / */y;

/**
 * Reads a dictionary field.
 *
 * @param text the field's lines joined by a comma, as `Headers` gives them
 * @returns `undefined` when the text is no dictionary, or a longer one than is looked at
 */
export function parseDictionary(text: string): Map<string, Member> | undefined {
  if (text.length > FIELD_CHARACTERS_MAX) return undefined;
  try {
    return new Reader(text.trim()).dictionary();
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

/** Writes an inner list with its parameters in the one canonical form. Source: RFC 8941, section 4.1.1.1. */
export function serializeInnerList(list: InnerList): string {
  const items = list.items.map((item) => serializeBareItem(item.value) + serializeParameters(item.parameters));
  return `(${items.join(" ")})${serializeParameters(list.parameters)}`;
}

function serializeParameters(parameters: Parameters): string {
  let text = "";
  for (const [key, value] of parameters) text += value === true ? `;${key}` : `;${key}=${serializeBareItem(value)}`;
  return text;
}

/** Writes one bare item; strings must be printable ASCII. Source: RFC 8941, section 4.1.3.1. */
export function serializeBareItem(value: BareItem): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "?1" : "?0";
  if (typeof value === "string") return `"${value.replaceAll(/["\\]/g, "\\$&")}"`;
  return value instanceof Uint8Array ? `:${encodeBase64(value)}:` : value.token;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  dictionary(): Map<string, Member> {
    const members = new Map<string, Member>();
    if (this.#text === "") return members;
    for (;;) {
      const key = this.#expect(KEY_REGEXP)[0];
      // Of equal keys the last value counts, in the first one's place, as a map does. Source: RFC 8941, section 4.2.2.
      members.set(key, this.#take("=") ? this.#member() : { value: true, parameters: this.#parameters() });
      if (this.#at === this.#text.length) return members;
      this.#expect(COMMA_REGEXP);
    }
  }

  #member(): Member {
    if (!this.#take("(")) return this.#item();
    const items: Item[] = [];
    this.#expect(SPACES_REGEXP);
    while (!this.#take(")")) {
      items.push(this.#item());
      const spaces = this.#expect(SPACES_REGEXP)[0];
      if (spaces === "" && this.#text[this.#at] !== ")") throw new SyntaxError("Items stand apart");
    }
    return { items, parameters: this.#parameters() };
  }

  #item(): Item {
    return { value: this.#bareItem(), parameters: this.#parameters() };
  }

  #parameters(): Parameters {
    const parameters = new Map<string, BareItem>();
    while (this.#take(";")) {
      this.#expect(SPACES_REGEXP);
      const key = this.#expect(KEY_REGEXP)[0];
      parameters.set(key, this.#take("=") ? this.#bareItem() : true);
    }
    return parameters;
  }

  #bareItem(): BareItem {
    const first = this.#text[this.#at] ?? "";
    if (first === '"') return (this.#expect(STRING_REGEXP)[1] ?? "").replaceAll(/\\(.)/g, "$1");
    if (first === "?") return this.#expect(BOOLEAN_REGEXP)[1] === "1";
    if (first === ":") return this.#bytes();
    if (/[-\d]/.test(first)) return Number(this.#expect(INTEGER_REGEXP)[0]);
    return { token: this.#expect(TOKEN_REGEXP)[0] };
  }

  #bytes(): Uint8Array {
    const bytes = decodeBase64(this.#expect(BYTES_REGEXP)[1] ?? "");
    if (bytes === undefined) throw new SyntaxError("Base64 in another than the canonical form");
    return bytes;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #expect(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) throw new SyntaxError(`Nothing known at ${this.#at}`);
    this.#at += match[0].length;
    return match;
  }
}
