/**
 * Hunts: a line that is not the contract's, a message acknowledged before it is durable, one written twice, a sync paid
 * for each line.
 */
import { describe, expect, test } from "vitest";
import { begin, deliver, end, INBOX, lines, live, message, outcomes, setUp, summary } from "./support/lives.ts";
import { withHandles } from "./support/wrapped-files.ts";

describe("Inbox", () => {
  test("deliver writes one line with exactly the six fields in their order", async () => {
    const setting = setUp();
    const life = await live(setting);
    expect(await deliver(setting, life, message(1))).toEqual([{ outcome: "delivered" }]);
    expect(setting.host.disk.text(INBOX)).toBe(
      '{"seq":1,"received_ts":1770000000000,"from":"ed25519:bob","id":"id-1","to":"ed25519:me","msg":"message 1"}\n',
    );
    expect(setting.host.disk.names("/work/.moltcomm")).toEqual(["inbox.ndjson", "state"]);
  });

  test.each([
    ["line breaks", "a\nb\r\nc\u0085d\u2028e\u2029f"],
    ["control characters", "\0\u0007\u001b[2J\u007f\u009b"],
    ["a line that looks like another message", '"}\n{"seq":99,"from":"ed25519:eve"}\n'],
    ["all of unicode", "ä 漢 🦀 \u{10ffff}"],
    ["nothing", ""],
  ])("deliver keeps a message of %s in one line, and whole", async (_, msg) => {
    const setting = setUp();
    const life = await live(setting);
    await deliver(setting, life, message(1, { msg, id: msg, from: "ed25519:bob" }), message(2));
    expect((setting.host.disk.text(INBOX) ?? "").split("\n")).toHaveLength(3);
    expect(lines(setting)[0]).toMatchObject({ seq: 1, msg, id: msg });
    const raw = [...setting.host.disk.bytes(INBOX) ?? []].filter((byte) => byte < 0x20 && byte !== 0x0a);
    expect(raw).toEqual([]);
  });

  test("deliver settles only once the line is safe from a power cut", async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const setting = setUp({ seed });
      const life = await live(setting);
      await deliver(setting, life, message(1), message(2));
      expect(setting.host.disk.unsyncedBytes(INBOX)).toBe(0);
      setting.host.powerCut("lost");
      expect(summary(setting)).toEqual(["1 id-1", "2 id-2"]);
    }
  });

  test("deliver shares one write and one sync among all that wait, and keeps their order", async () => {
    const setting = setUp();
    let writes = 0;
    let syncs = 0;
    const life = begin(setting, {}, (files) =>
      withHandles(files, (handle, path, mode) => {
        if (path !== INBOX || mode !== "append") return handle;
        return {
          ...handle,
          write: (data) => (writes++, handle.write(data)),
          syncData: () => (syncs++, handle.syncData()),
        };
      }));
    await setting.world.wait(life.inbox.open());
    const many = Array.from({ length: 500 }, (_, index) => message(index + 1));
    const first = many.slice(0, 100).map((one) => life.inbox.deliver(one));
    await setting.world.run(0.3);
    const rest = many.slice(100).map((one) => life.inbox.deliver(one));
    const all = await setting.world.wait(Promise.all([...first, ...rest]));
    expect(all.every(({ outcome }) => outcome === "delivered")).toBe(true);
    expect([writes, syncs]).toEqual([2, 2]);
    expect(summary(setting)).toEqual(many.map(({ id }, index) => `${index + 1} ${id}`));
  });

  test("deliver says duplicate for what was delivered before, in this life and in the next", async () => {
    const setting = setUp();
    let life = await live(setting);
    expect(await outcomes(setting, life, message(1))).toEqual(["delivered"]);
    expect(await outcomes(setting, life, message(1, { msg: "other words" }))).toEqual(["duplicate"]);
    await end(setting, life);
    life = await live(setting);
    expect(await outcomes(setting, life, message(1), message(2))).toEqual(["duplicate", "delivered"]);
    expect(summary(setting)).toEqual(["1 id-1", "2 id-2"]);
  });

  test("deliver tells sender and id apart where they would run together", async () => {
    const setting = setUp();
    const life = await live(setting);
    const pairs = [["ab", "c"], ["a", "bc"], ["1:a", "b"], ["a", "1:b"], ["", "abc"]] as const;
    const all = pairs.map(([from, id]) => message(0, { from, id }));
    expect(await outcomes(setting, life, ...all)).toEqual(all.map(() => "delivered"));
  });

  test("deliver lets a twin wait for the one being written: duplicate when that is delivered", async () => {
    const setting = setUp();
    const life = await live(setting);
    expect(await outcomes(setting, life, message(1), message(1), message(1))).toEqual([
      "delivered",
      "duplicate",
      "duplicate",
    ]);
    expect(summary(setting)).toEqual(["1 id-1"]);
  });

  test("deliver lets a twin wait for the one being written: refused when that is refused", async () => {
    const setting = setUp();
    const life = await live(setting);
    setting.host.disk.break(INBOX, { write: "DISK_FULL" });
    const refused = { outcome: "refused", code: "RATE_LIMIT", detail: "cannot store now" };
    expect(await deliver(setting, life, message(1), message(1))).toEqual([refused, refused]);
    setting.host.disk.mendAll();
    expect(await outcomes(setting, life, message(1))).toEqual(["delivered"]);
    expect(summary(setting)).toEqual(["1 id-1"]);
  });

  test("deliver refuses a message that is too long in bytes, and keeps no trace of it", async () => {
    const setting = setUp();
    const life = await live(setting, { messageBytesMax: 12 });
    const tooLong = ["x".repeat(13), "ä".repeat(7), "漢".repeat(5), "🦀".repeat(4)];
    for (const msg of tooLong) {
      const expected = { outcome: "refused", code: "UNSUPPORTED", detail: "longer than 12 bytes" };
      expect(await deliver(setting, life, message(1, { msg }))).toEqual([expected]);
    }
    const longest = ["x".repeat(12), "ä".repeat(6), "漢".repeat(4), "🦀".repeat(3)];
    for (const msg of longest) {
      expect(await outcomes(setting, life, message(msg, { msg }))).toEqual(["delivered"]);
    }
    expect(life.metrics.render()).toContain('barnacle_mail_refused_total{code="UNSUPPORTED",reason="too_long"} 4');
  });

  test("deliver refuses once the inbox is closing; what was on its way is delivered", async () => {
    const setting = setUp();
    const life = await live(setting);
    const underWay = [1, 2, 3].map((id) => life.inbox.deliver(message(id)));
    const closing = life.inbox.close();
    const late = await setting.world.wait(life.inbox.deliver(message(4)));
    expect(late).toEqual({ outcome: "refused", code: "RATE_LIMIT", detail: "stopping" });
    await setting.world.wait(closing);
    expect((await Promise.all(underWay)).map(({ outcome }) => outcome)).toEqual([
      "delivered",
      "delivered",
      "delivered",
    ]);
    await setting.world.wait(life.inbox.close());
    expect(summary(setting)).toEqual(["1 id-1", "2 id-2", "3 id-3"]);
  });

  test("deliver before open opens, and keeps the order", async () => {
    const setting = setUp();
    const life = begin(setting);
    expect(await outcomes(setting, life, message(1), message(2), message(3))).toEqual([
      "delivered",
      "delivered",
      "delivered",
    ]);
    expect(summary(setting)).toEqual(["1 id-1", "2 id-2", "3 id-3"]);
  });

  test("the inbox, its state and its directories are nobody else's", async () => {
    const setting = setUp();
    const life = await live(setting);
    await deliver(setting, life, message(1));
    await end(setting, life);
    const { files } = setting.world.createRuntime(setting.host);
    const mode = async (path: string) => (await setting.world.wait(files.stat(`/work/.moltcomm/${path}`))).mode;
    expect(await mode("inbox.ndjson")).toBe(0o600);
    expect(await mode("state")).toBe(0o700);
    expect(await mode("state/inbox.json")).toBe(0o600);
    expect(await mode("state/remembered")).toBe(0o700);
    expect(await mode("state/remembered/1.bin")).toBe(0o600);
  });
});
