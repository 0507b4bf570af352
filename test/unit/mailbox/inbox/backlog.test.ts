/**
 * Hunts: one sender who fills the inbox, a limit that stays after the agent has read, counts that are lost in a
 * restart, a cursor believed blindly.
 */
import { describe, expect, test } from "vitest";
import { Backlog } from "../../../../src/mailbox/inbox/backlog.ts";
import { readCursorText } from "../../../../src/mailbox/inbox/cursor.ts";
import { isLongerThan } from "../../../../src/mailbox/inbox/intake.ts";
import { SeededRandom } from "../../../sim/mod.ts";
import {
  CURSOR,
  deliver,
  end,
  events,
  INBOX,
  type Life,
  live,
  message,
  outcomes,
  type Setting,
  setUp,
} from "./support/lives.ts";

const EVE = "ed25519:eve";
const LIMITS = { unreadPerSenderMax: 3, unreadMax: 5 };

const from = (sender: string, id: number | string) => message(id, { from: sender });

async function read(setting: Setting, life: Life, cursor: string): Promise<void> {
  setting.host.disk.put(CURSOR, cursor);
  await setting.world.wait(life.inbox.refresh());
}

describe("Inbox", () => {
  test("deliver refuses one sender's messages above the limit, not another's, and takes them once some are read", async () => {
    const setting = setUp();
    const life = await live(setting, LIMITS);
    const four = [1, 2, 3, 4].map((id) => from(EVE, id));
    const result = await deliver(setting, life, ...four);
    expect(result.map(({ outcome }) => outcome)).toEqual(["delivered", "delivered", "delivered", "refused"]);
    expect(result[3]).toEqual({
      outcome: "refused",
      code: "RATE_LIMIT",
      detail: "too many of your messages are unread",
    });
    expect(await outcomes(setting, life, message(5))).toEqual(["delivered"]);
    expect(life.inbox.view).toMatchObject({ unread: 4, failing: undefined });
    expect(life.metrics.render()).toContain(
      'barnacle_mail_refused_total{code="RATE_LIMIT",reason="unread_of_sender"} 1',
    );
    await read(setting, life, "1");
    expect(await outcomes(setting, life, from(EVE, 4), from(EVE, 6))).toEqual(["delivered", "refused"]);
  });

  test("deliver refuses everybody's messages above the limit of all", async () => {
    const setting = setUp();
    const life = await live(setting, LIMITS);
    const six = [1, 2, 3, 4, 5, 6].map((id) => from(`ed25519:${id}`, id));
    const result = await deliver(setting, life, ...six);
    expect(result[5]).toEqual({ outcome: "refused", code: "RATE_LIMIT", detail: "too many messages are unread" });
    expect(result.filter(({ outcome }) => outcome === "delivered")).toHaveLength(5);
  });

  test("deliver looks at the cursor again before it refuses for a limit", async () => {
    const setting = setUp();
    const life = await live(setting, LIMITS);
    await deliver(setting, life, from(EVE, 1), from(EVE, 2), from(EVE, 3));
    await setting.world.run(1_000);
    setting.host.disk.put(CURSOR, "2\n");
    expect(await outcomes(setting, life, from(EVE, 4), from(EVE, 5), from(EVE, 6))).toEqual([
      "delivered",
      "delivered",
      "refused",
    ]);
    expect(life.inbox.view).toMatchObject({ cursor: 2, unread: 3 });
  });

  test("deliver does not let a flood above the limit become a flood of reads", async () => {
    const setting = setUp();
    const life = await live(setting, LIMITS);
    await deliver(setting, life, from(EVE, 1), from(EVE, 2), from(EVE, 3));
    await setting.world.run(1_000);
    const before = setting.host.disk.operationCount;
    const flood = Array.from({ length: 1_000 }, (_, index) => from(EVE, `flood${index}`));
    expect(new Set(await outcomes(setting, life, ...flood))).toEqual(new Set(["refused"]));
    expect(new Set(await outcomes(setting, life, ...flood))).toEqual(new Set(["refused"]));
    expect(setting.host.disk.operationCount - before).toBe(1);
  });

  test("a message that could not be stored does not count against its sender", async () => {
    const setting = setUp();
    const life = await live(setting, LIMITS);
    const three = [1, 2, 3].map((id) => from(EVE, id));
    setting.host.disk.break(INBOX, { write: "IO_ERROR" });
    expect(await outcomes(setting, life, ...three)).toEqual(["refused", "refused", "refused"]);
    setting.host.disk.mendAll();
    expect(await outcomes(setting, life, ...three)).toEqual(["delivered", "delivered", "delivered"]);
  });

  test("limits hold over restarts", async () => {
    for (const isKilled of [true, false]) {
      const setting = setUp();
      let life = await live(setting, LIMITS);
      await deliver(setting, life, from(EVE, 1), from(EVE, 2), message(3), from(EVE, 4));
      if (isKilled) life.process.kill();
      else await end(setting, life);
      setting.host.disk.put(CURSOR, "1");
      life = await live(setting, LIMITS);
      expect(life.inbox.view).toMatchObject({ cursor: 1, unread: 3 });
      expect(await outcomes(setting, life, from(EVE, 5), from(EVE, 6))).toEqual(["delivered", "refused"]);
    }
  });

  test("a limit lowered below what is unread refuses until that is read", async () => {
    const setting = setUp();
    let life = await live(setting);
    await deliver(setting, life, ...Array.from({ length: 50 }, (_, index) => from(EVE, index)));
    await end(setting, life);
    life = await live(setting, LIMITS);
    expect(life.inbox.view.unread).toBe(50);
    expect(await outcomes(setting, life, message("other"))).toEqual(["refused"]);
    await read(setting, life, "46");
    expect(life.inbox.view.unread).toBe(4);
    expect(await outcomes(setting, life, message("other"), from(EVE, "x"))).toEqual(["delivered", "refused"]);
  });

  test("a cursor that goes back makes read messages unread again", async () => {
    const setting = setUp();
    const life = await live(setting, LIMITS);
    await deliver(setting, life, from(EVE, 1), from(EVE, 2), from(EVE, 3));
    await read(setting, life, "3");
    expect(life.inbox.view).toMatchObject({ cursor: 3, unread: 0 });
    await read(setting, life, "1");
    expect(life.inbox.view).toMatchObject({ cursor: 1, unread: 2 });
    expect(await outcomes(setting, life, from(EVE, 4), from(EVE, 5))).toEqual(["delivered", "refused"]);
    await read(setting, life, "4");
    expect(life.inbox.view).toMatchObject({ cursor: 4, unread: 0 });
  });

  test("an inbox that was deleted unread holds no limit against anybody", async () => {
    const setting = setUp();
    const life = await live(setting, LIMITS);
    await deliver(setting, life, from(EVE, 1), from(EVE, 2), from(EVE, 3));
    await setting.world.wait(life.runtime.files.remove(INBOX));
    await setting.world.wait(life.inbox.refresh());
    expect(life.inbox.view.unread).toBe(0);
    expect(await outcomes(setting, life, from(EVE, 4))).toEqual(["delivered"]);
    expect(life.inbox.view.unread).toBe(1);
  });

  test.each([
    ["rubbish", "all of them", 2],
    ["empty", "", 2],
    ["negative", "-5", 0],
    ["beyond the last message", "77", 3],
    ["no whole number", "1.5", 1],
    ["two numbers", "1 2", 2],
    ["too long", "1".repeat(5_000), 2],
  ])("a cursor that is %s is reported, and the nearest sane value is taken", async (_, text, cursor) => {
    const setting = setUp();
    const life = await live(setting);
    await deliver(setting, life, message(1), message(2), message(3));
    await read(setting, life, "2");
    await read(setting, life, text);
    expect(life.inbox.view).toMatchObject({ cursor, unread: 3 - cursor, failing: undefined });
    expect(events(life, "inbox_cursor_invalid")).toHaveLength(1);
    expect(setting.host.disk.text(CURSOR)).toBe(text);
    await read(setting, life, "3");
    expect(life.inbox.view.cursor).toBe(3);
    expect(events(life, "inbox_cursor_valid")).not.toEqual([]);
  });
});

