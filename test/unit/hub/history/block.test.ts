/** Hunts: cells that come back changed, a damaged block taken for a whole one, a block that grows where nothing changes. */
import { describe, expect, test } from "vitest";
import { decodeBlock, encodeBlock } from "../../../../src/hub/history/block.ts";
import { SeededRandom } from "../../../sim/random.ts";

const ROWS = 60;
const COLUMNS = 10;

function cellsOf(cellAt: (row: number, column: number) => number): Uint32Array {
  return Uint32Array.from({ length: ROWS * COLUMNS }, (_, at) => cellAt(Math.floor(at / COLUMNS), at % COLUMNS));
}

describe("a block", () => {
  test("gives back every cell, the least and the greatest among them", () => {
    const random = new SeededRandom(20261121);
    const kinds = [
      () => 0,
      () => 0xffff_ffff,
      () => Math.floor(random.unit() * 0x1_0000_0000),
      () => Math.floor(random.unit() * 3),
    ];
    for (let round = 0; round < 200; round++) {
      const cells = cellsOf(() => (kinds[Math.floor(random.unit() * kinds.length)] ?? kinds[0])?.() ?? 0);
      expect(decodeBlock(encodeBlock(cells, COLUMNS), ROWS, COLUMNS)).toEqual(cells);
    }
  });

  test("takes two bytes for a column that does not change from 0, whatever its length", () => {
    expect(encodeBlock(cellsOf(() => 0), COLUMNS).length).toBe(1 + 2 * COLUMNS);
  });

  test("takes about a byte for a figure that changes a little", () => {
    const cells = cellsOf((row, column) => column === 5 ? 300 + row % 2 * 20 : 0);
    expect(encodeBlock(cells, COLUMNS).length).toBeLessThan(1 + 2 * COLUMNS + ROWS + 2);
  });

  test("has 0 in the columns that an older version did not write", () => {
    const old = encodeBlock(Uint32Array.from([1, 2, 3, 4]), 2);
    expect([...decodeBlock(old, 2, 3)]).toEqual([1, 2, 0, 3, 4, 0]);
  });

  test.each([
    ["cut off", (bytes: Uint8Array) => bytes.slice(0, -1)],
    ["empty", () => new Uint8Array()],
    ["of a run past its end", () => Uint8Array.from([1, 0, 200, 1])],
    ["of a number without an end", () => new Uint8Array(40).fill(0xff)],
  ])("is refused when it is %s", (_, damage) => {
    const bytes = damage(encodeBlock(cellsOf((row) => row), COLUMNS));
    expect(() => decodeBlock(bytes, ROWS, COLUMNS)).toThrow(expect.objectContaining({ code: "DATABASE_ERROR" }));
  });
});
