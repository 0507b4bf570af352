/** Hunts: a row counted twice or not at all, which would make the log grow without end or be rewritten for nothing. */
import { describe, expect, test } from "vitest";
import { Entries } from "../../../src/hub/entries.ts";

describe("Entries", () => {
  test("knows each row's last entry and how many rows have one", () => {
    const entries = new Entries();
    entries.beginAt(5);
    for (const row of [1, 3, 0, 1]) entries.append(row);
    expect([entries.first, entries.next, entries.count, entries.liveCount]).toEqual([5, 9, 4, 2]);
    expect([5, 6, 7, 8].map((entry) => entries.liveRowOf(entry))).toEqual([0, 3, 0, 1]);
  });

  test("counts a freed row once, also one that was never written", () => {
    const entries = new Entries();
    for (const row of [1, 2]) entries.append(row);
    for (const row of [2, 2, 7]) entries.clear(row);
    expect([entries.liveCount, entries.liveRowOf(1), entries.liveRowOf(2)]).toEqual([1, 1, 0]);
    entries.append(2);
    expect([entries.liveCount, entries.liveRowOf(3)]).toEqual([2, 2]);
  });
});
