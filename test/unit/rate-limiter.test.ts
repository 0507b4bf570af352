/**
 * Hunts: a bucket that lets more through than it should, one key that pays for another, keys that pile up without
 * bound.
 */
import { describe, expect, test } from "vitest";
import { RateLimiter } from "../../src/rate-limiter.ts";
import { SimClock } from "../sim/clock.ts";
import { SeededRandom } from "../sim/random.ts";

const INIT = { perSecond: 10, burst: 5, keysMax: 100 };

describe("RateLimiter", () => {
  test("grants the burst, then says when the next token is there, and grants it then", async () => {
    const clock = new SimClock();
    const limiter = new RateLimiter({ clock }, INIT);
    expect(Array.from({ length: 6 }, () => limiter.take("a"))).toEqual([0, 0, 0, 0, 0, 100]);
    await clock.advance(99);
    expect(limiter.take("a")).toBe(1);
    await clock.advance(1);
    expect([limiter.take("a"), limiter.take("a"), limiter.take("b")]).toEqual([0, 100, 0]);
  });

  test("takes back no more than the burst", async () => {
    const clock = new SimClock();
    const limiter = new RateLimiter({ clock }, INIT);
    const granted = () => Array.from({ length: 8 }, () => limiter.take("a")).filter((waitMs) => waitMs === 0).length;
    expect(granted()).toBe(5);
    await clock.advance(250);
    limiter.giveBack("a");
    expect(granted()).toBe(3);
    for (let index = 0; index < 9; index++) limiter.giveBack("a");
    expect(granted()).toBe(5);
    limiter.giveBack("never seen");
    expect(limiter.size).toBe(1);
  });

  test("grants no more than burst and rate over any stretch of time", async () => {
    const clock = new SimClock();
    const random = new SeededRandom(3);
    const limiter = new RateLimiter({ clock }, INIT);
    let granted = 0;
    for (let step = 0; step < 2_000; step++) {
      await Promise.resolve();
      if (limiter.take("a") === 0) granted++;
      if (random.chance(0.2)) await clock.advance(random.integer(0, 50));
    }
    expect(granted).toBeLessThanOrEqual(INIT.burst + clock.monotonicMs() / 1000 * INIT.perSecond + 1);
    expect(granted).toBeGreaterThan(clock.monotonicMs() / 1000 * INIT.perSecond * 0.95);
  });

  test("remembers no more keys than it may, and forgets full buckets first", async () => {
    const clock = new SimClock();
    const limiter = new RateLimiter({ clock }, { ...INIT, keysMax: 3 });
    for (let taken = 0; taken < 5; taken++) limiter.take("empty");
    limiter.take("idle");
    await clock.advance(150);
    for (let index = 0; index < 2; index++) limiter.take(`new${index}`);
    expect(limiter.size).toBe(3);
    expect([limiter.take("empty"), limiter.take("empty")]).toEqual([0, 50]);
    for (let index = 0; index < 1_000; index++) limiter.take(`flood${index}`);
    expect(limiter.size).toBeLessThanOrEqual(3);
  });

  test("refuses an init out of range, with the value", () => {
    const clock = new SimClock();
    for (const wrong of [{ perSecond: 0 }, { burst: 0.5 }, { keysMax: 0 }, { perSecond: NaN }]) {
      expect(() => new RateLimiter({ clock }, { ...INIT, ...wrong })).toThrow(RangeError);
    }
  });
});
