/**
 * Hunts: an unread message the commands do not show, a whole inbox read for its last lines, a cursor moved past what
 * nobody saw.
 */
import { describe, expect, test } from "vitest";
import { followInbox } from "../../../../src/mailbox/inbox/follow.ts";
import { acknowledge, type InboxReading, readInbox } from "../../../../src/mailbox/inbox/reader.ts";
import { scanBackward, scanForward } from "../../../../src/mailbox/inbox/scan.ts";
import { SeededRandom } from "../../../sim/mod.ts";
import { CURSOR, deliver, DIRECTORY, INBOX, live, message, type Setting, setUp } from "./support/lives.ts";
import { withHandles } from "./support/wrapped-files.ts";

async function read({ world, host }: Setting, options: Parameters<typeof readInbox>[2] = {}): Promise<InboxReading> {
  return await world.wait(readInbox(world.createRuntime(host).files, DIRECTORY, options));
}

const line = (seq: number, from = "ed25519:bob", msg = `m${seq}`): string =>
  `${JSON.stringify({ seq, received_ts: 5, from, id: `id-${seq}`, to: "ed25519:me", msg })}\n`;

describe("readInbox", () => {
  test("gives nothing where there is no inbox", async () => {
    expect(await read(setUp())).toEqual({
      cursor: 0,
      cursorProblem: undefined,
      lastSeq: 0,
      unread: 0,
      isCapped: false,
      newest: [],
      others: [],
      damagedLines: 0,
      place: { fileId: -1, offset: 0, seq: 0 },
    });
  });

  test("gives the newest 20 unread in full, oldest first, and the others by sender", async () => {
    const setting = setUp();
    const text = Array.from(
      { length: 60 },
      (_, index) => line(index + 1, index < 30 ? "ed25519:eve" : `ed25519:${index % 2}`),
    );
    setting.host.disk.put(INBOX, text.join(""));
    setting.host.disk.put(CURSOR, "5\n");
    const reading = await read(setting);
    expect(reading).toMatchObject({ cursor: 5, lastSeq: 60, unread: 55, damagedLines: 0 });
    expect(reading.newest.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, index) => index + 41));
    expect(reading.others).toEqual([
      { from: "ed25519:eve", count: 25, lastSeq: 30 },
      { from: "ed25519:1", count: 5, lastSeq: 40 },
      { from: "ed25519:0", count: 5, lastSeq: 39 },
    ]);
    expect((await read(setting, { newestMax: 2 })).newest.map(({ seq }) => seq)).toEqual([59, 60]);
    expect((await read(setting, { afterSeq: 58 })).unread).toBe(2);
  });

  test("passes over damaged lines among the unread and counts them", async () => {
    const setting = setUp();
    const text = [line(1), "rubbish\n", line(2), "\0\0\0\n", '{"seq":"3"}\n', "\r\n", line(4), '{"seq":5,"received_'];
    setting.host.disk.put(INBOX, text.join(""));
    setting.host.disk.put(CURSOR, "1");
    const reading = await read(setting);
    expect(reading.newest.map(({ seq }) => seq)).toEqual([2, 4]);
    expect(reading.damagedLines).toBe(2);
    expect(reading.lastSeq).toBe(4);
  });

  test("reads the end of a long inbox only", async () => {
    const setting = setUp();
    setting.host.disk.put(INBOX, Array.from({ length: 30_000 }, (_, index) => line(index + 1)).join(""));
    setting.host.disk.put(CURSOR, "29950");
    const { files } = setting.world.createRuntime(setting.host);
    let readBytes = 0;
    const counting = withHandles(files, (handle) => ({
      ...handle,
      readAt: async (offset, length) => {
        const bytes = await handle.readAt(offset, length);
        readBytes += bytes.length;
        return bytes;
      },
    }));
    expect(await setting.world.wait(readInbox(counting, DIRECTORY))).toMatchObject({ unread: 50, lastSeq: 30_000 });
    expect(readBytes).toBeLessThan(600_000);
  });

  test.each([
    ["rubbish", "what?", 0, 3],
    ["negative", "-1", 0, 3],
    ["beyond the last message", "12", 3, 0],
  ])("says so when the cursor is %s", async (_, text, cursor, unread) => {
    const setting = setUp();
    setting.host.disk.put(INBOX, line(1) + line(2) + line(3));
    setting.host.disk.put(CURSOR, text);
    const reading = await read(setting);
    expect(reading).toMatchObject({ cursor, unread });
    expect(reading.cursorProblem).toContain(`it holds ${JSON.stringify(text)}`);
  });

  test("finds the cursor sane once everything was archived", async () => {
    const setting = setUp();
    const life = await live(setting);
    await deliver(setting, life, message(1), message(2));
    setting.host.disk.put(CURSOR, "2");
    expect(await setting.world.wait(life.inbox.archive())).toMatchObject({ outcome: "archived" });
    expect(await read(setting)).toMatchObject({ cursor: 2, cursorProblem: undefined, lastSeq: 2, unread: 0 });
  });
});

