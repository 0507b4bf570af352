/** Hunts: an accepted message that is lost, accepted twice or given another id, whatever happens to the process, the disk or the file. */
import { describe, expect, test } from "vitest";
import { type Bench, codeOf, DIRECTORY, JOURNAL, type Mail, makeBench, offer, offers } from "./support.ts";

function pendingOf(mail: Mail): string[] {
  return [...mail.journal.pending].map(({ id, key, to }) => `${key} ${id} ${to}`);
}

function deliverFirst(mail: Mail, count: number): void {
  for (const message of [...mail.journal.pending].slice(0, count)) mail.journal.delivered(message);
}

async function restarted(bench: Bench, mail: Mail & { readonly process: { kill(): void } }) {
  mail.process.kill();
  return await bench.open();
}

describe("accept", () => {
  test("is durable when it resolves: order, ids and recipients outlive a power cut", async () => {
    const bench = makeBench();
    const mail = await bench.open();
    await bench.world.wait(mail.journal.accept([...offers(1, 3), offer(4, "carol"), ...offers(5, 6)]));
    const before = pendingOf(mail);
    bench.host.powerCut("lost");
    bench.host.boot();
    const after = await bench.open();
    expect(pendingOf(after)).toEqual(before);
    expect(before).toHaveLength(6);
    expect([...after.journal.pending].map(({ msg }) => msg)).toEqual(
      [1, 2, 3, 4, 5, 6].map((number) => `message ${number}`),
    );
  });

  test("writes one readable line for each message, with one sync for the batch", async () => {
    const bench = makeBench();
    const mail = await bench.open();
    await bench.world.wait(mail.journal.accept([offer(1)]));
    const before = bench.host.disk.operationCount;
    await bench.world.wait(mail.journal.accept(offers(2, 500)));
    // A write, a sync, a look at the name.
    expect(bench.host.disk.operationCount - before).toBe(3);
    expect(bench.records()[0]).toEqual({
      ts: expect.any(Number),
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      state: "accepted",
      to: "bob",
      msg: "message 1",
      key: "key-1",
      line: 1,
    });
  });

  test("passes over a key that was accepted before: pending, settled, and after a restart", async () => {
    const bench = makeBench();
    const mail = await bench.open();
    await bench.world.wait(mail.journal.accept([...offers(1, 3), offer(2)]));
    expect(mail.journal.pending.size).toBe(3);
    deliverFirst(mail, 1);
    await bench.world.run(2_000);
    const again = await restarted(bench, mail);
    await bench.world.wait(again.journal.accept(offers(1, 4)));
    expect(pendingOf(again).map((line) => line.split(" ")[0])).toEqual(["key-2", "key-3", "key-4"]);
  });

  test("keeps the id that a line gave, and takes no second message with it", async () => {
    const bench = makeBench();
    const mail = await bench.open();
    const id = "0f0e0d0c-0b0a-4908-8706-050403020100";
    await bench.world.wait(mail.journal.accept([offer(1, "bob", { id })]));
    const again = await restarted(bench, mail);
    await bench.world.wait(again.journal.accept([offer(2, "bob", { id }), offer(3)]));
    expect(pendingOf(again)[0]).toBe(`key-1 ${id} bob`);
    expect(again.journal.pending.size).toBe(2);
  });

  test("is durable also where a process before wrote the message and died before its sync", async () => {
    const bench = makeBench();
    const first = await bench.open();
    await bench.world.wait(first.journal.accept([offer(1)]));
    // A write, then the sync.
    first.process.atDiskOperation(2);
    const lost = first.journal.accept(offers(2, 3));
    await bench.world.until(() => !first.process.isRunning);
    lost.catch(() => undefined);
    const second = await bench.open();
    await bench.world.wait(second.journal.accept(offers(1, 3)));
    const before = pendingOf(second);
    bench.host.powerCut("lost");
    bench.host.boot();
    expect(pendingOf(await bench.open())).toEqual(before);
    expect(before).toHaveLength(3);
  });

  test("on a full disk takes nothing, leaves no part of a line, and takes the same once when there is room", async () => {
    const bench = makeBench();
    const mail = await bench.open();
    await bench.world.wait(mail.journal.accept([offer(1)]));
    const before = bench.host.disk.text(JOURNAL);
    bench.host.disk.limitFree(150);
    expect(await bench.world.wait(codeOf(mail.journal.accept(offers(2, 3))))).toBe("DISK_FULL");
    expect(mail.journal.view.failing).toBe("DISK_FULL");
    expect(bench.host.disk.text(JOURNAL)).toBe(before);
    bench.host.disk.limitFree(10_000);
    await bench.world.wait(mail.journal.accept(offers(2, 3)));
    expect(mail.journal.view.failing).toBe(undefined);
    expect(bench.records().map(({ key }) => key)).toEqual(["key-1", "key-2", "key-3"]);
  });

  test("takes back the beginning of a large batch whose end did not fit", async () => {
    const bench = makeBench();
    const mail = await bench.open();
    await bench.world.wait(mail.journal.accept([offer(1)]));
    bench.host.disk.limitFree(400_000);
    const large = offers(2, 100, "bob", "x".repeat(10_000));
    expect(await bench.world.wait(codeOf(mail.journal.accept(large)))).toBe("DISK_FULL");
    expect(bench.records()).toHaveLength(1);
    mail.process.kill();
    expect((await bench.open()).journal.pending.size).toBe(1);
  });

  test("after a failed sync takes nothing, and relies on a new file from then on", async () => {
    const bench = makeBench();
    const mail = await bench.open();
    await bench.world.wait(mail.journal.accept([offer(1)]));
    bench.host.disk.break(JOURNAL, { sync: "IO_ERROR" });
    expect(await bench.world.wait(codeOf(mail.journal.accept([offer(2)])))).toBe("IO_ERROR");
    expect(mail.journal.pending.size).toBe(1);
    bench.host.disk.mendAll();
    await bench.world.wait(mail.journal.accept([offer(2), offer(3)]));
    expect(bench.records().map(({ key }) => key)).toEqual(["key-1", "key-2", "key-3"]);
    bench.host.powerCut("lost");
    bench.host.boot();
    expect((await bench.open()).journal.pending.size).toBe(3);
  });

  test("after its directory could not be synced takes nothing, and the same once with one id", async () => {
    const bench = makeBench();
    const mail = await bench.open();
    await bench.world.wait(mail.journal.accept([offer(1)]));
    // A file that was written anew has a name that is not durable yet.
    bench.host.disk.replace(JOURNAL, bench.host.disk.text(JOURNAL) ?? "", { mode: 0o666 });
    bench.host.disk.break(DIRECTORY, { sync: "IO_ERROR" });
    await bench.world.run(130_000);
    expect(await bench.world.wait(codeOf(mail.journal.accept([offer(2)])))).toBe("IO_ERROR");
    bench.host.disk.mendAll();
    await bench.world.wait(mail.journal.accept([offer(2)]));
    const ids = [...mail.journal.pending].map(({ id }) => id);
    const after = await restarted(bench, mail);
    expect([...after.journal.pending].map(({ id }) => id)).toEqual(ids);
    expect(bench.records().map(({ key }) => key)).toEqual(["key-1", "key-2"]);
  });

  test("refuses when there is no room, and takes what is known all the same", async () => {
    const bench = makeBench();
    const mail = await bench.open({ pendingMax: 2 });
    await bench.world.wait(mail.journal.accept(offers(1, 2)));
    expect(mail.journal.room).toBe(0);
    expect(await bench.world.wait(codeOf(mail.journal.accept([offer(3)])))).toBe("UNAVAILABLE");
    await bench.world.wait(mail.journal.accept([offer(1)]));
    deliverFirst(mail, 1);
    expect(mail.journal.room).toBe(1);
    await bench.world.wait(mail.journal.accept([offer(3)]));
  });
});

