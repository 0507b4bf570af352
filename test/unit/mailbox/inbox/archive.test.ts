/**
 * Hunts: an unread message moved away, an archive overwritten, a number lost between two files, a file moved under the
 * agent's hands.
 */
import { describe, expect, test } from "vitest";
import {
  ARCHIVE,
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
  summary,
} from "./support/lives.ts";

const LONG = "x".repeat(20_000);
const MINUTE_MS = 60_000;

async function pass({ world }: Setting, { inbox }: Life, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    await world.run(MINUTE_MS);
    await world.wait(inbox.refresh());
  }
}

describe("Inbox", () => {
  test("archives by itself a file over 32 KB of which everything was read and nothing happened for 10 minutes", async () => {
    const setting = setUp();
    const life = await live(setting);
    await deliver(setting, life, message(1, { msg: LONG }), message(2, { msg: LONG }));
    await pass(setting, life, 30);
    expect(setting.host.disk.names(ARCHIVE)).toEqual([]);
    setting.host.disk.put(CURSOR, "2");
    await pass(setting, life, 10);
    expect(setting.host.disk.names(ARCHIVE)).toEqual([]);
    await pass(setting, life, 2);
    expect(setting.host.disk.names(ARCHIVE)).toEqual(["inbox-1-2.ndjson"]);
    expect(setting.host.disk.text(INBOX)).toBeUndefined();
    expect(summary(setting, `${ARCHIVE}/inbox-1-2.ndjson`)).toEqual(["1 id-1", "2 id-2"]);
    expect(life.inbox.view).toMatchObject({ lastSeq: 2, cursor: 2, unread: 0 });
    expect(await outcomes(setting, life, message(3), message(1))).toEqual(["delivered", "duplicate"]);
    expect(summary(setting)).toEqual(["3 id-3"]);
    expect(events(life, "inbox_archived")).toHaveLength(1);
  });

  test.each<[string, string, string, boolean]>([
    ["it is small", "short", "2", true],
    ["something is unread", LONG, "1", true],
    ["the cursor makes no sense", LONG, "3", true],
    ["it is told not to", LONG, "2", false],
  ])("leaves the file where it is when %s", async (_, msg, cursor, archive) => {
    const setting = setUp();
    const life = await live(setting, { archive });
    await deliver(setting, life, message(1, { msg }), message(2, { msg }));
    setting.host.disk.put(CURSOR, cursor);
    await pass(setting, life, 60);
    expect(setting.host.disk.names(ARCHIVE)).toEqual([]);
    expect(summary(setting)).toEqual(["1 id-1", "2 id-2"]);
  });

  test("waits 10 minutes from the last message on", async () => {
    const setting = setUp();
    const life = await live(setting);
    await deliver(setting, life, message(1, { msg: LONG }), message(2, { msg: LONG }));
    setting.host.disk.put(CURSOR, "2");
    await pass(setting, life, 9);
    await deliver(setting, life, message(3));
    setting.host.disk.put(CURSOR, "3");
    await pass(setting, life, 10);
    expect(setting.host.disk.names(ARCHIVE)).toEqual([]);
    await pass(setting, life, 2);
    expect(setting.host.disk.names(ARCHIVE)).toEqual(["inbox-1-3.ndjson"]);
  });

  test("archive moves a small file too when asked, and says why it does not", async () => {
    const setting = setUp();
    let life = await live(setting);
    const archive = () => setting.world.wait(life.inbox.archive());
    expect(await archive()).toMatchObject({ outcome: "kept", reason: "empty" });
    await deliver(setting, life, message(1));
    expect(await archive()).toEqual({ outcome: "kept", reason: "unread", detail: "1 are unread" });
    setting.host.disk.put(CURSOR, "1");
    const file = `${ARCHIVE}/inbox-1-1.ndjson`;
    expect(await archive()).toEqual({ outcome: "archived", file, firstSeq: 1, lastSeq: 1 });
    expect(await archive()).toMatchObject({ outcome: "kept", reason: "empty" });
    await end(setting, life);
    life = await live(setting);
    expect(life.inbox.view).toMatchObject({ lastSeq: 1, cursor: 1, unread: 0 });
    await deliver(setting, life, message(2), message(3));
    setting.host.disk.put(CURSOR, "3");
    expect(await archive()).toMatchObject({ firstSeq: 2, lastSeq: 3 });
    expect(setting.host.disk.names(ARCHIVE)).toEqual(["inbox-1-1.ndjson", "inbox-2-3.ndjson"]);
  });

  test("archive waits for the messages on their way, and then finds them unread", async () => {
    const setting = setUp();
    const life = await live(setting);
    await deliver(setting, life, message(1));
    setting.host.disk.put(CURSOR, "1");
    const delivery = life.inbox.deliver(message(2));
    expect(await setting.world.wait(life.inbox.archive())).toMatchObject({ outcome: "kept", reason: "unread" });
    expect(await setting.world.wait(delivery)).toEqual({ outcome: "delivered" });
    expect(summary(setting)).toEqual(["1 id-1", "2 id-2"]);
  });

  test("archive is durable once it says so", async () => {
    const setting = setUp();
    let life = await live(setting);
    await deliver(setting, life, message(1));
    setting.host.disk.put(CURSOR, "1");
    await setting.world.wait(life.inbox.archive());
    setting.host.powerCut("lost");
    setting.host.boot();
    expect(setting.host.disk.names(ARCHIVE)).toEqual(["inbox-1-1.ndjson"]);
    life = await live(setting);
    expect(await outcomes(setting, life, message(2), message(1))).toEqual(["delivered", "duplicate"]);
    expect(summary(setting)).toEqual(["2 id-2"]);
  });

  test("archive never takes the place of a file that is there", async () => {
    const setting = setUp();
    setting.host.disk.put(`${ARCHIVE}/inbox-1-1.ndjson`, "somebody's");
    await setting.world.wait(setting.world.createRuntime(setting.host).files.remove(`${ARCHIVE}/inbox-1-1.ndjson`));
    const life = await live(setting);
    await deliver(setting, life, message(1));
    setting.host.disk.put(CURSOR, "1");
    setting.host.disk.put(`${ARCHIVE}/inbox-1-1.ndjson`, "somebody's");
    expect(await setting.world.wait(life.inbox.archive())).toMatchObject({ file: `${ARCHIVE}/inbox-1-1.2.ndjson` });
    expect(setting.host.disk.text(`${ARCHIVE}/inbox-1-1.ndjson`)).toBe("somebody's");
  });

  test("archive on a disk that refuses leaves everything as it was", async () => {
    const setting = setUp();
    const life = await live(setting);
    await deliver(setting, life, message(1));
    setting.host.disk.put(CURSOR, "1");
    setting.host.disk.break(INBOX, { name: "IO_ERROR" });
    expect(await setting.world.wait(life.inbox.archive())).toMatchObject({ outcome: "kept", reason: "failing" });
    setting.host.disk.mendAll();
    expect(await outcomes(setting, life, message(2))).toEqual(["delivered"]);
    expect(summary(setting)).toEqual(["1 id-1", "2 id-2"]);
  });
});
