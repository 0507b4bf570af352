/** Hunts: a message that leaves its frame, drives the terminal, or is taken for our own words. */
import { describe, expect, test } from "vitest";
import { frameText } from "../../../src/cli/mail/frame.ts";
import { SeededRandom } from "../../sim/random.ts";

const plain = { widthMax: undefined, colour: false };
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;

/** Lines as any terminal might see them. */
const linesOf = (text: string) => text.split(/[\n\r\u0085\u2028\u2029\v\f]/);

describe("frameText", () => {
  test("puts a bar before every line, whatever ends it", () => {
    expect(frameText("a\nb\r\nc\rd", plain)).toBe("│ a\n│ b\n│ c\n│ d\n");
    expect(frameText("", plain)).toBe("│ \n");
    expect(frameText("a\n\n", plain)).toBe("│ a\n│ \n│ \n");
  });

  test("escapes what could move the terminal, end a line or turn it round", () => {
    expect(frameText("\x1b[2J\x07\u202eb\u2028c\u0085d\u200be", plain)).toBe(
      "│ \\u{1b}[2J\\u{7}\\u{202e}b\\u{2028}c\\u{85}d\\u{200b}e\n",
    );
  });

  test("keeps tabs as spaces, and stacks no marks over other lines", () => {
    expect(frameText("\tx", plain)).toBe("│     x\n");
    const stacked = frameText(`a${"\u0301".repeat(50)}`, plain);
    expect(stacked.match(/\u0301/g)).toHaveLength(4);
  });

  test("breaks lines itself on a terminal, so that none goes on without its bar", () => {
    expect(frameText("one two three four", { widthMax: 12, colour: false })).toBe("│ one two \n│ three four\n");
    const padded = frameText(`${" ".repeat(80)}#1 from alice`, { widthMax: 80, colour: false });
    expect(padded.split("\n").slice(0, -1).every((line) => line.startsWith("│ "))).toBe(true);
  });

  test("leaves lines whole where there is no terminal", () => {
    expect(frameText("x".repeat(500), plain)).toBe(`│ ${"x".repeat(500)}\n`);
  });

  test("holds any text, on any width", () => {
    const random = new SeededRandom(11);
    const nasty = [
      "\x1b",
      "\n",
      "\r",
      "\u2028",
      "\u202e",
      "│",
      "\t",
      "\u0301",
      "\u{1f980}",
      "\u4e2d",
      "\ud800",
      "\x9b",
      " ",
    ];
    for (let round = 0; round < 1_500; round++) {
      let text = "";
      const length = random.integer(0, 60);
      for (let index = 0; index < length; index++) {
        const isNasty = random.integer(0, 1) === 0;
        text += isNasty ? nasty[random.integer(0, nasty.length - 1)] : String.fromCharCode(random.integer(1, 0xffff));
      }
      const widthMax = random.integer(0, 2) === 0 ? undefined : random.integer(10, 40);
      const framed = frameText(text, { widthMax, colour: false });
      expect(framed.endsWith("\n")).toBe(true);
      const lines = linesOf(framed.slice(0, -1));
      expect(lines.every((line) => line.startsWith("│ ") && !UNSAFE.test(line))).toBe(true);
      // In the widest reading, in which every character beyond ASCII takes two columns.
      const widest = Math.max(
        ...lines.map((line) => [...line.slice(2)].reduce((sum, each) => sum + (each < "\x7f" ? 1 : 2), 2)),
      );
      if (widthMax !== undefined) expect(widest).toBeLessThanOrEqual(widthMax);
    }
  });
});
