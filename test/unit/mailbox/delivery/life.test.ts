/** Hunts: messages forgotten or doubled at a restart, an end that hangs, memory that grows with the queue. */
import { describe, expect, test } from "vitest";
import { after, DELIVERED, failedBy, JOURNAL, makeBench, never, offer, offers, ScriptedCarrier } from "./support.ts";

const quick = () => new ScriptedCarrier((_, clock) => after(clock, 5, DELIVERED));

describe("a restart", () => {
  test("goes on with what is pending, in order, under the same ids", async () => {
    const bench = makeBench();
    const first = new ScriptedCarrier((_, clock) => after(clock, 5, failedBy("TIMED_OUT")));
    const mail = await bench.open({ carrier: first, inFlightPerRecipient: 4 });
    mail.dispatcher.start();
    await bench.world.wait(mail.journal.accept([...offers(1, 10), ...offers(11, 20, "carol")]));
    await bench.world.run(20);
    mail.process.kill();
    const second = quick();
    const again = await bench.open({ carrier: second });
    again.dispatcher.start();
    await bench.world.run(1_000);
    expect(second.textsTo("bob")).toEqual(offers(1, 10).map(({ msg }) => msg));
    expect(second.textsTo("carol")).toEqual(offers(11, 20).map(({ msg }) => msg));
    const idsBefore = new Map(first.attempts.map(({ id, msg }) => [msg, id]));
    expect(idsBefore.size).toBeGreaterThan(5);
    for (const { id, msg } of second.attempts) expect(idsBefore.get(msg) ?? id).toBe(id);
  });

  test("does not try again what was delivered", async () => {
    const bench = makeBench();
    const mail = await bench.open({ carrier: quick() });
    mail.dispatcher.start();
    await bench.world.wait(mail.journal.accept(offers(1, 10)));
    await bench.world.run(2_000);
    bench.host.powerCut("lost");
    bench.host.boot();
    const carrier = quick();
    const again = await bench.open({ carrier });
    again.dispatcher.start();
    await bench.world.wait(again.journal.accept(offers(1, 10)));
    await bench.world.run(2_000);
    expect(carrier.attempts).toEqual([]);
  });
});

describe("stop", () => {
  test("makes no new attempt, awaits those in flight, and makes durable what became of them", async () => {
    const bench = makeBench();
    const carrier = new ScriptedCarrier((_, clock) => after(clock, 500, DELIVERED));
    const mail = await bench.open({ carrier, inFlightPerRecipient: 4 });
    mail.dispatcher.start();
    await bench.world.wait(mail.journal.accept(offers(1, 10)));
    await bench.world.run(100);
    await bench.world.wait(mail.dispatcher.stop());
    expect(carrier.attempts).toHaveLength(4);
    expect(mail.dispatcher.view).toMatchObject({ delivered: 4, inFlight: 0, queued: 6 });
    expect(bench.records().filter(({ state }) => state === "delivered")).toHaveLength(4);
    expect(bench.host.disk.unsyncedBytes(JOURNAL)).toBe(0);
    await bench.world.wait(mail.dispatcher.stop());
    await bench.world.wait(mail.journal.close());
    await bench.world.wait(mail.journal.close());
  });

  test("does not wait for an attempt that never settles, nor is it disturbed by one that settles late", async () => {
    const bench = makeBench();
    const late: (() => void)[] = [];
    const carrier = new ScriptedCarrier(({ msg }) =>
      msg === "message 1" ? never() : new Promise((resolve) => late.push(() => resolve(DELIVERED)))
    );
    const mail = await bench.open({ carrier });
    mail.dispatcher.start();
    await bench.world.wait(mail.journal.accept(offers(1, 2)));
    const before = bench.world.clock.monotonicMs();
    await bench.world.wait(mail.dispatcher.stop());
    expect(bench.world.clock.monotonicMs() - before).toBeLessThan(3_100);
    await bench.world.wait(mail.journal.close());
    late[0]?.();
    await bench.world.run(1_000);
    expect(bench.records().map(({ state }) => state)).not.toContain("delivered");
  });

  test("ends also on a disk that refuses", async () => {
    const bench = makeBench();
    const mail = await bench.open({ carrier: quick() });
    mail.dispatcher.start();
    await bench.world.wait(mail.journal.accept([offer(1)]));
    bench.host.disk.break(JOURNAL, { write: "IO_ERROR", sync: "IO_ERROR" });
    await bench.world.run(100);
    await bench.world.wait(mail.dispatcher.stop());
    await bench.world.wait(mail.journal.close());
    expect(mail.dispatcher.view.delivered).toBe(1);
  });
});

