/** Hunts: a vector that tells other implementers something that the specification does not say. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../e2e/barnacle.ts";
import { INTEROP, NODE } from "./script.ts";

interface Checked {
  readonly file: string;
  readonly vectors: number;
  readonly otherwise: readonly string[];
}

const checked = execFileSync(NODE, [join(INTEROP, "vectors", "check.mjs"), join(ROOT, "docs", "vectors")], {
  encoding: "utf8",
})
  .trim().split("\n").map((line) => JSON.parse(line) as Checked);

describe("the second implementation agrees with", () => {
  for (const { file, vectors, otherwise } of checked) {
    test(`docs/vectors/${file}.json in each of its vectors`, () => {
      expect(vectors).toBeGreaterThan(0);
      expect(otherwise).toEqual([]);
    });
  }
});
