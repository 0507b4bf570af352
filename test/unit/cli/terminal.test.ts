/** Hunts: a stranger's text that drives the terminal of whoever looks at it; colours where they were not wanted. */
import { describe, expect, test } from "vitest";
import { escapeText, fitText, paint, safeJson, textWidth, wantsColour } from "../../../src/cli/terminal.ts";

describe("escapeText", () => {
  const HOSTILE: readonly (readonly [string, string])[] = [
    ["\x1b[2J", "\\u{1b}[2J"],
    ["\x9b31m", "\\u{9b}31m"],
    ["a\r\nb\tc", "a\\u{d}\\u{a}b\\u{9}c"],
    ["evil\u202egnp.exe", "evil\\u{202e}gnp.exe"],
    ["a\u200bb\ufeff", "a\\u{200b}b\\u{feff}"],
    ["\u2028\u2029", "\\u{2028}\\u{2029}"],
    ["\ud800", "\\u{d800}"],
    ["\u{e0041}", "\\u{e0041}"],
  ];
  for (const [text, shown] of HOSTILE) {
    test(`shows ${JSON.stringify(shown)} in place of what would drive a terminal`, () =>
      expect(escapeText(text)).toBe(shown));
  }

  test("leaves ordinary text of any script alone", () => {
    expect(escapeText("Grüße 世界 🦀")).toBe("Grüße 世界 🦀");
  });
});

describe("safeJson", () => {
  test("gives the same value with nothing in it that drives a terminal", () => {
    const value = { name: "\x1b]0;x\x07\x9b\u202e\u{e0041}", list: ["\r\n"] };
    const text = safeJson(value);
    expect(JSON.parse(text)).toEqual(value);
    expect(/[\p{Cc}\p{Cf}]/u.test(text.replaceAll("\n", ""))).toBe(false);
  });
});

describe("textWidth", () => {
  test("counts columns, not characters", () => {
    expect([textWidth("abc"), textWidth("世界"), textWidth("e\u0301"), textWidth("🦀")]).toEqual([3, 4, 1, 2]);
  });
});

describe("fitText", () => {
  test("keeps what fits and marks what was cut", () => {
    expect([fitText("abc", 3), fitText("abcd", 3), fitText("世界世", 4), fitText("abc", 0)]).toEqual([
      "abc",
      "ab…",
      "世…",
      "",
    ]);
  });
});

describe("wantsColour", () => {
  const terminal = { write: () => {}, isTerminal: true, columns: 80 };

  test("says yes on a terminal only, and not under NO_COLOR or TERM=dumb", () => {
    expect(wantsColour(terminal, {})).toBe(true);
    expect(wantsColour(terminal, { NO_COLOR: "" })).toBe(true);
    expect(wantsColour(terminal, { NO_COLOR: "1" })).toBe(false);
    expect(wantsColour(terminal, { TERM: "dumb" })).toBe(false);
    expect(wantsColour({ ...terminal, isTerminal: false }, {})).toBe(false);
  });
});

describe("paint", () => {
  test("adds nothing without colours", () => {
    expect(paint("x", "bad", false)).toBe("x");
    expect(paint("x", "bad", true)).toBe("\x1b[31mx\x1b[39m");
  });
});
