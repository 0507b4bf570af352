/** Hunts: a journal that grows without end, or that loses what is still needed when it is written anew. */
import { describe, expect, test } from "vitest";
import { readDeliveries } from "../../../../src/mailbox/delivery/read-deliveries.ts";
import {
  type Bench,
  DIRECTORY,
  JOURNAL,
  type Mail,
  type MailInit,
  makeBench,
  offer,
  offers,
  recordsIn,
} from "./support.ts";

const CRAMPED: MailInit = { historyMessagesMax: 3, compactBytesMin: 500 };
const ARCHIVE = `${DIRECTORY}/archive`;

function settle(mail: Mail, count: number, reason?: string): void {
  for (const message of [...mail.journal.pending].slice(0, count)) {
    if (reason === undefined) mail.journal.delivered(message);
    else mail.journal.failed(message, reason);
  }
}

function archived(bench: Bench): Record<string, unknown>[] {
  return bench.host.disk.names(ARCHIVE).flatMap((name) => recordsIn(bench.host.disk.text(`${ARCHIVE}/${name}`) ?? ""));
}

describe("the journal written anew", () => {
  test("keeps what is pending, the newest settled messages, and the keys of the others", async () => {
    const bench = makeBench();
    const mail = await bench.open(CRAMPED);
    await bench.world.wait(mail.journal.accept(offers(1, 30)));
    const ids = [...mail.journal.pending].map(({ id }) => id);
    settle(mail, 20);
    await bench.world.run(10_000);
    const states = bench.records().map(({ state }) => state);
    expect(states.filter((state) => state === "accepted")).toHaveLength(13);
    expect(states.filter((state) => state === "delivered")).toHaveLength(3);
    expect(states.filter((state) => state === "remembered")).toHaveLength(1);
    mail.process.kill();
    const again = await bench.open(CRAMPED);
    expect([...again.journal.pending].map(({ id }) => id)).toEqual(ids.slice(20));
    await bench.world.wait(again.journal.accept(offers(1, 31)));
    expect([...again.journal.pending].map(({ key }) => key).at(-1)).toBe("key-31");
    expect(again.journal.pending.size).toBe(11);
  });

  test("stays below a bound however many messages pass through", async () => {
    const bench = makeBench();
    const mail = await bench.open({ historyMessagesMax: 10, compactBytesMin: 5_000 });
    let largest = 0;
    for (let round = 0; round < 60; round++) {
      await bench.world.wait(mail.journal.accept(offers(round * 50 + 1, round * 50 + 50)));
      settle(mail, 50);
      await bench.world.run(1_500);
      largest = Math.max(largest, mail.journal.view.sizeBytes);
    }
    await bench.world.run(5_000);
    // The keys of 3,000 messages at some 11 bytes each stand in it too.
    expect(mail.journal.view.sizeBytes).toBeLessThan(80_000);
    expect(largest).toBeLessThan(200_000);
    const quiet = bench.host.disk.operationCount;
    await bench.world.run(600_000);
    // Once it is small nothing writes any more: a look now and then is all.
    expect(bench.host.disk.operationCount - quiet).toBeLessThan(30);
  });

  test("remembers how often a pending message was tried, and why it failed", async () => {
    const bench = makeBench();
    const mail = await bench.open(CRAMPED);
    await bench.world.wait(mail.journal.accept(offers(1, 30)));
    const last = [...mail.journal.pending].at(-1);
    if (last === undefined) throw new Error("nothing is pending");
    Object.assign(last, { attempts: 5, lastError: "TIMED_OUT", sentAtMs: 7 });
    settle(mail, 29);
    await bench.world.run(10_000);
    const { deliveries } = await bench.world.wait(readDeliveries(mail.runtime.files, DIRECTORY, { states: ["sent"] }));
    expect(deliveries).toMatchObject([{ msg: "message 30", attempts: 5, lastError: "TIMED_OUT" }]);
  });

  test("keeps what settles while it is being written", async () => {
    const bench = makeBench();
    const mail = await bench.open({ ...CRAMPED, textCharactersMax: 0 });
    await bench.world.wait(mail.journal.accept(offers(1, 60)));
    settle(mail, 40);
    for (let step = 0; step < 19; step++) {
      await bench.world.run(3);
      settle(mail, 1);
    }
    await bench.world.run(10_000);
    mail.process.kill();
    const again = await bench.open();
    expect([...again.journal.pending].map(({ key }) => key)).toEqual(["key-60"]);
  });

  test("is not written while the disk is full, and is when there is room", async () => {
    const bench = makeBench();
    const mail = await bench.open(CRAMPED);
    await bench.world.wait(mail.journal.accept(offers(1, 30)));
    bench.host.disk.limitFree(0);
    settle(mail, 25);
    await bench.world.run(20_000);
    expect(mail.journal.view.failing).toBe("DISK_FULL");
    expect(bench.host.disk.names(DIRECTORY)).toEqual(["delivery.ndjson"]);
    bench.host.disk.limitFree(100_000);
    await bench.world.run(60_000);
    expect(mail.journal.view.failing).toBe(undefined);
    expect(bench.records().filter(({ state }) => state === "accepted")).toHaveLength(8);
  });
});

describe("failed messages", () => {
  test("that leave the journal are moved to the archive, with their text and the reason", async () => {
    const bench = makeBench();
    const mail = await bench.open(CRAMPED);
    await bench.world.wait(mail.journal.accept(offers(1, 30)));
    settle(mail, 4, "nobody is there");
    settle(mail, 20);
    await bench.world.run(10_000);
    const records = archived(bench);
    expect(records.filter(({ state }) => state === "accepted").map(({ msg }) => msg)).toEqual(
      [1, 2, 3, 4].map((number) => `message ${number}`),
    );
    expect(records.filter(({ state, reason }) => state === "failed" && reason === "nobody is there")).toHaveLength(4);
    expect(bench.records().some(({ state }) => state === "failed")).toBe(false);
  });

  test("stay in the journal while the archive cannot be written", async () => {
    const bench = makeBench();
    const mail = await bench.open(CRAMPED);
    bench.host.disk.put(ARCHIVE, "in the way");
    await bench.world.wait(mail.journal.accept(offers(1, 30)));
    settle(mail, 4, "nobody is there");
    settle(mail, 20);
    await bench.world.run(10_000);
    expect(bench.records().filter(({ state }) => state === "failed")).toHaveLength(4);
    expect(mail.log.events.some(({ event }) => event === "delivery_archive_failed")).toBe(true);
  });

  test("fill at most eight files of four megabytes", async () => {
    const bench = makeBench();
    const mail = await bench.open({ historyMessagesMax: 1 });
    for (let round = 0; round < 12; round++) {
      const batch = Array.from(
        { length: 70 },
        (_, index) => offer(round * 70 + index, "bob", { msg: "x".repeat(60_000) }),
      );
      await bench.world.wait(mail.journal.accept(batch));
      settle(mail, 70, "nobody is there");
      await bench.world.run(10_000);
    }
    const sizes = bench.host.disk.names(ARCHIVE).map((name) =>
      bench.host.disk.bytes(`${ARCHIVE}/${name}`)?.length ?? 0
    );
    expect(sizes).toHaveLength(8);
    expect(Math.max(...sizes)).toBeLessThan(4 * 1024 * 1024 + 70_000);
    expect(bench.host.disk.text(JOURNAL)?.length).toBeLessThan(2_000_000);
  });
});
