/** Hunts: a rate that counts the start or the end of a run, a slice that hides a pause, a file that is not there yet. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rateOf, sizeOf, sliceRates, steadyMiddle, watchGrowth } from "./mail-growth.ts";

/** Slow for a second, then 1,000 bytes a second. */
const SAMPLES = [
  { atMs: 0, bytes: 0 },
  { atMs: 1_000, bytes: 100 },
  { atMs: 2_000, bytes: 1_100 },
  { atMs: 3_000, bytes: 2_100 },
  { atMs: 4_000, bytes: 3_100 },
];

test("steadyMiddle leaves out what lies before and behind the shares", () => {
  expect(steadyMiddle(SAMPLES, 0.03, 0.9).map(({ bytes }) => bytes)).toEqual([100, 1_100, 2_100]);
});

test("rateOf is that from the first sample to the last", () => {
  expect(rateOf(SAMPLES.slice(1))).toBe(1_000);
  expect(rateOf(SAMPLES)).toBe(775);
});

test("rateOf is no number with less than two samples", () => {
  expect(rateOf([])).toBeNaN();
  expect(rateOf(SAMPLES.slice(0, 1))).toBeNaN();
});

test("sliceRates gives one rate for each stretch that is long enough", () => {
  expect(sliceRates(SAMPLES, 1_000)).toEqual([100, 1_000, 1_000, 1_000]);
  expect(sliceRates(SAMPLES, 1_500)).toEqual([550, 1_000]);
});

test("watchGrowth ends when the file has grown, and when it stands still", async () => {
  const folder = mkdtempSync(join(tmpdir(), "barnacle-growth-"));
  const file = join(folder, "file");
  expect(sizeOf(file)).toBe(0);
  const missing = await watchGrowth(file, { bytes: 10, timeoutMs: 20, stallMs: 5 });
  expect(missing.samples.map(({ bytes }) => bytes)).toEqual([0]);
  writeFileSync(file, "x".repeat(5));
  const still = await watchGrowth(file, { bytes: 10, timeoutMs: 60_000, stallMs: 5 });
  expect(still.samples.at(-1)?.bytes).toBe(5);
  writeFileSync(file, "x".repeat(10));
  const grown = await watchGrowth(file, { bytes: 10, timeoutMs: 60_000, stallMs: 60_000 });
  expect(grown.samples.at(-1)?.bytes).toBe(10);
  rmSync(folder, { recursive: true });
});
