/** Hunts: a command that shows another state than the journal's, reads too much of it, or waits for what has happened. */
import { describe, expect, test } from "vitest";
import { readLines, readLinesBackwards } from "../../../../src/mailbox/delivery/lines.ts";
import { readDeliveries } from "../../../../src/mailbox/delivery/read-deliveries.ts";
import { waitForDelivery } from "../../../../src/mailbox/delivery/wait-for-delivery.ts";
import {
  after,
  DELIVERED,
  DIRECTORY,
  failedBy,
  JOURNAL,
  makeBench,
  offer,
  offers,
  ScriptedCarrier,
} from "./support.ts";

const ID = "0f0e0d0c-0b0a-4908-8706-050403020100";

function handleOf(bytes: Uint8Array<ArrayBuffer>) {
  return { readAt: (offset: number, length: number) => Promise.resolve(bytes.slice(offset, offset + length)) };
}

describe("reading by lines", () => {
  const MIB = 1024 * 1024;
  const texts = ["", "a", "x".repeat(MIB - 2), "b", "y".repeat(3 * MIB), "", "z".repeat(MIB), "last"];
  const bytes = new TextEncoder().encode(`${texts.join("\n")}\n`);
  const decode = (line: Uint8Array) => new TextDecoder().decode(line);

  test("forwards and backwards finds the same lines, across the borders of what is read at once", async () => {
    const forwards: string[] = [];
    const offsets: number[] = [];
    await readLines(handleOf(bytes), { from: 0, to: bytes.length, lineBytesMax: 9 * MIB }, (line) => {
      forwards.push(decode(line.bytes));
      offsets.push(line.offset);
    });
    expect(forwards.map(({ length }) => length)).toEqual(texts.map(({ length }) => length));
    expect(forwards).toEqual(texts);
    expect(offsets).toEqual(
      texts.map((_, index) => texts.slice(0, index).reduce((sum, { length }) => sum + length + 1, 0)),
    );
    const backwards: string[] = [];
    await readLinesBackwards(handleOf(bytes), { to: bytes.length, lineBytesMax: 9 * MIB }, (line) => {
      backwards.push(decode(line));
      return true;
    });
    expect(backwards.reverse()).toEqual(texts);
  });

  test("passes over lines that are too long, and tells what has no end", async () => {
    const seen: string[] = [];
    const all = new TextEncoder().encode(`${texts.join("\n")}\ntorn`);
    const range = { from: 0, to: all.length, lineBytesMax: 1_000 };
    const { overlong, tail } = await readLines(handleOf(all), range, (line) => seen.push(decode(line.bytes)));
    expect(seen).toEqual(["", "a", "b", "", "last"]);
    expect([overlong, decode(tail.bytes), tail.offset]).toEqual([3, "torn", all.length - 4]);
    const backwards: string[] = [];
    await readLinesBackwards(handleOf(all), { to: all.length, lineBytesMax: 1_000 }, (line) => {
      backwards.push(decode(line));
      return true;
    });
    expect(backwards.reverse()).toEqual(["", "a", "b", "", "last"]);
  });
});

