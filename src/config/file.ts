/**
 * The configuration file: JSON with comments and trailing commas.
 *
 * @module
 */
import type { Node, ParseError } from "jsonc-parser";
import { isBarnacleError } from "../errors.ts";
import { CONFIG_BYTES_MAX } from "../limits.ts";
import type { Files } from "../runtime/port.ts";
import type { Given } from "./given.ts";
import type { Origin } from "./origin.ts";
import type { ConfigProblems } from "./problems.ts";
import { allSettings, sectionNames, type Setting } from "./settings.ts";
import { unknownSettingFault } from "./unknown.ts";

type JsonParser = typeof import("jsonc-parser");

/**
 * The text of a configuration file; `undefined`, with a problem added, when it cannot be read.
 *
 * @throws `FILE_NOT_FOUND`, so that the caller can tell a missing file from a bad one
 */
export async function readConfigText(
  files: Pick<Files, "read">,
  path: string,
  problems: ConfigProblems,
): Promise<string | undefined> {
  try {
    const bytes = await files.read(path, CONFIG_BYTES_MAX);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND")) throw thrown;
    const got = isBarnacleError(thrown, "BODY_TOO_LARGE")
      ? `more than ${CONFIG_BYTES_MAX} bytes`
      : isBarnacleError(thrown)
      ? `${thrown.code} from ${path}`
      : "bytes that are no UTF-8";
    const fault = `got ${got}, wanted a readable file of JSON`;
    problems.add({ code: "CONFIG_INVALID", path: "", fault, origin: originAt(path, { line: 1, column: 1 }) });
    return undefined;
  }
}

/**
 * What a configuration file gives.
 *
 * The parser is loaded here and not before: most agents have no configuration file, and none should pay for one it has
 * not.
 *
 * @param path stands in origins and messages
 */
export async function givenByFile(text: string, path: string, problems: ConfigProblems): Promise<Given[]> {
  const parser: JsonParser = await import("jsonc-parser");
  const place = placesOf(text, path);
  const errors: ParseError[] = [];
  const root = parse(parser, text, errors);
  const [error] = errors;
  if (root === "too deep") {
    const fault = "got brackets nested beyond reason, wanted the settings";
    problems.add({ code: "CONFIG_INVALID", path: "", fault, origin: place(0) });
    return [];
  }
  if (error !== undefined || root === undefined) {
    const words = error === undefined ? undefined : SYNTAX_WORDS[parser.printParseErrorCode(error.error)];
    // Further errors are mostly echoes of the first.
    const fault = `the JSON is broken: ${words ?? "wanted a value"}`;
    problems.add({ code: "CONFIG_INVALID", path: "", fault, origin: place(error?.offset ?? 0) });
    return [];
  }
  return new FileWalk(parser, place, problems).walk(root);
}

/** No setting goes deeper than three; the parser goes as deep as the file does, and then the stack is full. */
const NESTING_MAX = 16;

function parse(parser: JsonParser, text: string, errors: ParseError[]): Node | undefined | "too deep" {
  try {
    const root = parser.parseTree(text, errors, { allowTrailingComma: true });
    return root !== undefined && isDeeperThan(root, NESTING_MAX) ? "too deep" : root;
  } catch (thrown) {
    if (thrown instanceof RangeError) return "too deep";
    throw thrown;
  }
}

function isDeeperThan(node: Node, levels: number): boolean {
  if (levels < 0) return true;
  const below = node.type === "property" ? levels : levels - 1;
  return node.children?.some((child) => isDeeperThan(child, below)) ?? false;
}

/** Where an offset of the file is. */
export type Place = (offset: number) => Origin;

/**
 * Goes through the file along the schema, which is two levels deep; what a setting's value holds is the schema's to
 * check.
 */
class FileWalk {
  readonly #parser: JsonParser;
  readonly #place: Place;
  readonly #problems: ConfigProblems;
  readonly #given: Given[] = [];

  constructor(parser: JsonParser, place: Place, problems: ConfigProblems) {
    this.#parser = parser;
    this.#place = place;
    this.#problems = problems;
  }

  walk(root: Node): Given[] {
    const sections = new Set(sectionNames());
    this.#eachMember(root, "", (name, key, value) => {
      if (name === "$schema") {
        if (value.type !== "string") this.#refuse("$schema", `got ${JSON_WORDS[value.type]}, wanted text`, value);
      } else if (sections.has(name)) {
        this.#walkSection(name, value);
      } else {
        this.#refuse(name, unknownSettingFault(name), key, "CONFIG_UNKNOWN_KEY");
      }
    });
    return this.#given;
  }

  #walkSection(section: string, node: Node): void {
    this.#eachMember(node, section, (name, key, value) => {
      const path = `${section}.${name}`;
      const setting = allSettings().get(path);
      if (setting === undefined) this.#refuse(path, unknownSettingFault(path), key, "CONFIG_UNKNOWN_KEY");
      else this.#take(setting, value);
    });
  }

  #take(setting: Setting, node: Node): void {
    this.#given.push({ setting, value: this.#parser.getNodeValue(node), origin: this.#place(node.offset) });
  }

  #eachMember(node: Node, path: string, visit: (name: string, key: Node, value: Node) => void): void {
    if (node.type !== "object") return this.#refuse(path, `got ${JSON_WORDS[node.type]}, wanted an object`, node);
    const seen = new Set<string>();
    for (const { children: [key, value] = [] } of node.children ?? []) {
      if (this.#problems.isFull) return;
      if (key === undefined || value === undefined) continue;
      const name = String(key.value);
      if (seen.has(name)) {
        const twice = path === "" ? name : `${path}.${name}`;
        this.#refuse(twice, "got this key a second time, wanted it once", key);
      } else {
        seen.add(name);
        visit(name, key, value);
      }
    }
  }

  #refuse(path: string, fault: string, node: Node, code: "CONFIG_INVALID" | "CONFIG_UNKNOWN_KEY" = "CONFIG_INVALID") {
    this.#problems.add({ code, path, fault, origin: this.#place(node.offset) });
  }
}

/** Turns offsets into lines and columns, by a table made once. */
export function placesOf(text: string, path: string): Place {
  const lineStarts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lineStarts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return originAt(path, { line: low + 1, column: offset - (lineStarts[low] ?? 0) + 1 });
  };
}

function originAt(path: string, at: { readonly line: number; readonly column: number }): Origin {
  return { kind: "file", path, ...at };
}

const JSON_WORDS: Readonly<Record<Node["type"], string>> = {
  object: "an object",
  array: "a list",
  property: "a key",
  string: "text",
  number: "a number",
  boolean: "true or false",
  null: "null",
};

/** The parser's error codes in words. None quotes the file. */
const SYNTAX_WORDS: Readonly<Record<string, string>> = {
  InvalidSymbol: "a word that JSON does not know (text stands in double quotes)",
  InvalidNumberFormat: "a number in a form that JSON does not know",
  PropertyNameExpected: "wanted a key in double quotes",
  ValueExpected: "wanted a value",
  ColonExpected: "wanted a colon after the key",
  CommaExpected: "wanted a comma",
  CloseBraceExpected: "wanted a closing brace",
  CloseBracketExpected: "wanted a closing bracket",
  EndOfFileExpected: "wanted the end of the file",
  UnexpectedEndOfComment: "a comment that does not end",
  UnexpectedEndOfString: "a text that does not end on its line",
  UnexpectedEndOfNumber: "a number that breaks off",
  InvalidUnicode: "a Unicode escape that is not four hexadecimal digits",
  InvalidEscapeCharacter: "an escape that JSON does not know",
  InvalidCharacter: "a control character inside a text",
};