describe("what became of a message", () => {
  test("is written within moments and synced within a second", async () => {
    const bench = makeBench();
    const mail = await bench.open();
    await bench.world.wait(mail.journal.accept(offers(1, 2)));
    deliverFirst(mail, 1);
    await bench.world.run(30);
    expect(bench.records().map(({ state }) => state)).toEqual(["accepted", "accepted", "delivered"]);
    await bench.world.run(1_000);
    expect(bench.host.disk.unsyncedBytes(JOURNAL)).toBe(0);
  });

  test("counts attempts across a restart, and writes one line for each doubling", async () => {
    const bench = makeBench();
    const mail = await bench.open();
    await bench.world.wait(mail.journal.accept([offer(1)]));
    const [message] = [...mail.journal.pending];
    if (message === undefined) throw new Error("nothing is pending");
    for (let attempt = 1; attempt <= 9; attempt++) {
      message.attempts = attempt;
      mail.journal.sent(message);
      message.lastError = `TIMED_OUT: ${attempt}`;
    }
    await bench.world.run(2_000);
    expect(bench.records().filter(({ state }) => state === "sent").map(({ attempt, error }) => [attempt, error]))
      .toEqual([
        [1, undefined],
        [2, "TIMED_OUT: 1"],
        [4, "TIMED_OUT: 3"],
        [8, "TIMED_OUT: 7"],
      ]);
    const again = await restarted(bench, mail);
    expect([...again.journal.pending].map(({ attempts, lastError }) => [attempts, lastError])).toEqual([[
      8,
      "TIMED_OUT: 7",
    ]]);
  });

  test("survives a disk that refuses for a while", async () => {
    const bench = makeBench();
    const mail = await bench.open();
    await bench.world.wait(mail.journal.accept(offers(1, 10)));
    bench.host.disk.break(JOURNAL, { write: "IO_ERROR" });
    deliverFirst(mail, 4);
    await bench.world.run(5_000);
    expect(mail.journal.view.failing).toBe("IO_ERROR");
    deliverFirst(mail, 4);
    bench.host.disk.mendAll();
    await bench.world.run(60_000);
    expect(mail.journal.view.failing).toBe(undefined);
    expect((await restarted(bench, mail)).journal.pending.size).toBe(2);
  });
});

