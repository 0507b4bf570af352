/** Hunts: an agent that stands still because its own thread waits for a slow disk again and again. */
import { expect, test } from "vitest";
import { SyncPace } from "../../../src/runtime/shared/sync-pace.ts";

function after(...durationsMs: readonly number[]): boolean {
  const pace = new SyncPace();
  for (const durationMs of durationsMs) pace.note(durationMs);
  return pace.isQuick;
}

function times(count: number, durationMs: number): number[] {
  return Array.from({ length: count }, () => durationMs);
}

test("SyncPace trusts a disk after many quick syncs, and not before", () => {
  expect(after()).toBe(false);
  expect(after(...times(8, 0.2))).toBe(false);
  expect(after(...times(16, 0.2))).toBe(true);
});

test("SyncPace trusts a disk on after a sync of some milliseconds, but not after a stall or many slow ones", () => {
  const trusted = times(64, 0.2);
  expect(after(...trusted, 5)).toBe(true);
  expect(after(...trusted, 20)).toBe(false);
  expect(after(...trusted, ...times(16, 3))).toBe(false);
});

test("SyncPace trusts a disk again after a stall once many syncs were quick", () => {
  expect(after(...times(64, 0.2), 20, ...times(4, 0.2))).toBe(false);
  expect(after(...times(64, 0.2), 20, ...times(16, 0.2))).toBe(true);
});