describe("readCursorText", () => {
  test.each([["7", 7], [" 7\r\n", 7], ["\uFEFF7\n", 7], ["+7", 7], ["007", 7], ["7.0", 7], ["0", 0]])(
    "takes %j for what it means",
    (text, value) => {
      expect(readCursorText(text, 10)).toEqual({ value, problem: undefined });
    },
  );

  test.each(["0x7", "1e1", "seven", "7,5", "{7}", "null", "Infinity", "NaN"])("takes %j for nothing", (text) => {
    expect(readCursorText(text, 10).value).toBeUndefined();
  });
});

describe("Backlog", () => {
  test("counts as a plain list would, whatever comes", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = new SeededRandom(seed);
      const backlog = new Backlog();
      let list: { seq: number; from: string }[] = [];
      let seq = 0;
      for (let step = 0; step < 400; step++) {
        const sender = random.pick(["a", "b", "c"]);
        if (random.chance(0.7)) {
          backlog.expect(sender);
          if (random.chance(0.1)) backlog.release(sender);
          else {
            seq += random.chance(0.05) ? 10 : 1;
            backlog.arrived(seq, sender);
            list.push({ seq, from: sender });
          }
        } else {
          const cursor = Math.min(seq, backlog.cursor + random.integer(0, 12));
          expect(backlog.moveCursor(cursor)).toBe(true);
          list = list.filter((one) => one.seq > cursor);
        }
        expect(backlog.unread).toBe(list.length);
        for (const name of ["a", "b", "c"]) {
          expect(backlog.of(name)).toBe(list.filter((one) => one.from === name).length);
        }
      }
    }
  });
});

describe("isLongerThan", () => {
  test("agrees with the encoder", () => {
    const random = new SeededRandom(5);
    for (let round = 0; round < 2_000; round++) {
      const parts = Array.from(
        { length: random.integer(0, 12) },
        () => random.pick(["a", "ä", "漢", "🦀", "\ud800", "\0"]),
      );
      const text = parts.join("");
      const bytes = new TextEncoder().encode(text).length;
      // A lone half of a pair takes three bytes when encoded; none gets past the wire, and two are counted.
      if (/[\ud800-\udfff]/u.test(text)) continue;
      const limit = random.integer(0, 40);
      expect(isLongerThan(text, limit)).toBe(bytes > limit);
    }
  });
});
