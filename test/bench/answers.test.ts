/** Hunts: a bench that counts answers that never came in full, or misses some, when they arrive in odd pieces. */
import { describe, expect, test } from "vitest";
import { AnswerCounter } from "./answers.ts";
import { median, percentile, ratios } from "./figures.ts";

const first = "HTTP/1.1 202 Accepted\r\ncontent-type: text/plain\r\nContent-Length: 5\r\n\r\na\r\n\r\n";
const second = "HTTP/1.1 429 Too Many Requests\r\ncontent-length:0\r\n\r\n";
const third = "HTTP/1.1 202 Accepted\r\nCONTENT-LENGTH: 2\r\nx: y\r\n\r\nok";

describe("AnswerCounter.take", () => {
  for (const size of [1, 2, 7, 64, 1_000]) {
    test(`counts each answer once when the bytes come ${size} at a time`, () => {
      const counter = new AnswerCounter();
      const bytes = Buffer.from(first + second + third, "latin1");
      let complete = 0;
      for (let from = 0; from < bytes.length; from += size) complete += counter.take(bytes.subarray(from, from + size));
      expect(complete).toBe(3);
      expect([...counter.statuses]).toEqual([[202, 2], [429, 1]]);
    });
  }

  test("does not count an answer whose last byte is missing", () => {
    expect(new AnswerCounter().take(Buffer.from(first.slice(0, -1)))).toBe(0);
  });

  test("refuses an answer without a length", () => {
    expect(() => new AnswerCounter().take(Buffer.from("HTTP/1.1 200 OK\r\nx: y\r\n\r\n"))).toThrow("Content-Length");
  });
});

describe("figures", () => {
  test("median of an even number is the mean of the two in the middle", () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([5, 1, 3])).toBe(3);
  });

  test("percentile 99 of a hundred leaves one above", () => {
    expect(percentile(Array.from({ length: 100 }, (_, index) => index + 1), 99)).toBe(99);
    expect(percentile([7], 99)).toBe(7);
  });

  test("ratios pair the values of the same place", () => expect(ratios([2, 9], [1, 3])).toEqual([2, 3]));
});
