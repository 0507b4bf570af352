/** Hunts: a message that is sent a second time, or never, because its file was edited the way editors do. */
import { describe, expect, test } from "vitest";
import { Desk, DIRECTORY, line, lines, OUTBOX, STATE } from "./support.ts";

const SETTLE_MS = 10_000;

/** A desk on which `one` and `two` were taken. */
async function deskWithTwo(): Promise<Desk> {
  const desk = new Desk();
  desk.put(lines("one", "two"));
  await desk.rest();
  expect(desk.news()).toEqual(["one", "two"]);
  return desk;
}

describe("OutboxFile takes once", () => {
  test("what is appended", async () => {
    const desk = await deskWithTwo();
    desk.append(lines("three"));
    expect(await desk.look()).toMatchObject({ taken: 1, hasMore: false });
    await desk.rest();
    expect(desk.news()).toEqual(["three"]);
  });

  test("what is new in a file written whole with one line more, wherever that is", async () => {
    const desk = await deskWithTwo();
    for (
      const [index, text] of [
        lines("0", "one", "two"),
        lines("0", "one", "1", "two"),
        lines("2", "0", "two", "1", "one"),
      ].entries()
    ) {
      desk.put(text);
      await desk.rest();
      expect(desk.news()).toEqual([String(index)]);
    }
  });

  test("what is new in a file that another took the place of", async () => {
    const desk = await deskWithTwo();
    const { files } = desk.runtime;
    await desk.world.wait((async () => {
      const handle = await files.open(`${OUTBOX}.tmp`, "create");
      await handle.write(new TextEncoder().encode(lines("one", "two", "three")));
      await handle.close();
      await files.rename(`${OUTBOX}.tmp`, OUTBOX);
    })());
    await desk.rest();
    expect(desk.news()).toEqual(["three"]);
  });

  test("nothing when the file is only written in another way", async () => {
    const desk = await deskWithTwo();
    const [one, two] = [line("one"), line("two")];
    const ways = [
      `${one}\r\n${two}\r\n`,
      `[${one},\n${two}]`,
      `${two}\n${one}\n`,
      `${one} ${two}`,
      `\uFEFF${one},\n\n${two},\n`,
    ];
    const pretty = [one, two].map((text) => JSON.stringify({ ...JSON.parse(text), note: 1 }, null, 2)).join("\n");
    for (
      const way of [
        ...ways,
        pretty,
        '{"msg":"two","created_ts":"1700000000","to":" <' + JSON.parse(two).to + '>"}' + one,
      ]
    ) {
      desk.put(way);
      await desk.rest();
      expect(desk.news()).toEqual([]);
      desk.put(lines("one", "two"));
      await desk.look();
      expect(desk.news()).toEqual([]);
    }
  });

  test("each of equal lines, also when they come one after the other", async () => {
    const desk = new Desk();
    desk.put(lines("ping", "ping"));
    await desk.rest();
    desk.append(lines("ping"));
    await desk.rest();
    desk.put(lines("ping", "pong", "ping", "ping", "ping"));
    await desk.rest();
    expect(desk.news()).toEqual(["ping", "ping", "ping", "pong", "ping"]);
    expect(new Set(desk.journal.messages.map((message) => message.key)).size).toBe(desk.journal.messages.length);
  });

  test("a change that leaves size and time as they were", async () => {
    const desk = await deskWithTwo();
    desk.append(lines("aaa"));
    await desk.look();
    desk.put(lines("one", "two", "bbb"));
    await desk.rest();
    expect(desk.news()).toEqual(["aaa", "bbb"]);
  });
});

