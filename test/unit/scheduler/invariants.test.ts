/**
 * Hunts whatever breaks an invariant of the loop in a combination that nobody thought of. The seed in a failing test's
 * name replays it.
 */
import { describe, expect, test } from "vitest";
import { Scenario } from "./scenario.ts";

describe("The loop's invariants hold for random tasks", () => {
  test.each(Array.from({ length: 20 }, (_, index) => 1_000 + index))("with seed %i", async (seed) => {
    const scenario = new Scenario(seed);
    await scenario.play(150);
    await scenario.stop(5_000);
    expect(scenario.broken).toEqual([]);
    expect(scenario.actors.some((actor) => actor.starts > 0)).toBe(true);
  });
});
