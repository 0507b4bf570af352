/** Hunts: a page that lacks one of the last heard, or is out of order. */
import { describe, expect, test } from "vitest";
import { Newest } from "../../../src/hub/newest.ts";
import { SeededRandom } from "../../sim/random.ts";

describe("Newest", () => {
  test("keeps the last heard of any number, the last first, and need not be offered what is below its least", () => {
    const random = new SeededRandom(5);
    for (let round = 0; round < 200; round++) {
      const rows = Array.from({ length: random.integer(0, 60) }, (_, index) => ({
        row: index + 1,
        sequence: random.integer(1, 1_000_000_000),
      }));
      const limit = random.integer(1, 20);
      const newest = new Newest(limit);
      for (const { row, sequence } of rows) if (sequence > newest.least) newest.offer(row, sequence);
      const sorted = [...rows].sort((left, right) => right.sequence - left.sequence);
      expect(newest.list()).toEqual(sorted.slice(0, limit).map(({ row }) => row));
      expect(newest.least).toBe(rows.length < limit ? -Infinity : sorted[limit - 1]?.sequence);
    }
  });
});
