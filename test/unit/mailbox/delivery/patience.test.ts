/** Hunts: a message tried for ever, given up too soon, or given up because somebody set the clock. */
import { describe, expect, test } from "vitest";
import {
  after,
  type Bench,
  DAY_MS,
  DELIVERED,
  failedBy,
  makeBench,
  offer,
  offers,
  ScriptedCarrier,
  WEEK_MS,
} from "./support.ts";

const HOUR_MS = 3_600_000;
/** The longest wait between attempts, and the wall clock's confirmation. */
const SLACK_MS = 6 * 60_000;

function goneCarrier(to = "bob"): ScriptedCarrier {
  return new ScriptedCarrier((message, clock) =>
    after(clock, 1, message.to === to ? failedBy("UNREACHABLE") : DELIVERED)
  );
}

async function waiting(bench: Bench, carrier = goneCarrier()) {
  const mail = await bench.open({ carrier });
  mail.dispatcher.start();
  await bench.world.wait(mail.journal.accept([offer(1)]));
  return { ...mail, carrier };
}

describe("giving up", () => {
  test("comes after seven days, with a record that says why; younger messages behind go on", async () => {
    const bench = makeBench();
    const mail = await waiting(bench);
    await bench.world.run(DAY_MS);
    await bench.world.wait(mail.journal.accept(offers(2, 3)));
    await bench.world.run(6 * DAY_MS - SLACK_MS);
    expect(mail.dispatcher.view.failed).toBe(0);
    await bench.world.run(2 * SLACK_MS);
    expect(mail.dispatcher.view.failed).toBe(1);
    const failed = bench.records().find(({ state }) => state === "failed");
    expect(failed).toMatchObject({ reason: "not delivered in time; at last: UNREACHABLE" });
    expect(failed?.["attempts"]).toBeGreaterThan(2_000);
    expect(mail.log.events.find(({ event }) => event === "mail_failed")).toMatchObject({
      level: "warn",
      fields: { to: "bob" },
    });
    mail.carrier.answer = (_, clock) => after(clock, 1, DELIVERED);
    await bench.world.run(SLACK_MS);
    expect(mail.dispatcher.view).toMatchObject({ delivered: 2, failed: 1 });
  }, 60_000);

  test("of many at once is one line in the log for all but the first", async () => {
    const bench = makeBench();
    const mail = await waiting(bench);
    await bench.world.wait(mail.journal.accept(offers(2, 500)));
    await bench.world.run(WEEK_MS + SLACK_MS);
    expect(mail.dispatcher.view).toMatchObject({ failed: 500, queued: 0 });
    expect(mail.log.events.filter(({ event }) => event === "mail_failed")).toHaveLength(9);
  }, 60_000);

  test("counts the days before a restart, and waits an hour for the clock to be sure", async () => {
    const bench = makeBench();
    const mail = await waiting(bench);
    await bench.world.run(1_000);
    mail.process.kill();
    await bench.world.run(8 * DAY_MS);
    const carrier = goneCarrier();
    const again = await bench.open({ carrier });
    again.dispatcher.start();
    await bench.world.run(HOUR_MS - SLACK_MS);
    expect(carrier.attempts.length).toBeGreaterThan(5);
    expect(again.dispatcher.view.failed).toBe(0);
    await bench.world.run(2 * SLACK_MS);
    expect(again.dispatcher.view.failed).toBe(1);
  });

  test("does not come for a clock that is set forward by a month and back within the hour", async () => {
    const bench = makeBench();
    const mail = await waiting(bench);
    await bench.world.run(HOUR_MS);
    for (let times = 0; times < 5; times++) {
      bench.host.jumpWall(30 * DAY_MS);
      await bench.world.run(HOUR_MS - 2 * SLACK_MS);
      bench.host.jumpWall(-30 * DAY_MS);
      await bench.world.run(HOUR_MS);
    }
    expect(mail.dispatcher.view.failed).toBe(0);
  });

  test("comes an hour after the clock was set forward for good", async () => {
    const bench = makeBench();
    const mail = await waiting(bench);
    await bench.world.run(HOUR_MS);
    bench.host.jumpWall(30 * DAY_MS);
    await bench.world.run(HOUR_MS + SLACK_MS);
    expect(mail.dispatcher.view.failed).toBe(1);
  });

  test("comes in time although the clock was set back by a month", async () => {
    const bench = makeBench();
    const mail = await waiting(bench);
    bench.host.jumpWall(-30 * DAY_MS);
    await bench.world.run(WEEK_MS - SLACK_MS);
    expect(mail.dispatcher.view).toMatchObject({ failed: 0, oldestPendingAgeMs: 0 });
    await bench.world.run(2 * SLACK_MS);
    expect(mail.dispatcher.view.failed).toBe(1);
  }, 60_000);

  test("counts what the host slept; once awake, it tries at once", async () => {
    const bench = makeBench();
    const mail = await waiting(bench);
    await bench.world.run(HOUR_MS);
    bench.host.suspend();
    await bench.world.run(3 * DAY_MS);
    const before = mail.carrier.attempts.length;
    bench.host.resume();
    // As soon as the loop notices: it sleeps for five minutes at most.
    await bench.world.run(SLACK_MS);
    expect(mail.carrier.attempts.length).toBeGreaterThan(before);
    await bench.world.run(4 * DAY_MS - 2 * HOUR_MS);
    expect(mail.dispatcher.view.failed).toBe(0);
    await bench.world.run(3 * HOUR_MS);
    expect(mail.dispatcher.view.failed).toBe(1);
  }, 60_000);

  test("never comes for a message that only waits behind others", async () => {
    const bench = makeBench();
    const carrier = new ScriptedCarrier((_, clock) => after(clock, HOUR_MS, DELIVERED));
    const mail = await bench.open({ carrier, inFlightPerRecipient: 1, giveUpAfterMs: 2 * HOUR_MS });
    mail.dispatcher.start();
    await bench.world.wait(mail.journal.accept(offers(1, 12)));
    await bench.world.run(13 * HOUR_MS);
    expect(mail.dispatcher.view).toMatchObject({ delivered: 12, failed: 0 });
  });
});
