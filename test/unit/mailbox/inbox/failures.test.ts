/**
 * Hunts: a message acknowledged that the disk refused, a broken line left in the middle, an inbox that stays broken
 * once the disk works.
 */
import { describe, expect, test } from "vitest";
import { BarnacleError } from "../../../../src/errors.ts";
import { type BrokenPath, NO_FAULTS } from "../../../sim/mod.ts";
import {
  begin,
  deliver,
  end,
  events,
  INBOX,
  lines,
  live,
  message,
  outcomes,
  setUp,
  STATE,
  summary,
} from "./support/lives.ts";
import { withHandles, withMethods } from "./support/wrapped-files.ts";

const REFUSED = { outcome: "refused", code: "RATE_LIMIT", detail: "cannot store now" } as const;

describe("Inbox", () => {
  test("deliver acknowledges nothing on a full disk, leaves no broken line, and takes it again once there is room", async () => {
    for (const roomBytes of [0, 1, 60, 115, 116, 117, 200, 250]) {
      const setting = setUp();
      const life = await live(setting);
      await deliver(setting, life, message(1));
      setting.host.disk.limitFree(roomBytes);
      const three = [message(2), message(3), message(4)];
      const result = await deliver(setting, life, ...three);
      expect(result, `${roomBytes} bytes of room`).toEqual([REFUSED, REFUSED, REFUSED]);
      expect(life.inbox.view.failing).toContain("DISK_FULL");
      expect(summary(setting)).toEqual(["1 id-1"]);
      setting.host.disk.limitFree(1_000_000);
      expect(await outcomes(setting, life, ...three)).toEqual(["delivered", "delivered", "delivered"]);
      expect(summary(setting)).toEqual(["1 id-1", "2 id-2", "3 id-3", "4 id-4"]);
      expect(life.inbox.view.failing).toBeUndefined();
      expect(events(life, "inbox_failing")).toHaveLength(1);
      expect(events(life, "inbox_works_again")).toHaveLength(1);
    }
  });

  test("deliver refuses on a disk that is full from the start, and takes it once there is room", async () => {
    const setting = setUp();
    setting.host.disk.limitFree(0);
    const life = await live(setting);
    expect(await deliver(setting, life, message(1))).toEqual([REFUSED]);
    setting.host.disk.limitFree(1_000_000);
    expect(await outcomes(setting, life, message(1))).toEqual(["delivered"]);
    expect(summary(setting)).toEqual(["1 id-1"]);
  });

  test.each<[string, string, BrokenPath]>([
    ["writes to the inbox fail", INBOX, { write: "IO_ERROR" }],
    ["syncs of the inbox fail", INBOX, { sync: "IO_ERROR" }],
    ["the inbox may not be opened", INBOX, { name: "PERMISSION_DENIED" }],
    ["the inbox may be neither read nor written", INBOX, { read: "IO_ERROR", write: "IO_ERROR", sync: "IO_ERROR" }],
  ])("deliver refuses while %s, and delivers once in a row when that is over", async (_, path, broken) => {
    for (const between of ["message", "refresh", "restart"]) {
      const setting = setUp();
      let life = await live(setting);
      await deliver(setting, life, message(1));
      setting.host.disk.break(path, broken);
      expect(await deliver(setting, life, message(2), message(3))).toEqual([REFUSED, REFUSED]);
      expect(await deliver(setting, life, message(2))).toEqual([REFUSED]);
      expect(life.inbox.view.failing).toContain("The inbox cannot take messages: ");
      expect(life.metrics.render()).toContain('barnacle_mail_refused_total{code="RATE_LIMIT",reason="storage"} 3');
      setting.host.disk.mendAll();
      if (between === "refresh") {
        await setting.world.wait(life.inbox.refresh());
        expect(life.inbox.view.failing).toBeUndefined();
        expect(summary(setting)).toEqual(["1 id-1"]);
      }
      if (between === "restart") {
        life.process.kill();
        life = await live(setting);
      }
      const result = await outcomes(setting, life, message(2), message(3), message(4));
      // What a life could not take back before it was killed counts as delivered in the next: it stands there once.
      expect(result.every((outcome) => outcome !== "refused")).toBe(true);
      expect(lines(setting).map(({ id }) => id).sort()).toEqual(["id-1", "id-2", "id-3", "id-4"]);
      expect(lines(setting).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    }
  });

  test("deliver never trusts lines whose sync failed: they are taken back and written anew", async () => {
    const setting = setUp();
    const life = await live(setting);
    await deliver(setting, life, message(1));
    setting.world.faults = { ...NO_FAULTS, disk: { ...NO_FAULTS.disk, syncFailureRate: 1 } };
    expect(await deliver(setting, life, message(2))).toEqual([REFUSED]);
    expect(summary(setting)).toEqual(["1 id-1"]);
    setting.world.faults = NO_FAULTS;
    expect(await outcomes(setting, life, message(2), message(3))).toEqual(["delivered", "delivered"]);
    setting.host.powerCut("lost");
    expect(summary(setting)).toEqual(["1 id-1", "2 id-2", "3 id-3"]);
  });

  test("deliver refuses what came behind a message that could not be stored, or the order would break", async () => {
    const setting = setUp();
    let behind: Promise<unknown> | undefined;
    const life = begin(setting, {}, (files) =>
      withHandles(files, (handle, path, mode) => {
        if (path !== INBOX || mode !== "append") return handle;
        const full = new BarnacleError({ code: "DISK_FULL", action: "Write" });
        // The disk is full for the first message only, and another one comes in meanwhile.
        return { ...handle, write: (data) => behind === undefined ? fail(full) : handle.write(data) };
      }));
    const fail = (error: BarnacleError): Promise<void> => {
      behind = life.inbox.deliver(message(3));
      return Promise.reject(error);
    };
    await setting.world.wait(life.inbox.open());
    expect(await deliver(setting, life, message(2))).toEqual([REFUSED]);
    expect(await behind).toEqual(REFUSED);
    expect(await outcomes(setting, life, message(2), message(3))).toEqual(["delivered", "delivered"]);
    expect(summary(setting)).toEqual(["1 id-2", "2 id-3"]);
  });

  for (const isFailed of [false, true]) {
    test(`lines that a kill left before their sync${isFailed ? ", which had failed," : ""} count only once they are durable`, async () => {
      const setting = setUp();
      const { world, host } = setting;
      let isArmed = false;
      const first = begin(setting, {}, (files) =>
        withHandles(files, (handle, path, mode) => {
          if (path !== INBOX || mode !== "append") return handle;
          const killed = async (): Promise<void> => {
            if (!isArmed) return await handle.syncData();
            if (isFailed) world.faults = { ...NO_FAULTS, disk: { ...NO_FAULTS.disk, syncFailureRate: 1 } };
            if (isFailed) await handle.syncData().catch(() => undefined);
            first.process.kill();
          };
          return { ...handle, syncData: killed };
        }));
      await world.wait(first.inbox.open());
      await deliver(setting, first, message(1));
      isArmed = true;
      const delivery = first.inbox.deliver(message(2));
      await world.until(() => !first.process.isRunning);
      world.faults = NO_FAULTS;
      expect(summary(setting)).toEqual(["1 id-1", "2 id-2"]);
      const life = await live(setting);
      expect(await outcomes(setting, life, message(2))).toEqual(["duplicate"]);
      host.powerCut("lost");
      expect(summary(setting)).toEqual(["1 id-1", "2 id-2"]);
      expect(delivery).toBeInstanceOf(Promise);
    });
  }

  test("deliver refuses while the directory is read-only, says so, and goes on when it is not", async () => {
    const setting = setUp();
    const { files } = setting.world.createRuntime(setting.host, { userId: 0 });
    await setting.world.wait(files.setMode("/work/.moltcomm", 0o555));
    const life = await live(setting);
    expect(await deliver(setting, life, message(1))).toEqual([REFUSED]);
    expect(life.inbox.view.failing).toContain("PERMISSION_DENIED");
    await setting.world.wait(files.setMode("/work/.moltcomm", 0o777));
    expect(await outcomes(setting, life, message(1))).toEqual(["delivered"]);
    expect(life.inbox.view.failing).toBeUndefined();
  });

  test("deliver refuses while the state cannot be read, so that no number is given twice", async () => {
    const setting = setUp();
    let life = await live(setting);
    await deliver(setting, life, message(1));
    await end(setting, life);
    setting.host.disk.break(STATE, { read: "IO_ERROR" });
    life = await live(setting);
    expect(life.inbox.view.failing).toContain("IO_ERROR");
    expect(await deliver(setting, life, message(2))).toEqual([REFUSED]);
    setting.host.disk.mendAll();
    await setting.world.run(200);
    await setting.world.wait(life.inbox.refresh());
    expect(life.inbox.view).toMatchObject({ failing: undefined, lastSeq: 1 });
    expect(await outcomes(setting, life, message(2), message(1))).toEqual(["delivered", "duplicate"]);
    expect(summary(setting)).toEqual(["1 id-1", "2 id-2"]);
  });

  test("deliver goes on while the state cannot be saved, as far as numbers are reserved, and no further", async () => {
    const setting = setUp();
    const life = await live(setting);
    await deliver(setting, life, message(0));
    setting.host.disk.break("/work/.moltcomm/state", { name: "PERMISSION_DENIED" });
    const tell: string[] = [];
    for (let batch = 0; batch < 40; batch++) {
      const many = Array.from({ length: 10 }, (_, index) => message(1 + batch * 10 + index));
      tell.push(...await outcomes(setting, life, ...many));
    }
    const delivered = tell.filter((outcome) => outcome === "delivered").length;
    expect(delivered).toBeGreaterThan(200);
    expect(delivered).toBeLessThan(256);
    expect(tell.slice(0, delivered).every((outcome) => outcome === "delivered")).toBe(true);
    expect(life.inbox.view.failing).toContain("PERMISSION_DENIED");
    setting.host.disk.mendAll();
    await setting.world.wait(life.inbox.refresh());
    expect(await outcomes(setting, life, message(401))).toEqual(["delivered"]);
    expect(lines(setting).map(({ seq }) => seq)).toEqual(
      Array.from({ length: delivered + 2 }, (_, index) => index + 1),
    );
  });

  test(
    "deliver refuses what waits beyond its bounds when the disk is slow, and takes it later",
    { timeout: 60_000 },
    async () => {
      const setting = setUp();
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => release = resolve);
      const init = { unreadMax: 1_000_000, unreadPerSenderMax: 1_000_000, rememberedMax: 1_000_000 };
      const life = begin(setting, init, (files) =>
        withHandles(files, (handle, path) => {
          if (path !== INBOX) return handle;
          return { ...handle, syncData: () => held.then(() => handle.syncData()) };
        }));
      await setting.world.wait(life.inbox.open());
      const many = Array.from({ length: 66_000 }, (_, index) => message(index));
      const waiting = many.map((one) => life.inbox.deliver(one));
      const overload = await waiting[65_999];
      expect(overload).toEqual(REFUSED);
      expect(life.metrics.render()).toContain('reason="overload"} 464');
      release();
      const all = await setting.world.wait(Promise.all(waiting));
      expect(all.filter(({ outcome }) => outcome === "delivered")).toHaveLength(65_536);
      expect(await outcomes(setting, life, message(65_999))).toEqual(["delivered"]);
    },
  );

  test("view and deliver survive a disk that answers no question at all", async () => {
    const setting = setUp();
    const broken = () => Promise.reject(new Error("out of order"));
    const life = begin(
      setting,
      {},
      (files) => withMethods(files, () => ({ open: broken, stat: broken, read: broken, list: broken })),
    );
    await setting.world.wait(life.inbox.open());
    expect(await deliver(setting, life, message(1))).toEqual([REFUSED]);
    expect(life.inbox.view.failing).toContain("out of order");
    await setting.world.wait(life.inbox.refresh());
    expect(await setting.world.wait(life.inbox.archive())).toMatchObject({ outcome: "kept", reason: "failing" });
    await setting.world.wait(life.inbox.close());
  });
});
