/** Hunts: a configuration that OpenClaw reads and we do not, one that we read as something else, and text that ends our process. */
import { describe, expect, test } from "vitest";
import { parseJson5 } from "../../../src/openclaw/mod.ts";

/** Objects without prototypes compare as unequal in some runners. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe("parseJson5 reads", () => {
  test("the example of the specification", () => {
    const text = `{
      // comments
      unquoted: 'and you can quote me on that',
      singleQuotes: 'I can use "double quotes" here',
      lineBreaks: "Look, Mom! \\
No \\\\n's!",
      hexadecimal: 0xdecaf,
      leadingDecimalPoint: .8675309, andTrailing: 8675309.,
      positiveSign: +1,
      trailingComma: 'in objects', andIn: ['arrays',],
      "backwardsCompatible": "with JSON",
    }`;
    expect(plain(parseJson5(text))).toEqual({
      unquoted: "and you can quote me on that",
      singleQuotes: 'I can use "double quotes" here',
      lineBreaks: "Look, Mom! No \\n's!",
      hexadecimal: 0xdecaf,
      leadingDecimalPoint: 0.8675309,
      andTrailing: 8675309,
      positiveSign: 1,
      trailingComma: "in objects",
      andIn: ["arrays"],
      backwardsCompatible: "with JSON",
    });
  });

  test.each([
    ["-0x10", -16],
    ["1e3", 1000],
    ["-.5E-1", -0.05],
    ["Infinity", Infinity],
    ["-Infinity", -Infinity],
    ["/* a */ null // b", null],
    ["\uFEFF true", true],
    ["'\\x41\\u0042\\0\\v\\q\\''", "AB\0\vq'"],
    ["'one\\\r\ntwo'", "onetwo"],
    ["''", ""],
    ["[]", []],
  ])("%j", (text, value) => expect(parseJson5(text)).toEqual(value));

  test("NaN, and keys of any letters", () => {
    expect(Number.isNaN(parseJson5("+NaN"))).toBe(true);
    expect(plain(parseJson5("{ größe: 1, $a_: 2, \\u0061b: 3, if: 4 }"))).toEqual({ größe: 1, $a_: 2, ab: 3, if: 4 });
  });

  test("every JSON text as JSON.parse does", () => {
    const value = { a: [1, -2.5e10, '"\\/\b\f\n\r\t\u2028\u{1F600}', null, true, { "": {} }], b: "x".repeat(10_000) };
    for (const indent of [undefined, 2]) {
      expect(plain(parseJson5(JSON.stringify(value, undefined, indent)))).toEqual(value);
    }
  });

  test("__proto__ as a key like any other", () => {
    const value = parseJson5('{ "__proto__": { polluted: true }, constructor: 1 }') as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(["__proto__", "constructor"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("a megabyte of blanks and of one text", () => {
    expect(parseJson5(`${" ".repeat(1_000_000)}1`)).toBe(1);
    expect(parseJson5(`'${"a".repeat(1_000_000)}'`)).toHaveLength(1_000_000);
  });
});

describe("parseJson5 refuses with the place, and without the text", () => {
  test.each([
    ["", "line 1, column 1"],
    ["{", "line 1, column 2"],
    ["{ secretive: }", "line 1, column 14"],
    ["{\n  a: 1\n  b: 2 }", "line 3, column 3"],
    ["[1 2]", "line 1, column 4"],
    ["'open", "line 1, column 6"],
    ["'line\nbreak'", "line 1, column 6"],
    ["/* open", "line 1, column 1"],
    ["{} {}", "line 1, column 4"],
    ["01", "line 1, column 1"],
    ["'\\07'", "line 1, column 4"],
    ["'\\u12g4'", "line 1, column 4"],
    ["truely", "line 1, column 1"],
    ["[,]", "line 1, column 2"],
    ["{,}", "line 1, column 2"],
    ["undefined", "line 1, column 1"],
  ])("%j", (text, place) => {
    expect(() => parseJson5(text)).toThrow(place);
    expect(() => parseJson5(text)).not.toThrow("secretive");
  });

  test("nesting without end", () => {
    expect(() => parseJson5("[".repeat(100_000))).toThrow("levels");
  });
});
