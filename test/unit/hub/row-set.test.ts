/** Hunts: a changed row that is written twice or never. */
import { describe, expect, test } from "vitest";
import { RowSet } from "../../../src/hub/row-set.ts";

describe("RowSet", () => {
  test("has each row once, in the order of the first time, whatever its number", () => {
    const set = new RowSet();
    for (const row of [3, 1_000, 3, 1, 70_000, 1_000, 256, 255]) set.add(row);
    expect([set.rows, set.size]).toEqual([[3, 1_000, 1, 70_000, 256, 255], 6]);
    expect([1, 2, 256, 70_000, 1_000_000].map((row) => set.has(row))).toEqual([true, false, true, true, false]);
  });

  test("is empty when it is made like another", () => {
    const set = new RowSet();
    for (const row of [3, 70_000]) set.add(row);
    const other = new RowSet(set);
    expect([other.size, other.has(3), other.has(70_000)]).toEqual([0, false, false]);
    other.add(70_000);
    expect(other.rows).toEqual([70_000]);
  });
});
