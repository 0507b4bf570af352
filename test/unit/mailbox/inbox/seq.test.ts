/**
 * Hunts: a number given twice or left out, whatever was lost; a start that reads the whole inbox; state saved for every
 * message.
 */
import { describe, expect, test } from "vitest";
import { BarnacleError } from "../../../../src/errors.ts";
import {
  begin,
  CURSOR,
  deliver,
  DIRECTORY,
  end,
  INBOX,
  lines,
  live,
  message,
  NODE_ID,
  outcomes,
  setUp,
  STATE,
  summary,
} from "./support/lives.ts";
import { withHandles, withMethods } from "./support/wrapped-files.ts";

const line = (seq: number, id = `id-${seq}`, msg = "x"): string =>
  `${JSON.stringify({ seq, received_ts: 5, from: "ed25519:bob", id, to: NODE_ID, msg })}\n`;

/** Whether a state has numbers reserved. */
function isReserved(text: string | undefined): boolean {
  const state = JSON.parse(text ?? "{}") as { seq?: number; reserved_seq?: number };
  return (state.reserved_seq ?? 0) > (state.seq ?? 0);
}

describe("Inbox", () => {
  test("numbers start at 1 and rise by 1 over batches, kills and orderly ends", async () => {
    const setting = setUp();
    for (let round = 0; round < 6; round++) {
      const life = await live(setting);
      await deliver(setting, life, ...[1, 2, 3].map((index) => message(`${round}-${index}`)));
      if (round % 2 === 0) life.process.kill();
      else await end(setting, life);
    }
    expect(lines(setting).map(({ seq }) => seq)).toEqual(Array.from({ length: 18 }, (_, index) => index + 1));
  });

  test("no number comes again when an inbox is deleted while its state cannot be saved", async () => {
    const setting = setUp();
    const { host, world } = setting;
    let life = await live(setting);
    await deliver(setting, life, message(1), message(2));
    host.disk.break(`${DIRECTORY}/state`, { sync: "IO_ERROR", name: "IO_ERROR" });
    host.disk.remove(INBOX);
    await world.run(5_000);
    expect(await outcomes(setting, life, message(3))).toEqual(["refused"]);
    await end(setting, life);
    host.disk.mendAll();
    life = await live(setting);
    await deliver(setting, life, message(3));
    expect(lines(setting)[0]?.seq).toBeGreaterThan(2);
  });

  test("no number comes again when somebody's own words stand where an inbox had just begun", async () => {
    const setting = setUp();
    let life = await live(setting);
    await deliver(setting, life, message(1), message(2));
    life.process.kill();
    setting.host.disk.put(INBOX, "this is my inbox now\n");
    life = await live(setting);
    await deliver(setting, life, message(3));
    const [, text = ""] = setting.host.disk.text(INBOX)?.split("\n") ?? [];
    expect((JSON.parse(text) as { readonly seq: number }).seq).toBeGreaterThan(2);
  });

  test.each([
    ["gone", undefined],
    ["empty", ""],
    ["rubbish", "{]"],
    ["of another shape", '{"version":1,"seq":"many"}'],
  ])("numbers go on after those in the inbox when the state is %s", async (_, state) => {
    const setting = setUp();
    let life = await live(setting);
    await deliver(setting, life, message(1), message(2));
    await end(setting, life);
    if (state === undefined) await setting.world.wait(setting.world.createRuntime(setting.host).files.remove(STATE));
    else setting.host.disk.put(STATE, state);
    life = await live(setting);
    expect(await outcomes(setting, life, message(3), message(1))).toEqual(["delivered", "duplicate"]);
    expect(summary(setting)).toEqual(["1 id-1", "2 id-2", "3 id-3"]);
  });

  test("numbers go on after the archives and the cursor when state and inbox are both gone", async () => {
    for (const [cursor, next] of [["", 8], ["11", 12], ["99999999999999999999", 8]] as const) {
      const setting = setUp();
      setting.host.disk.put("/work/.moltcomm/archive/inbox-1-7.ndjson", line(7));
      if (cursor !== "") setting.host.disk.put(CURSOR, cursor);
      const life = await live(setting);
      await deliver(setting, life, message(1));
      expect(lines(setting)[0]?.seq).toBe(next);
    }
  });

  test("numbers start at 1 beside a cursor that was there before any message", async () => {
    const setting = setUp();
    setting.host.disk.put(CURSOR, "99");
    const life = await live(setting);
    expect(life.inbox.view.cursor).toBe(0);
    await deliver(setting, life, message(1));
    expect(summary(setting)).toEqual(["1 id-1"]);
  });

  test("an inbox from before any state is gone on with, and what stands in it is delivered", async () => {
    const setting = setUp();
    setting.host.disk.put(INBOX, line(1) + line(2) + line(3));
    const life = await live(setting);
    expect(life.inbox.view).toMatchObject({ lastSeq: 3, unread: 3, remembered: 3 });
    expect(await outcomes(setting, life, message(2), message(4))).toEqual(["duplicate", "delivered"]);
  });

  test("numbers of a life that lost its inbox are not given again when an old file is put in its place", async () => {
    const setting = setUp();
    let life = await live(setting);
    await deliver(setting, life, message(1), message(2));
    const old = setting.host.disk.text(INBOX) ?? "";
    setting.host.disk.put(CURSOR, "2");
    await setting.world.wait(life.inbox.archive());
    await deliver(setting, life, message(3), message(4));
    life.process.kill();
    setting.host.disk.put(INBOX, old);
    life = await live(setting);
    await deliver(setting, life, message(5));
    expect(lines(setting).at(-1)?.seq).toBeGreaterThan(4);
  });

  test("numbers are reserved durably: not by a state whose saving was cut off", async () => {
    const setting = setUp();
    const { world, host } = setting;
    let life = await live(setting);
    await deliver(setting, life, message(1));
    await end(setting, life);
    life = begin(setting, {}, (files) =>
      withMethods(files, (real) => ({
        syncDirectory: async (path) => {
          // The state that the first message needs is under its name, and not yet safe.
          if (path.endsWith("/state") && isReserved(host.disk.text(STATE))) life.process.kill();
          await real.syncDirectory(path);
        },
      })));
    await world.wait(life.inbox.open());
    const delivery = life.inbox.deliver(message(2));
    await world.until(() => !life.process.isRunning);
    expect(isReserved(host.disk.text(STATE))).toBe(true);
    life = await live(setting);
    expect(await outcomes(setting, life, message(2), message(3))).toEqual(["delivered", "delivered"]);
    await world.wait(life.runtime.files.remove(INBOX));
    host.powerCut("lost");
    host.boot();
    if (host.disk.text(INBOX) !== undefined) await world.wait(world.createRuntime(host).files.remove(INBOX));
    life = await live(setting);
    await deliver(setting, life, message(4));
    expect(lines(setting)[0]?.seq).toBeGreaterThan(3);
    expect(delivery).toBeInstanceOf(Promise);
  });

  test("numbers survive the directory of the state, though a crash came between its making and its being safe", async () => {
    const setting = setUp();
    const { world, host } = setting;
    const first = begin(setting, {}, (files) =>
      withMethods(files, (real) => ({
        makeDirectory: async (path, options) => {
          await real.makeDirectory(path, options);
          first.process.kill();
        },
      })));
    await world.wait(first.inbox.open());
    const delivery = first.inbox.deliver(message(1));
    await world.until(() => !first.process.isRunning);
    let life = await live(setting);
    expect(await outcomes(setting, life, message(1), message(2))).toEqual(["delivered", "delivered"]);
    await end(setting, life);
    host.powerCut("lost");
    host.boot();
    await world.wait(world.createRuntime(host).files.remove(INBOX));
    life = await live(setting);
    expect(await outcomes(setting, life, message(3), message(2))).toEqual(["delivered", "duplicate"]);
    expect(summary(setting)).toEqual(["3 id-3"]);
    expect(delivery).toBeInstanceOf(Promise);
  });

  test("numbers survive the directory of the state, though making it safe failed at first", async () => {
    const setting = setUp();
    const { world, host } = setting;
    let failures = 0;
    let life = begin(setting, {}, (files) =>
      withMethods(files, (real) => ({
        syncDirectory: async (path) => {
          if (failures === 0 && path === DIRECTORY && host.disk.names(DIRECTORY).includes("state")) {
            failures++;
            throw new BarnacleError({ code: "IO_ERROR", action: "Sync the directory" });
          }
          await real.syncDirectory(path);
        },
      })));
    expect(await outcomes(setting, life, message(1))).toEqual(["refused"]);
    expect(failures).toBe(1);
    expect(await outcomes(setting, life, message(1), message(2))).toEqual(["delivered", "delivered"]);
    await end(setting, life);
    host.powerCut("lost");
    host.boot();
    await world.wait(world.createRuntime(host).files.remove(INBOX));
    life = await live(setting);
    expect(await outcomes(setting, life, message(3), message(2))).toEqual(["delivered", "duplicate"]);
    expect(summary(setting)).toEqual(["3 id-3"]);
  });

  test("a start reads the end of a long inbox only", async () => {
    const setting = setUp();
    const { world } = setting;
    const text: string[] = [];
    for (let seq = 1; seq <= 30_000; seq++) text.push(line(seq));
    setting.host.disk.put(INBOX, text.join(""));
    setting.host.disk.put(CURSOR, "29990");
    const init = { rememberedMax: 1_000_000 };
    let life = await live(setting, init);
    await deliver(setting, life, message("new"));
    await world.wait(life.inbox.close());
    life.process.kill();
    let readBytes = 0;
    life = begin(setting, init, (files) =>
      withHandles(files, (handle, path) => {
        if (path !== INBOX) return handle;
        const count = (bytes: Uint8Array<ArrayBuffer>) => (readBytes += bytes.length, bytes);
        return { ...handle, readAt: async (offset, length) => count(await handle.readAt(offset, length)) };
      }));
    await world.wait(life.inbox.open());
    expect(life.inbox.view).toMatchObject({ lastSeq: 30_001, unread: 11 });
    expect(readBytes).toBeLessThan(300_000);
    expect(setting.host.disk.bytes(INBOX)?.length).toBeGreaterThan(2_500_000);
    life.process.kill();
  });

  test("the state is saved seldom, and often enough that a start reads little", async () => {
    const setting = setUp();
    const { world } = setting;
    const init = { unreadMax: 1_000_000, unreadPerSenderMax: 1_000_000 };
    let saves = 0;
    const life = begin(setting, init, (files) =>
      withHandles(files, (handle, path) => {
        if (path.startsWith("/work/.moltcomm/state/.inbox.json")) saves++;
        return handle;
      }));
    await world.wait(life.inbox.open());
    for (let batch = 0; batch < 100; batch++) {
      await deliver(setting, life, ...Array.from({ length: 400 }, (_, index) => message(`${batch}-${index}`)));
    }
    expect(saves).toBeLessThan(30);
    const state = JSON.parse(setting.host.disk.text(STATE) ?? "") as { seq: number; reserved_seq: number };
    expect(40_000 - state.seq).toBeLessThan(16_384 + 1_024);
    expect(state.reserved_seq).toBeGreaterThanOrEqual(40_000);
    const before = saves;
    for (let minute = 0; minute < 60; minute++) {
      await world.run(60_000);
      await world.wait(life.inbox.refresh());
    }
    expect(saves - before).toBeLessThanOrEqual(2);
  });
});