describe("texts beyond what memory holds", () => {
  const text = (number: number) => `${number} ${"x".repeat(500)}`;
  const many = (to: string, count: number) =>
    Array.from({ length: count }, (_, index) => offer(index + 1, to, { msg: text(index + 1) }));
  const renamed = (to: string, count: number) => many(to, count).map((one) => ({ ...one, key: `${to} ${one.key}` }));

  test("are read back in order and sent whole", async () => {
    const bench = makeBench();
    const carrier = quick();
    const mail = await bench.open({ carrier, textCharactersMax: 3_000, historyMessagesMax: 5, compactBytesMin: 2_000 });
    mail.dispatcher.start();
    await bench.world.wait(mail.journal.accept([...renamed("bob", 400), ...renamed("carol", 400)]));
    await bench.world.until(() => mail.journal.pending.size === 0);
    for (const to of ["bob", "carol"]) expect(carrier.textsTo(to)).toEqual(many(to, 400).map(({ msg }) => msg));
  });

  test("never fill more than their room and a chunk for each recipient, and leave it while a recipient is away", async () => {
    const bench = makeBench();
    const carrier = new ScriptedCarrier(({ to }, clock) =>
      after(clock, 5, to === "gone" ? failedBy("UNREACHABLE") : DELIVERED)
    );
    const mail = await bench.open({ carrier, textCharactersMax: 300_000 });
    mail.dispatcher.start();
    await bench.world.wait(mail.journal.accept([...renamed("gone", 1_000), ...renamed("bob", 2_000)]));
    let least = 300_000;
    while (mail.dispatcher.view.delivered < 2_000) {
      await bench.world.run(20);
      least = Math.min(least, mail.journal.textRoom);
    }
    expect(least).toBeGreaterThan(-2 * 256 * 1024);
    expect(mail.journal.textRoom).toBeGreaterThan(150_000);
    expect(carrier.textsTo("bob")).toHaveLength(2_000);
  });

  test("that are lost with the journal end as failed, and those behind them are sent", async () => {
    const bench = makeBench();
    const carrier = quick();
    const mail = await bench.open({ carrier, textCharactersMax: 1_200 });
    await bench.world.wait(mail.journal.accept(renamed("bob", 5)));
    bench.host.disk.put(JOURNAL, "");
    mail.dispatcher.start();
    await bench.world.wait(mail.journal.accept([offer(6)]));
    await bench.world.run(5_000);
    expect(mail.dispatcher.view).toMatchObject({ delivered: 3, failed: 3, queued: 0 });
    const reasons = bench.records().filter(({ state }) => state === "failed").map(({ reason }) => reason);
    expect(new Set(reasons)).toEqual(new Set(["its text is lost: the delivery journal was damaged"]));
  });

  test("wait for a disk that cannot be read", async () => {
    const bench = makeBench();
    const carrier = quick();
    const mail = await bench.open({ carrier, textCharactersMax: 0 });
    await bench.world.wait(mail.journal.accept(offers(1, 5)));
    bench.host.disk.break(JOURNAL, { read: "IO_ERROR" });
    mail.dispatcher.start();
    await bench.world.run(10_000);
    expect(carrier.attempts).toEqual([]);
    bench.host.disk.mendAll();
    await bench.world.run(60_000);
    expect(mail.dispatcher.view).toMatchObject({ delivered: 5, failed: 0 });
  });
});
