/** Hunts: timers that fire early, never or after they were cancelled; clocks in the wrong unit. */
import assert from "node:assert/strict";
import type { ContractCase } from "./case.ts";
import { pass } from "./helpers.ts";

/** 2020 and 2100: any clock of a test host is between. */
const WALL_MS_MIN = 1_577_836_800_000;
const WALL_MS_MAX = 4_102_444_800_000;

const cases: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "nextTurn calls back once, later and in order",
    async run({ runtime: { clock } }) {
      const fired: string[] = [];
      clock.nextTurn(() => fired.push("first"));
      clock.nextTurn(() => fired.push("second"));
      assert.equal(fired.length, 0, "never from within nextTurn");
      await Promise.resolve();
      assert.equal(fired.length, 0, "nor before the turn is over");
      await pass(clock, 20);
      assert.deepEqual(fired, ["first", "second"]);
    },
  },
  {
    name: "setTimer fires once, not before its delay, in order of due time",
    async run({ runtime: { clock } }) {
      const fired: string[] = [];
      const startMs = clock.monotonicMs();
      let tookMs = 0;
      clock.setTimer(60, () => fired.push("late"));
      clock.setTimer(20, () => {
        fired.push("early");
        tookMs = clock.monotonicMs() - startMs;
      });
      clock.setTimer(0, () => fired.push("now"));
      assert.deepEqual(fired, [], "never from within setTimer");
      await pass(clock, 120);
      assert.deepEqual(fired, ["now", "early", "late"]);
      // Timers of the platforms count whole milliseconds.
      assert.ok(tookMs >= 19, `fired after ${tookMs} ms`);
    },
  },
  {
    name: "cancel keeps a timer from firing and does nothing twice or afterwards",
    async run({ runtime: { clock } }) {
      let fired = 0;
      const timer = clock.setTimer(10, () => fired++);
      timer.cancel();
      timer.cancel();
      const done = clock.setTimer(0, () => fired++);
      await pass(clock, 40);
      done.cancel();
      assert.equal(fired, 1);
    },
  },
  {
    name: "a delay beyond 2^31-1 does not fire at once",
    async run({ runtime: { clock } }) {
      let fired = false;
      const timer = clock.setTimer(2 ** 40, () => fired = true);
      await pass(clock, 30);
      timer.cancel();
      assert.equal(fired, false);
    },
  },
  {
    name: "a negative delay fires as soon as it may",
    run: ({ runtime: { clock } }) => pass(clock, -5),
  },
  {
    name: "wallMs is Unix time in milliseconds and monotonicMs goes forward",
    async run({ runtime: { clock } }) {
      const wallMs = clock.wallMs();
      assert.ok(wallMs > WALL_MS_MIN && wallMs < WALL_MS_MAX, `${wallMs}`);
      const beforeMs = clock.monotonicMs();
      await pass(clock, 25);
      const passedMs = clock.monotonicMs() - beforeMs;
      assert.ok(passedMs >= 24 && passedMs < 5_000, `${passedMs} ms passed`);
    },
  },
];

export const TIMERS_CASES: readonly ContractCase[] = cases.map((one) => ({ capability: "timers", ...one }));