describe("a message written again after its line was removed", () => {
  test("is new once the file has been seen without it for 10 s", async () => {
    const desk = await deskWithTwo();
    desk.put("");
    await desk.rest();
    desk.put(lines("one"));
    await desk.rest();
    expect(desk.news()).toEqual(["one"]);
    expect(desk.journal.repeats).toBe(0);
  });

  test("is the one that was taken while the 10 s last, because editors write so", async () => {
    const desk = await deskWithTwo();
    desk.put("");
    await desk.look();
    await desk.world.run(SETTLE_MS - 500);
    await desk.look();
    desk.put(lines("one", "two", "three"));
    await desk.rest();
    expect(desk.news()).toEqual(["three"]);
  });

  test("is new after the file was deleted for that long, and over a restart", async () => {
    const desk = await deskWithTwo();
    await desk.world.wait(desk.runtime.files.remove(OUTBOX));
    await desk.rest();
    desk.restart();
    await desk.rest();
    desk.put(lines("two"));
    await desk.rest();
    expect(desk.news()).toEqual(["two"]);
    expect(desk.journal.repeats).toBe(0);
  });

  test("is new although nothing says that it was taken, because the process was killed before", async () => {
    const desk = new Desk();
    desk.put(lines("one"));
    desk.host.disk.break(STATE, { name: "IO_ERROR" });
    desk.host.disk.break(`${DIRECTORY}/state`, { name: "IO_ERROR" });
    await desk.look();
    expect(desk.news()).toEqual(["one"]);
    desk.host.disk.mendAll();
    await desk.world.wait(desk.runtime.files.remove(OUTBOX));
    desk.restart();
    await desk.rest();
    desk.put(lines("one"));
    await desk.rest();
    expect(desk.news()).toEqual(["one"]);
    expect(desk.journal.repeats).toBe(0);
  });

  test("is new when one of two equal lines was removed", async () => {
    const desk = new Desk();
    desk.put(lines("ping", "ping"));
    await desk.rest();
    desk.put(lines("ping"));
    await desk.rest();
    desk.append(lines("ping"));
    await desk.rest();
    expect(desk.news()).toEqual(["ping", "ping", "ping"]);
  });

  test("has not waited when the file was changed meanwhile", async () => {
    const desk = await deskWithTwo();
    desk.put(lines("two"));
    await desk.look();
    await desk.world.run(SETTLE_MS - 1_000);
    desk.put(lines("two", "three"));
    await desk.look();
    await desk.world.run(2_000);
    desk.put(lines("one", "two", "three"));
    await desk.rest();
    expect(desk.news()).toEqual(["three"]);
  });
});

describe("a file seen half-way through being written", () => {
  test("at every byte sends nothing twice and rejects nothing", async () => {
    const whole = `${line("one")}\n{\n  "to": "bob",\n  "msg": "two"\n}\n${lines("three")}`;
    const desk = new Desk();
    desk.put(whole);
    await desk.rest();
    expect(desk.news()).toEqual(["one", "two", "three"]);
    for (let bytes = 0; bytes <= whole.length; bytes++) {
      desk.put(whole.slice(0, bytes));
      await desk.look();
      await desk.world.run(3_000);
      await desk.look();
      desk.put(whole);
      await desk.look();
    }
    await desk.rest();
    expect(desk.news()).toEqual([]);
    expect(desk.rejected).toEqual([]);
  });

  test("a last line without newline waits 2 s, and 2 s more when it grows", async () => {
    const desk = new Desk();
    desk.put(line("one").slice(0, 20));
    const { lookAgainInMs } = await desk.look();
    expect(lookAgainInMs).toBeGreaterThan(1_900);
    expect(lookAgainInMs).toBeLessThanOrEqual(2_000);
    await desk.world.run(1_500);
    desk.put(line("one"));
    await desk.look();
    await desk.world.run(1_900);
    expect((await desk.look()).taken).toBe(0);
    await desk.world.run(200);
    expect((await desk.look()).taken).toBe(1);
    desk.append("\n");
    await desk.rest();
    expect(desk.news()).toEqual(["one"]);
  });

  test("a last line that never becomes a message is rejected after 10 s, once", async () => {
    const desk = new Desk();
    desk.put(`${lines("one")}{"to":"alice","msg":"unfin`);
    await desk.look();
    expect(desk.news()).toEqual(["one"]);
    await desk.world.run(SETTLE_MS - 100);
    await desk.look();
    expect(desk.rejected).toEqual([]);
    await desk.rest();
    expect(desk.rejected.map((each) => each.line)).toEqual([2]);
    desk.append(`ished"}\n${lines("three")}`);
    await desk.rest();
    expect(desk.news()).toEqual(["unfinished", "three"]);
    expect(desk.rejected.length).toBe(1);
  });

  test("an object whose lines come one by one is taken when it is whole", async () => {
    const desk = new Desk();
    for (const part of ["{\n", '"to": "bob",\n', '"msg": "slow"\n', "}\n"]) {
      desk.append(part);
      await desk.look();
      await desk.world.run(4_000);
      await desk.look();
    }
    expect(desk.news()).toEqual(["slow"]);
    expect(desk.rejected).toEqual([]);
  });
});

