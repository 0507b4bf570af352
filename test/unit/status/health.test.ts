/** Hunts: a rule that fires too early, too late or without saying so, and a status that flaps. Rows of the contract's "Mapping". */
import { describe, expect, test } from "vitest";
import { type HealthFacts, HealthModel } from "../../../src/status/health.ts";
import { SeededRandom } from "../../sim/random.ts";
import { HEALTH } from "./support.ts";

const QUIET: HealthFacts = {
  nowMs: 0,
  outcomes: { succeeded: 0, failed: 0 },
  queueLength: 0,
  concurrentTasks: 4,
  silent: [],
  failingParts: [],
};

/** Shows the model one set of facts over time, a second apart. */
function makeWatch() {
  const model = new HealthModel(HEALTH);
  let nowMs = 0;
  return {
    /** @returns the verdict after `seconds` of these facts */
    after(seconds: number, facts: Partial<HealthFacts> = {}) {
      for (let second = 0; second < seconds; second++) model.observe({ ...QUIET, ...facts, nowMs: nowMs += 1_000 });
      return model.observe({ ...QUIET, ...facts, nowMs });
    },
  };
}

const outcomes = (failed: number, succeeded: number) => ({ outcomes: { failed, succeeded } });

describe("error_rate", () => {
  test.each([
    [5, 0, "degraded"],
    [2, 8, "healthy"],
    [2.01, 7.99, "degraded"],
    [4, 0, "healthy"],
    [0, 0, "healthy"],
    [1, 1_000, "healthy"],
  ])("with %d failed and %d succeeded the service is %s", (failed, succeeded, status) => {
    expect(makeWatch().after(0, outcomes(failed, succeeded)).status).toBe(status);
  });

  test("says which rule fired, and why", () => {
    const { rules } = makeWatch().after(0, outcomes(6, 4));
    const reason = "6 of 10 tasks failed within 300 s, more than 20 %";
    expect(rules).toEqual([{ rule: "error_rate", reason, message: reason, recovering: false }]);
  });

  test("is left only after a whole recovery time at half the threshold", () => {
    const watch = makeWatch();
    watch.after(0, outcomes(6, 4));
    expect(watch.after(3_600, outcomes(15, 85)).status).toBe("degraded");
    expect(watch.after(119, outcomes(10, 90)).status).toBe("degraded");
    expect(watch.after(1, outcomes(15, 85)).status).toBe("degraded");
    expect(watch.after(120, outcomes(10, 90)).rules[0]?.recovering).toBe(true);
    expect(watch.after(1, outcomes(10, 90)).status).toBe("healthy");
  });

  test("does not call a host well because it has too few tasks to tell", () => {
    const watch = makeWatch();
    watch.after(0, outcomes(5, 0));
    expect(watch.after(3_600, outcomes(4, 0)).status).toBe("degraded");
    expect(watch.after(121, outcomes(0, 0)).status).toBe("healthy");
  });

  test("a threshold of 1 switches the rule off", () => {
    const model = new HealthModel({ ...HEALTH, errorRateThreshold: 1 });
    expect(model.observe({ ...QUIET, ...outcomes(100, 0) }).status).toBe("healthy");
  });
});

describe("queue_over_capacity", () => {
  test("fires when the queue was longer than the capacity for a whole window, not once", () => {
    const watch = makeWatch();
    expect(watch.after(120, { queueLength: 5 }).status).toBe("healthy");
    expect(watch.after(1, { queueLength: 5 }).rules.map(({ rule }) => rule)).toEqual(["queue_over_capacity"]);
  });

  test("a break starts the window anew", () => {
    const watch = makeWatch();
    watch.after(119, { queueLength: 50 });
    watch.after(1, { queueLength: 4 });
    expect(watch.after(119, { queueLength: 50 }).status).toBe("healthy");
    expect(watch.after(3, { queueLength: 50 }).status).toBe("degraded");
  });

  test("a queue as long as the capacity is fine, and without a capacity no queue is too long", () => {
    expect(makeWatch().after(600, { queueLength: 4 }).status).toBe("healthy");
    expect(makeWatch().after(600, { queueLength: 9_999, concurrentTasks: 0 }).status).toBe("healthy");
  });

  test("is left after a whole recovery time without it", () => {
    const watch = makeWatch();
    watch.after(130, { queueLength: 5 });
    expect(watch.after(120, { queueLength: 4 }).status).toBe("degraded");
    expect(watch.after(1, { queueLength: 4 }).status).toBe("healthy");
  });
});