describe("a damaged journal", () => {
  const accepted = (number: number) =>
    `{"ts":1,"id":"id-${number}","state":"accepted","to":"bob","msg":"m${number}","key":"key-${number}","line":${number}}`;

  async function opened(content: string | Uint8Array) {
    const bench = makeBench();
    bench.host.disk.put(JOURNAL, content);
    const mail = await bench.open();
    return { bench, mail, ids: [...mail.journal.pending].map(({ id }) => id) };
  }

  test("loses its torn end, and goes on behind the last whole line", async () => {
    const { bench, ids, mail } = await opened(`${accepted(1)}\n${accepted(2).slice(0, 40)}`);
    expect(ids).toEqual(["id-1"]);
    await bench.world.wait(mail.journal.accept([offer(3)]));
    expect(bench.records().map(({ key }) => key)).toEqual(["key-1", "key-3"]);
  });

  test("keeps a whole last record that only lacks its newline", async () => {
    const { bench, ids, mail } = await opened(`${accepted(1)}\n${accepted(2)}`);
    expect(ids).toEqual(["id-1", "id-2"]);
    await bench.world.wait(mail.journal.accept([offer(3)]));
    expect(bench.records().map(({ key }) => key)).toEqual(["key-1", "key-2", "key-3"]);
  });

  test("is read around what is no record, which is left and reported", async () => {
    const middle = `no json\n{"state":"accepted"}\n[]\n\n{"ts":1,"id":"stranger","state":"delivered"}\r\n`;
    const { bench, ids, mail } = await opened(`${accepted(1)}\n${middle}${accepted(2)}\r\n`);
    expect(ids).toEqual(["id-1", "id-2"]);
    expect(mail.log.events.find(({ event }) => event === "delivery_journal_damaged")?.fields).toMatchObject({
      lines: 3,
    });
    expect(bench.host.disk.text(JOURNAL)).toContain("no json\n");
  });

  test("is read behind the zeros that a lost write leaves", async () => {
    const { ids } = await opened(`${accepted(1)}\n${"\0".repeat(100)}${accepted(2)}\n`);
    expect(ids).toEqual(["id-1", "id-2"]);
  });

  test("takes a message that stands in it twice once", async () => {
    const twice = accepted(1).replace("id-1", "id-9");
    const { ids } = await opened(`${accepted(1)}\n${accepted(1)}\n${twice}\n`);
    expect(ids).toEqual(["id-1"]);
  });
});

describe("a journal that somebody else touches", () => {
  const damages: Readonly<Record<string, (bench: Bench, mail: Mail) => Promise<void> | void>> = {
    "is deleted": async ({ world }, { runtime }) => await world.wait(runtime.files.remove(JOURNAL)),
    "is replaced by another file": async ({ host, world }, { runtime }) => {
      host.disk.put("/work/other", "something else\n");
      await world.wait(runtime.files.rename("/work/other", JOURNAL));
    },
    "is emptied": ({ host }) => host.disk.put(JOURNAL, ""),
    "is written to": ({ host }) => host.disk.put(JOURNAL, `${host.disk.text(JOURNAL)}{"state":"mine"}\n`),
  };
  for (const [name, damage] of Object.entries(damages)) {
    test(`and that ${name} is written anew within moments, and loses nothing that is pending`, async () => {
      const bench = makeBench();
      const mail = await bench.open();
      await bench.world.wait(mail.journal.accept(offers(1, 5)));
      deliverFirst(mail, 1);
      await bench.world.run(5_000);
      const before = pendingOf(mail);
      await damage(bench, mail);
      deliverFirst(mail, 1);
      await bench.world.run(2_000);
      expect(mail.log.events.filter(({ event }) => event === "delivery_journal_changed")).toHaveLength(1);
      bench.host.powerCut("lost");
      bench.host.boot();
      const again = await bench.open();
      expect(pendingOf(again)).toEqual(before.slice(1));
      await bench.world.wait(again.journal.accept(offers(1, 5)));
      expect(again.journal.pending.size).toBe(3);
    });

    test(`and that ${name} does not swallow the next accepted message`, async () => {
      const bench = makeBench();
      const mail = await bench.open();
      await bench.world.wait(mail.journal.accept(offers(1, 2)));
      await damage(bench, mail);
      await bench.world.wait(mail.journal.accept([offer(3)]));
      bench.host.powerCut("lost");
      bench.host.boot();
      expect((await bench.open()).journal.pending.size).toBe(3);
    });
  }

  test("is noticed within two minutes when nothing else happens", async () => {
    const bench = makeBench();
    const mail = await bench.open();
    await bench.world.wait(mail.journal.accept(offers(1, 2)));
    await bench.world.wait(mail.runtime.files.remove(JOURNAL));
    await bench.world.run(120_000);
    expect(bench.records()).toHaveLength(2);
  });
});