describe("takeMax", () => {
  test("leaves the rest for later, in order, wherever it falls", async () => {
    const desk = new Desk();
    const texts = Array.from({ length: 25 }, (_, index) => `é${index}`);
    desk.put(texts.map((text) => `${line(text)}${line(`${text}b`)}\n`).join(""));
    const taken: string[] = [];
    for (let looks = 0; looks < 17; looks++) {
      expect(await desk.look({ takeMax: 3 })).toMatchObject({ hasMore: looks < 16, taken: 3 });
      taken.push(...desk.news());
      if (looks === 8) desk.restart();
      if (looks === 4) desk.append(lines("last"));
      if (looks === 4) texts.push("last");
    }
    await desk.rest();
    const expected = texts.flatMap((text) => text === "last" ? [text] : [text, `${text}b`]);
    expect([...taken, ...desk.news()]).toEqual(expected);
    expect(desk.journal.repeats).toBe(0);
  });

  test("of 0 takes nothing and rejects what cannot be read", async () => {
    const desk = new Desk();
    desk.put(`hello\n${lines("one")}`);
    expect(await desk.look({ takeMax: 0 })).toMatchObject({ taken: 0, hasMore: true });
    expect(desk.rejected.length).toBe(1);
  });
});

describe("a file of many chunks", () => {
  const texts = Array.from({ length: 4_000 }, (_, index) => `${index} ${"ü".repeat(index % 150)}`);

  test("is taken whole and in order, in several calls, also when it is written anew with lines in its middle", async () => {
    const desk = new Desk();
    desk.put(lines(...texts));
    await desk.rest();
    expect(desk.journal.calls).toBeGreaterThan(3);
    expect(desk.news()).toEqual(texts);
    expect(desk.outbox.view.lines).toBe(texts.length);
    desk.put(lines(...texts.slice(0, 2_000), "new", ...texts.slice(2_000), "newer"));
    await desk.rest();
    desk.put(lines(...texts.slice(1_000), "newest"));
    await desk.rest();
    expect(desk.news()).toEqual(["new", "newer", "newest"]);
  });

  test("is not read again when a line is appended, and noticed when its middle changes besides", async () => {
    const desk = new Desk();
    desk.put(lines(...texts));
    await desk.rest();
    desk.news();
    desk.append(lines("new"));
    const operations = desk.host.disk.operationCount;
    await desk.look();
    expect(desk.host.disk.operationCount - operations).toBeLessThan(10);
    desk.put(desk.text.replace('"msg":"2000 ', '"msg":"two  ') + lines("newer"));
    await desk.rest();
    expect(desk.news().map((text) => text.trimEnd().slice(0, 5))).toEqual(["new", "newer", "two  "]);
  });

  test("rewritten in place between two chunks sends no line twice", async () => {
    const desk = new Desk();
    desk.put(lines(...texts));
    let calls = 0;
    await desk.world.wait(desk.outbox.look((messages) => {
      if (calls++ === 1) desk.put(lines("at the top", ...texts));
      return Promise.resolve(desk.journal.accept(messages));
    }));
    await desk.rest();
    expect(desk.news().sort()).toEqual([...texts, "at the top"].sort());
  });

  test("with messages larger than a chunk", async () => {
    const desk = new Desk(1, { messageBytesMax: 600_000 });
    const large = ["x".repeat(600_000), "y\n".repeat(300_000), "z".repeat(300_000)];
    desk.put(
      `${lines("first", ...large)}{\n"to":"bob","msg":"${"w".repeat(400_000)}",\n}\n${
        lines("x".repeat(600_001), "last")
      }`,
    );
    await desk.rest();
    expect(desk.news().map((text) => text.length)).toEqual([5, 600_000, 600_000, 300_000, 400_000, 4]);
    expect(desk.rejected.map((each) => each.line)).toEqual([8]);
  });
});
