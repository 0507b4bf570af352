/** Hunts: messages out of order, recipients that harm each other, retries that storm or never come, messages that end as neither. */
import { describe, expect, test } from "vitest";
import type { OutgoingMessage } from "../../../../src/mailbox/types.ts";
import type { Clock } from "../../../../src/runtime/port.ts";
import { FarEnd } from "./far-end.ts";
import {
  after,
  type Bench,
  DELIVERED,
  failedBy,
  type MailInit,
  makeBench,
  never,
  offer,
  offers,
  ScriptedCarrier,
} from "./support.ts";

const UNREACHABLE = failedBy("UNREACHABLE");

async function started(bench: Bench, carrier: ScriptedCarrier, init: MailInit = {}) {
  const mail = await bench.open({ ...init, carrier });
  mail.dispatcher.start();
  return mail;
}

/** Answers at once for everybody but those named, who fail after a while. */
function dead(names: (to: string) => boolean, afterMs: number) {
  return ({ to }: OutgoingMessage, clock: Clock) =>
    names(to) ? after(clock, afterMs, UNREACHABLE) : after(clock, 1, DELIVERED);
}

describe("Dispatcher", () => {
  test("tries everybody at once when the host wakes up", async () => {
    const bench = makeBench();
    const carrier = new ScriptedCarrier((_, clock) => after(clock, 1, UNREACHABLE));
    const mail = await started(bench, carrier);
    await bench.world.wait(
      mail.journal.accept(Array.from({ length: 20 }, (_, index) => offer(index, `node ${index}`))),
    );
    await bench.world.run(3_600_000);
    bench.host.suspend();
    await bench.world.run(3_600_000);
    const before = carrier.attempts.length;
    bench.host.resume();
    await bench.world.until(() => carrier.attempts.length > before, { withinMs: 301_000 });
    await bench.world.run(10);
    expect(carrier.attempts.length - before).toBe(20);
  });

  test("D1: begins attempts in the order of acceptance, with as many in flight as allowed", async () => {
    const bench = makeBench();
    const carrier = new ScriptedCarrier((_, clock) => after(clock, 10, DELIVERED));
    const mail = await started(bench, carrier, { inFlightPerRecipient: 8 });
    await bench.world.wait(mail.journal.accept(offers(1, 100)));
    await bench.world.run(1_000);
    expect(carrier.textsTo("bob")).toEqual(offers(1, 100).map(({ msg }) => msg));
    expect(carrier.inFlightMost).toBe(8);
    expect(mail.dispatcher.view).toMatchObject({
      queued: 0,
      inFlight: 0,
      delivered: 100,
      failed: 0,
      oldestPendingAgeMs: null,
    });
  });

  test("has the next message made ready while one that is alone is answered, and only then", async () => {
    const bench = makeBench();
    const carrier = new ScriptedCarrier((_, clock) => after(clock, 10, DELIVERED));
    const mail = await started(bench, carrier, { inFlightPerRecipient: 1 });
    await bench.world.wait(mail.journal.accept(offers(1, 4)));
    await bench.world.run(1_000);
    expect(carrier.prepared).toEqual([["message 2", 1], ["message 3", 1], ["message 4", 1]]);
    const wide = makeBench();
    const many = new ScriptedCarrier((_, clock) => after(clock, 10, DELIVERED));
    const other = await started(wide, many, { inFlightPerRecipient: 2 });
    await wide.world.wait(other.journal.accept(offers(1, 4)));
    await wide.world.run(1_000);
    expect(many.prepared).toEqual([]);
  });

  test("D1: after a failure begins nothing before all in flight have settled, then the first unsettled alone", async () => {
    const bench = makeBench();
    const slowOnes: (() => void)[] = [];
    const carrier = new ScriptedCarrier(({ msg }, clock) => {
      if (msg === "message 3" && carrier.attempts.length <= 8) return after(clock, 5, failedBy("RATE_LIMIT", true));
      if (msg === "message 8") return new Promise((resolve) => slowOnes.push(() => resolve(DELIVERED)));
      return after(clock, 10, DELIVERED);
    });
    const mail = await started(bench, carrier, { inFlightPerRecipient: 8 });
    await bench.world.wait(mail.journal.accept(offers(1, 20)));
    await bench.world.run(60_000);
    expect(carrier.textsTo("bob")).toEqual(offers(1, 8).map(({ msg }) => msg));
    slowOnes[0]?.();
    await bench.world.run(60_000);
    expect(carrier.textsTo("bob").slice(8)).toEqual(["message 3", ...offers(9, 20).map(({ msg }) => msg)]);
    const [third, ninth] = [carrier.attempts[8], carrier.attempts[9]];
    expect((ninth?.atMs ?? 0) - (third?.atMs ?? 0)).toBeGreaterThanOrEqual(9);
  });

  for (let seed = 1; seed <= 6; seed++) {
    test(`keeps the order at a recipient that refuses and loses, with 64 in flight (seed ${seed})`, async () => {
      const bench = makeBench(seed);
      const far = new FarEnd(seed, { lostRate: 0.01, unansweredRate: 0.01, refusedRate: 0.02 });
      const mail = await started(bench, new ScriptedCarrier(far.answer));
      await bench.world.wait(mail.journal.accept([...offers(1, 300), ...offers(301, 600, "carol")]));
      await bench.world.until(() => mail.journal.pending.size === 0);
      expect(far.inbox("bob")).toEqual(offers(1, 300).map(({ msg }) => msg));
      expect(far.inbox("carol")).toEqual(offers(301, 600).map(({ msg }) => msg));
      expect(mail.dispatcher.view).toMatchObject({ delivered: 600, failed: 0 });
    });
  }

  test("D2: waits up to 1 s, 2 s, 4 s and so on to 5 min, and anew after a delivery", async () => {
    const bench = makeBench();
    let isUp = false;
    const carrier = new ScriptedCarrier((_, clock) => after(clock, 1, isUp ? DELIVERED : UNREACHABLE));
    const mail = await started(bench, carrier);
    await bench.world.wait(mail.journal.accept([offer(1)]));
    await bench.world.run(6 * 3_600_000);
    const gaps = carrier.attempts.slice(1).map(({ atMs }, index) => atMs - (carrier.attempts[index]?.atMs ?? 0));
    for (const [index, gap] of gaps.entries()) {
      expect(gap).toBeLessThanOrEqual(Math.min(300_000, 1_000 * 2 ** index) + 200);
    }
    expect(Math.max(...gaps)).toBeGreaterThan(200_000);
    expect(gaps.filter((gap, index) => index > 10 && gap < 150_000).length).toBeGreaterThan(10);
    isUp = true;
    await bench.world.run(300_000);
    expect(mail.dispatcher.view.delivered).toBe(1);
    isUp = false;
    const before = carrier.attempts.length;
    await bench.world.wait(mail.journal.accept([offer(2)]));
    await bench.world.run(1_200);
    expect(carrier.attempts.length - before).toBeGreaterThanOrEqual(2);
  });

  test("cuts a wait short when the recipient becomes reachable, but not again and again", async () => {
    const bench = makeBench();
    const carrier = new ScriptedCarrier((_, clock) => after(clock, 1, UNREACHABLE));
    const mail = await started(bench, carrier);
    await bench.world.wait(mail.journal.accept([offer(1)]));
    await bench.world.run(3_600_000);
    const before = carrier.attempts.length;
    carrier.reachable("somebody else");
    await bench.world.run(2);
    expect(carrier.attempts).toHaveLength(before);
    carrier.reachable("bob");
    await bench.world.run(2);
    expect(carrier.attempts).toHaveLength(before + 1);
    for (let times = 0; times < 500; times++) {
      carrier.reachable("bob");
      await bench.world.run(10);
    }
    expect(carrier.attempts.length - before).toBeLessThanOrEqual(8);
    mail.dispatcher.nudge("bob");
    await bench.world.run(2);
    mail.dispatcher.nudge();
    await bench.world.run(2);
    expect(carrier.attempts.length - before).toBeGreaterThanOrEqual(3);
  });

  test("D3: a thousand dead recipients do not delay one that answers", async () => {
    const bench = makeBench();
    const carrier = new ScriptedCarrier(dead((to) => to.startsWith("dead"), 15_000));
    const mail = await started(bench, carrier);
    await bench.world.wait(mail.journal.accept([offer(0)]));
    await bench.world.run(100);
    const gone = Array.from({ length: 1_000 }, (_, index) => offer(index + 1, `dead ${index}`));
    await bench.world.wait(mail.journal.accept(gone));
    await bench.world.run(1_000);
    expect(carrier.inFlight).toBe(256);
    await bench.world.wait(mail.journal.accept(offers(2_000, 2_099)));
    await bench.world.run(200);
    expect(mail.dispatcher.view.delivered).toBe(101);
    await bench.world.run(120_000);
    expect(new Set(carrier.attempts.map(({ to }) => to)).size).toBe(1_001);
  });

  test("D3: an attempt that never settles keeps only its own recipient", async () => {
    const bench = makeBench();
    const carrier = new ScriptedCarrier((message, clock) =>
      message.to === "mute" ? never() : after(clock, 1, DELIVERED)
    );
    const mail = await started(bench, carrier);
    await bench.world.wait(mail.journal.accept([...offers(1, 100, "mute"), ...offers(101, 200)]));
    await bench.world.run(1_000);
    expect(mail.dispatcher.view).toMatchObject({ delivered: 100, inFlight: 64, queued: 36 });
  });

  test("D3: a recipient with many messages makes room for others that wait, and keeps its order", async () => {
    const bench = makeBench();
    const carrier = new ScriptedCarrier((_, clock) => after(clock, 10, DELIVERED));
    const mail = await started(bench, carrier, { inFlightPerRecipient: 2, recipientsAtOnceMax: 2 });
    const batches = ["bob", "carol", "dave", "erin"].map((to, index) => offers(index * 600 + 1, index * 600 + 600, to));
    await bench.world.wait(mail.journal.accept(batches.flat()));
    await bench.world.run(1_600);
    expect(new Set(carrier.attempts.map(({ to }) => to)).size).toBe(4);
    await bench.world.until(() => mail.journal.pending.size === 0);
    for (const batch of batches) expect(carrier.textsTo(batch[0]?.to ?? "")).toEqual(batch.map(({ msg }) => msg));
  });

  test("D4: fails a message that its recipient refuses three times as nothing it can take, and goes on with the next", async () => {
    const bench = makeBench();
    const carrier = new ScriptedCarrier(({ msg }, clock) =>
      after(clock, 1, msg === "message 2" ? { ...failedBy("BAD_FRAME", true), detail: "msg: too odd" } : DELIVERED)
    );
    const mail = await started(bench, carrier);
    await bench.world.wait(mail.journal.accept(offers(1, 5)));
    await bench.world.run(60_000);
    expect(carrier.textsTo("bob").filter((text) => text === "message 2")).toHaveLength(3);
    expect(mail.dispatcher.view).toMatchObject({ delivered: 4, failed: 1 });
    const [failed] = bench.records().filter(({ state }) => state === "failed");
    expect(failed?.["reason"]).toBe("BAD_FRAME (said by the recipient): msg: too odd");
    expect(mail.log.events.filter(({ event }) => event === "mail_failed")).toHaveLength(1);
  });

  test("keeps trying what somebody else than the recipient refuses, or the recipient for another reason in between", async () => {
    const bench = makeBench();
    let count = 0;
    const carrier = new ScriptedCarrier(({ to }, clock) => {
      count += to === "carol" ? 1 : 0;
      const isForGood = to === "bob" || count % 3 !== 0;
      return after(clock, 1, isForGood ? failedBy("UNSUPPORTED", to === "carol") : failedBy("RATE_LIMIT", true));
    });
    const mail = await started(bench, carrier);
    await bench.world.wait(mail.journal.accept([offer(1), offer(2, "carol")]));
    await bench.world.run(3_600_000);
    expect(carrier.textsTo("bob").length).toBeGreaterThan(10);
    expect(carrier.textsTo("carol").length).toBeGreaterThan(10);
    expect(mail.dispatcher.view.failed).toBe(0);
  });

  test("fails a message that is too large at once, without a wait for those behind it", async () => {
    const bench = makeBench();
    const carrier = new ScriptedCarrier(({ msg }, clock) =>
      after(clock, 1, msg === "message 2" ? failedBy("TOO_LARGE") : DELIVERED)
    );
    const mail = await started(bench, carrier);
    await bench.world.wait(mail.journal.accept(offers(1, 5)));
    await bench.world.run(20);
    expect(mail.dispatcher.view).toMatchObject({ delivered: 4, failed: 1, recipientsWaiting: 0 });
  });

  test("takes a carrier that throws for a failed attempt", async () => {
    const bench = makeBench();
    const carrier = new ScriptedCarrier(() =>
      carrier.attempts.length < 2 ? Promise.reject(new Error("broken")) : Promise.resolve(DELIVERED)
    );
    const mail = await started(bench, carrier);
    await bench.world.wait(mail.journal.accept([offer(1)]));
    await bench.world.run(5_000);
    expect(mail.dispatcher.view).toMatchObject({ delivered: 1, inFlight: 0 });
    expect(mail.metrics.render()).toContain('barnacle_mail_outgoing_attempt_failures_total{reason="INTERNAL"} 1');
  });

  test("reports a recipient that cannot be reached, and when it is reached again", async () => {
    const bench = makeBench();
    let isUp = false;
    const carrier = new ScriptedCarrier((_, clock) => after(clock, 1, isUp ? DELIVERED : UNREACHABLE));
    const mail = await started(bench, carrier);
    await bench.world.wait(mail.journal.accept([offer(1)]));
    await bench.world.run(60_000);
    expect(mail.log.events.some(({ event, fields }) => event === "recipient_unreachable" && fields["to"] === "bob"))
      .toBe(true);
    expect(mail.metrics.render()).toContain("barnacle_mail_outgoing_pending 1\n");
    expect(mail.dispatcher.view.oldestPendingAgeMs).toBeGreaterThan(59_000);
    isUp = true;
    await bench.world.run(120_000);
    expect(mail.log.events.some(({ event }) => event === "recipient_reached")).toBe(true);
    expect(mail.metrics.render()).toContain('barnacle_mail_outgoing_settled_total{outcome="delivered"} 1');
  });
});
