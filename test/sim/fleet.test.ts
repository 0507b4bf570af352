/**
 * Hunts: whatever a fleet of real agents and a real hub does wrong under faults; and a checker that would not notice.
 *
 * `npm run sim -- --seeds N` runs as many worlds as there is time for.
 */
import { describe, expect, test } from "vitest";
import { runFleet } from "./fleet/mod.ts";
import { BROKEN_BUILDS } from "./fleet/sabotage.ts";

/** Short worlds, so that they fit into every test run. */
const SHORT = { troubleMs: 3 * 60_000, crowdCount: 0 };
const SEEDS = Array.from({ length: 10 }, (_none, index) => index + 1);
/** A quiet world in which only the broken build is wrong, as far as the table does not ask for trouble. */
const CANARY = { ...SHORT, agentCount: 2, intervalSeconds: 30, signsRequests: false, troubles: ["report"] } as const;
const CANARY_SEED = 1;
const timeout = { timeout: 60_000 };

describe("a fleet of agents and a hub", () => {
  for (const seed of SEEDS) {
    test(`keeps every promise under the faults of seed ${seed}, and is whole again after them`, timeout, async () => {
      const { fleet } = await runFleet({ seed, options: SHORT });
      expect(fleet.record.violations).toEqual([]);
    });
  }

  test("lives the same life again from the same seed", timeout, async () => {
    const [first, second] = [await runFleet({ seed: 3, options: SHORT }), await runFleet({ seed: 3, options: SHORT })];
    expect(second.fleet.world.trace.lines).toEqual(first.fleet.world.trace.lines);
    expect(second.traceHash).toBe(first.traceHash);
  });
});

describe("the checkers", () => {
  for (const { what, caughtBy, sabotage, options } of BROKEN_BUILDS) {
    test(`${caughtBy} notices ${what}`, timeout, async () => {
      const { fleet } = await runFleet({ seed: CANARY_SEED, sabotage, options: { ...CANARY, ...options } });
      expect(fleet.record.violations.map(({ checker }) => checker)).toContain(caughtBy);
    });
  }
});
