/**
 * The worlds with relays that every test run goes through, in parts that run side by side.
 *
 * @module
 */
import { describe, expect, test } from "vitest";
import { runRelayFleet } from "./scenario.ts";

/** All parts together. */
const SEEDS = 60;
const SEEDS_PER_TEST = 5;
const TIMEOUT_MS = 120_000;

/** Defines the tests of one part, counted from 1. */
export function huntRelays({ part, parts }: { readonly part: number; readonly parts: number }): void {
  const count = SEEDS / parts;
  const first = 1 + (part - 1) * count;
  describe("a fleet found at relays keeps every promise under the faults and lies of its seed, and is whole again after them:", () => {
    for (let from = first; from < first + count; from += SEEDS_PER_TEST) {
      const to = from + SEEDS_PER_TEST - 1;
      test(`seeds ${from} to ${to}`, { timeout: TIMEOUT_MS }, async () => {
        for (let seed = from; seed <= to; seed++) {
          const { fleet } = await runRelayFleet({ seed });
          expect({ seed, violations: fleet.record.violations }).toEqual({ seed, violations: [] });
        }
      });
    }
  });
}
