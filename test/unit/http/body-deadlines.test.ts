/** Hunts: a deadline that never fires or fires twice, a timer for each request, a queue that grows. */
import { describe, expect, test } from "vitest";
import { BodyDeadlines } from "../../../src/http/body-deadlines.ts";
import { SimClock } from "../../sim/clock.ts";
import { SeededRandom } from "../../sim/random.ts";

describe("BodyDeadlines", () => {
  test("fires each that was not ended exactly at its time, with one timer for all", async () => {
    const clock = new SimClock();
    const random = new SeededRandom(5);
    const deadlines = new BodyDeadlines(clock, 1_000);
    const expected: (readonly [number, number])[] = [];
    const fired: (readonly [number, number])[] = [];
    for (let index = 0; index < 200; index++) {
      const deadline = deadlines.begin(() => fired.push([index, clock.monotonicMs()]));
      const dueMs = clock.monotonicMs() + 1_000;
      if (random.chance(0.7)) deadlines.end(deadline);
      else expected.push([index, dueMs]);
      expect(clock.pendingCount).toBe(1);
      await clock.advance(random.integer(0, 30));
    }
    await clock.advance(2_000);
    expect(fired).toEqual(expected);
    expect(clock.pendingCount).toBe(0);
  });

  test("end does nothing the second time, nor after the deadline fired", async () => {
    const clock = new SimClock();
    const deadlines = new BodyDeadlines(clock, 10);
    let fired = 0;
    const first = deadlines.begin(() => fired++);
    const second = deadlines.begin(() => fired++);
    deadlines.end(first);
    deadlines.end(first);
    await clock.advance(10);
    deadlines.end(second);
    const third = deadlines.begin(() => fired++);
    deadlines.end(second);
    await clock.advance(10);
    deadlines.end(third);
    expect(fired).toBe(2);
  });
});