describe("acknowledge", () => {
  test("writes the number, whole, and never goes back", async () => {
    const setting = setUp();
    const { files, random } = setting.world.createRuntime(setting.host);
    const to = (seq: number) => setting.world.wait(acknowledge({ files, random }, DIRECTORY, seq));
    expect(await to(5)).toBe(5);
    expect(setting.host.disk.text(CURSOR)).toBe("5\n");
    expect(await to(3)).toBe(5);
    expect(setting.host.disk.text(CURSOR)).toBe("5\n");
    setting.host.disk.put(CURSOR, "nonsense");
    expect(await to(4)).toBe(4);
    expect(setting.host.disk.text(CURSOR)).toBe("4\n");
  });
});

describe("followInbox", () => {
  test("gives each new message once, over batches, torn lines, an archive and another file", async () => {
    const setting = setUp();
    const { world, host } = setting;
    const life = await live(setting);
    await deliver(setting, life, message(1), message(2));
    const { place } = await read(setting);
    const { files, clock } = world.createRuntime(host);
    const controller = new AbortController();
    const seen: number[] = [];
    const following = (async () => {
      const followed = followInbox({ files, clock }, { directory: DIRECTORY, place, signal: controller.signal });
      for await (const lines of followed) seen.push(...lines.map(({ seq }) => seq));
    })();
    await world.run(100);
    expect(seen).toEqual([]);
    await deliver(setting, life, message(3), message(4));
    await world.run(1_500);
    expect(seen).toEqual([3, 4]);
    host.disk.put(CURSOR, "4");
    await world.wait(life.inbox.archive());
    await world.run(1_500);
    await deliver(setting, life, message(5));
    await world.run(1_500);
    expect(seen).toEqual([3, 4, 5]);
    host.disk.put(INBOX, `${line(4)}${line(5)}${line(6)}{"seq":7`);
    await world.run(1_500);
    expect(seen).toEqual([3, 4, 5, 6]);
    host.disk.put(INBOX, `${line(4)}${line(5)}${line(6)}${line(7)}${line(3)}`);
    await world.run(1_500);
    expect(seen).toEqual([3, 4, 5, 6, 7]);
    controller.abort();
    await world.wait(following);
  });
});

describe("scanForward and scanBackward", () => {
  test("find the same lines, whatever their lengths", async () => {
    const random = new SeededRandom(11);
    const setting = setUp();
    const { world, host } = setting;
    const { files } = world.createRuntime(host);
    for (let round = 0; round < 12; round++) {
      const texts = Array.from(
        { length: random.integer(0, 12) },
        () => "y".repeat(random.pick([0, 1, 7, 262_143, 262_144, 300_000, 600_000])),
      );
      const tail = random.pick(["", "half a line"]);
      const content = texts.map((text) => `${text}\n`).join("") + tail;
      host.disk.put("/work/lines", content);
      const handle = await world.wait(files.open("/work/lines", "read"));
      const forward: number[] = [];
      const end = await world.wait(
        scanForward(handle, { from: 0, to: content.length }, (bytes) => forward.push(bytes?.length ?? -1)),
      );
      expect(forward).toEqual(texts.map(({ length }) => length));
      expect([end.endOffset, end.fragment.length]).toEqual([content.length - tail.length, tail.length]);
      const backward: number[] = [];
      const offsets: number[] = [];
      await world.wait(
        scanBackward(handle, { end: content.length, bytesMax: 2 ** 30 }, (bytes, { offset, isWhole }) => {
          expect(isWhole).toBe(tail === "" || offsets.length > 0);
          backward.push(bytes.length);
          offsets.push(offset);
          return true;
        }),
      );
      const all = tail === "" ? texts : [...texts, tail];
      expect(backward.reverse()).toEqual(all.map(({ length }) => length));
      let offset = 0;
      expect(offsets.reverse()).toEqual(all.map(({ length }) => (offset += length + 1) - length - 1));
    }
  });
});