describe("readDeliveries", () => {
  async function written() {
    const bench = makeBench();
    const carrier = new ScriptedCarrier(({ msg, to }, clock) => {
      if (to === "gone") return after(clock, 5, failedBy("UNREACHABLE"));
      return after(clock, 5, msg === "message 3" ? failedBy("TOO_LARGE") : DELIVERED);
    });
    const mail = await bench.open({ carrier });
    mail.dispatcher.start();
    await bench.world.wait(mail.journal.accept([...offers(1, 5), offer(6, "gone"), offer(7, "gone")]));
    await bench.world.run(60_000);
    const read = (options?: Parameters<typeof readDeliveries>[2]) =>
      bench.world.wait(readDeliveries(bench.world.createRuntime(bench.host).files, DIRECTORY, options));
    return { bench, mail, read };
  }

  test("gives each message with its latest state, oldest first, while the daemon runs", async () => {
    const { read } = await written();
    const { deliveries, hasMore } = await read();
    expect(hasMore).toBe(false);
    expect(deliveries.map(({ msg, state }) => `${msg}: ${state}`)).toEqual([
      "message 1: delivered",
      "message 2: delivered",
      "message 3: failed",
      "message 4: delivered",
      "message 5: delivered",
      "message 6: sent",
      "message 7: sent",
    ]);
    expect(deliveries[2]).toMatchObject({ lastError: "TOO_LARGE", attempts: 1, to: "bob" });
    expect(deliveries[2]?.settledAtMs).toBeGreaterThanOrEqual(deliveries[2]?.acceptedAtMs ?? Infinity);
    expect(deliveries[5]?.lastError).toBe("UNREACHABLE");
    expect(deliveries[5]?.attempts).toBeGreaterThan(1);
  });

  test("gives the newest so many, those of some states, or some ids", async () => {
    const { read } = await written();
    const newest = await read({ newestMax: 2 });
    expect([newest.deliveries.map(({ msg }) => msg), newest.hasMore]).toEqual([["message 6", "message 7"], true]);
    const failed = await read({ newestMax: 2, states: ["failed"] });
    expect([failed.deliveries.map(({ msg }) => msg), failed.hasMore]).toEqual([["message 3"], false]);
    const { deliveries: [first] } = await read();
    expect((await read({ ids: [first?.id ?? "", "unknown"] })).deliveries).toEqual([first]);
  });

  test("needs no journal, and passes over what it cannot read", async () => {
    const bench = makeBench();
    const { files } = bench.world.createRuntime(bench.host);
    expect(await bench.world.wait(readDeliveries(files, DIRECTORY))).toEqual({ deliveries: [], hasMore: false });
    const accepted = `{"ts":1,"id":"a","state":"accepted","to":"bob","msg":"hello","key":"k","line":1}`;
    bench.host.disk.put(JOURNAL, `rubbish\n${accepted}\n\n{"ts":2,"id":"a","sta`);
    const { deliveries } = await bench.world.wait(readDeliveries(files, DIRECTORY));
    expect(deliveries).toMatchObject([{ id: "a", state: "accepted", settledAtMs: null, attempts: 0, lastError: null }]);
  });

  test("reads only the end of a long journal for the newest", async () => {
    const bench = makeBench();
    const mail = await bench.open();
    for (let batch = 0; batch < 10; batch++) {
      await bench.world.wait(
        mail.journal.accept(offers(batch * 100 + 1, batch * 100 + 100, "bob", "x".repeat(10_000))),
      );
    }
    const before = bench.host.disk.operationCount;
    const { deliveries } = await bench.world.wait(readDeliveries(mail.runtime.files, DIRECTORY, { newestMax: 20 }));
    expect(deliveries).toHaveLength(20);
    // Open, stat, one read of a megabyte, close.
    expect(bench.host.disk.operationCount - before).toBeLessThanOrEqual(4);
  });
});

describe("waitForDelivery", () => {
  test("ends soon after the message is delivered, also when it is accepted only later", async () => {
    const bench = makeBench();
    const { clock, files } = bench.world.createRuntime(bench.host);
    const waiting = waitForDelivery({ clock, files }, { directory: DIRECTORY, id: ID });
    const mail = await bench.open({ carrier: new ScriptedCarrier((_, own) => after(own, 300, DELIVERED)) });
    mail.dispatcher.start();
    await bench.world.run(2_000);
    await bench.world.wait(mail.journal.accept([...offers(1, 5), offer(6, "bob", { id: ID }), ...offers(7, 9)]));
    const before = bench.world.clock.monotonicMs();
    expect(await bench.world.wait(waiting)).toMatchObject({ id: ID, state: "delivered", msg: "message 6" });
    expect(bench.world.clock.monotonicMs() - before).toBeLessThan(600);
  });

  test("ends at its time or when it is told, with how far the message is", async () => {
    const bench = makeBench();
    const { clock, files } = bench.world.createRuntime(bench.host);
    const init = { directory: DIRECTORY, id: ID, timeoutMs: 5_000 };
    expect(await bench.world.wait(waitForDelivery({ clock, files }, init))).toBe(undefined);
    const mail = await bench.open();
    await bench.world.wait(mail.journal.accept([offer(1, "bob", { id: ID })]));
    expect(await bench.world.wait(waitForDelivery({ clock, files }, init))).toMatchObject({ state: "accepted" });
    const controller = new AbortController();
    const waiting = waitForDelivery({ clock, files }, { directory: DIRECTORY, id: ID, signal: controller.signal });
    await bench.world.run(1_000);
    controller.abort();
    expect(await bench.world.wait(waiting)).toMatchObject({ state: "accepted" });
  });

  test("does not miss the end when the journal is written anew, deleted or damaged meanwhile", async () => {
    const bench = makeBench();
    const { clock, files } = bench.world.createRuntime(bench.host);
    const mail = await bench.open({ historyMessagesMax: 3, compactBytesMin: 300 });
    await bench.world.wait(mail.journal.accept([...offers(1, 30), offer(31, "bob", { id: ID })]));
    const waiting = waitForDelivery({ clock, files }, { directory: DIRECTORY, id: ID });
    for (const message of mail.journal.pending) if (message.id !== ID) mail.journal.delivered(message);
    await bench.world.run(10_000);
    expect(bench.records().length).toBeLessThan(20);
    await bench.world.wait(mail.runtime.files.remove(JOURNAL));
    await bench.world.run(1_000);
    for (const message of mail.journal.pending) mail.journal.failed(message, "enough");
    expect(await bench.world.wait(waiting)).toMatchObject({ state: "failed", lastError: "enough" });
  });
});