describe("reporter_silent", () => {
  const silent = [{ reporter: "secret-project", silentForSeconds: 12 }];

  test("fires at once, names the reporter on this host only, and recovers", () => {
    const watch = makeWatch();
    const [rule] = watch.after(0, { silent }).rules;
    expect(rule).toMatchObject({ rule: "reporter_silent", reason: "a reporter has gone silent" });
    expect(rule?.message).toBe('gone silent: "secret-project" for 12 s');
    expect(watch.after(120).status).toBe("degraded");
    expect(watch.after(1).status).toBe("healthy");
  });

  test("names a few of many", () => {
    const many = Array.from({ length: 20 }, (_, index) => ({ reporter: `r${index}`, silentForSeconds: 1 }));
    const [rule] = makeWatch().after(0, { silent: many }).rules;
    expect(rule?.reason).toBe("20 reporters have gone silent");
    expect(rule?.message).toMatch(/"r7" for 1 s, and 12 more$/);
  });
});

describe("part_failing", () => {
  test("fires with the part's name, and its words on this host only", () => {
    const failingParts = [{ name: "inbox", message: "cannot write /home/me/inbox" }];
    const [rule] = makeWatch().after(0, { failingParts }).rules;
    expect(rule).toMatchObject({ rule: "part_failing", reason: "failing: inbox" });
    expect(rule?.message).toBe("inbox: cannot write /home/me/inbox");
  });
});

describe("the verdict", () => {
  test("names every rule that applies", () => {
    const facts = { ...outcomes(5, 0), silent: [{ reporter: "a", silentForSeconds: 1 }] };
    expect(makeWatch().after(0, facts).rules.map(({ rule }) => rule)).toEqual(["error_rate", "reporter_silent"]);
  });

  test("does not flap: whatever the facts, degraded lasts for the recovery time at least", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = new SeededRandom(seed);
      const model = new HealthModel(HEALTH);
      let before = "healthy";
      let changedAtMs = -Infinity;
      for (let nowMs = 0; nowMs < 3_600_000; nowMs += random.integer(1, 10_000)) {
        const { status } = model.observe({
          nowMs,
          outcomes: { failed: random.integer(0, 6), succeeded: random.integer(0, 20) },
          queueLength: random.integer(3, 5),
          concurrentTasks: random.integer(0, 4),
          silent: random.chance(0.02) ? [{ reporter: "a", silentForSeconds: 1 }] : [],
          failingParts: random.chance(0.02) ? [{ name: "a", message: "b" }] : [],
        });
        if (status === before) continue;
        if (status === "healthy") expect(nowMs - changedAtMs).toBeGreaterThanOrEqual(HEALTH.recoveryMs);
        before = status;
        changedAtMs = nowMs;
      }
    }
  });

  test("ends: after any past, quiet facts make the service healthy within the recovery time", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = new SeededRandom(seed);
      const model = new HealthModel(HEALTH);
      let nowMs = 0;
      for (let step = 0; step < 100; step++) {
        const queueLength = random.integer(0, 9);
        model.observe({ ...QUIET, nowMs: nowMs += 5_000, ...outcomes(random.integer(0, 9), 9), queueLength });
      }
      for (let step = 0; step <= HEALTH.recoveryMs / 5_000; step++) model.observe({ ...QUIET, nowMs: nowMs += 5_000 });
      expect(model.observe({ ...QUIET, nowMs }).status).toBe("healthy");
    }
  });
});
