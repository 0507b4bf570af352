/**
 * Hunts: a checker of mail that would not notice, and a world that cannot be replayed. The worlds in which everything is
 * right are in `mail-seeds-*.test.ts`, in several files so that they run side by side.
 *
 * `npm run sim -- --world mail --seeds N` runs as many worlds as there is time for.
 */
import { describe, expect, test } from "vitest";
import { checkStopTimes } from "./fleet/checkers/stop.ts";
import { MailFleet } from "./mail/mail-fleet.ts";
import { runMailFleet } from "./mail/mod.ts";
import { drawMailOptions } from "./mail/options.ts";
import { BROKEN_MAIL_BUILDS, QUIET } from "./mail/sabotage.ts";
import { Writer } from "./mail/writer.ts";
import { NO_FAULTS } from "./mod.ts";

const CANARY_SEED = 1;
const timeout = { timeout: 60_000 };

describe("a mail fleet", () => {
  test("lives the same life again from the same seed", timeout, async () => {
    const [first, second] = [await runMailFleet({ seed: 3 }), await runMailFleet({ seed: 3 })];
    expect(second.fleet.world.trace.lines).toEqual(first.fleet.world.trace.lines);
    expect(second.traceHash).toBe(first.traceHash);
  });

  test("has nothing to report in a quiet world", timeout, async () => {
    const { fleet } = await runMailFleet({ seed: CANARY_SEED, options: QUIET });
    expect(fleet.record.violations).toEqual([]);
  });
});

test("an agent ends within 5 s of a SIGTERM though its disk hangs", timeout, async () => {
  const hanging = { ...NO_FAULTS, disk: { ...NO_FAULTS.disk, syncLatencyMs: [20_000, 20_000] as const } };
  const fleet = new MailFleet({ seed: 1, options: { ...QUIET, faults: hanging } }, drawMailOptions);
  await fleet.start();
  for (const own of fleet.mailHosts) new Writer(fleet, own).edit();
  await fleet.world.run(1_000);
  for (const host of fleet.supervised) {
    const current = fleet.currentOn(host);
    if (current !== undefined) fleet.stop(current);
  }
  await fleet.world.run(10_000);
  checkStopTimes(fleet.record, fleet.nowMs);
  expect(fleet.record.violations).toEqual([]);
});

describe("the checkers of mail", () => {
  for (const { what, caughtBy, sabotage, options } of BROKEN_MAIL_BUILDS) {
    test(`${caughtBy} notices ${what}`, timeout, async () => {
      const { fleet } = await runMailFleet({ seed: CANARY_SEED, sabotage, options: { ...QUIET, ...options } });
      expect(fleet.record.violations.map(({ checker }) => checker)).toContain(caughtBy);
    });
  }
});
