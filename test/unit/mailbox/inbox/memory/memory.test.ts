/**
 * Hunts: a delivered message that is forgotten too early or never, over restarts, crashes, full memories and clocks
 * that jump.
 */
import { describe, expect, test } from "vitest";
import { deliver, end, events, live, message, outcomes, setUp, summary } from "../support/lives.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const REMEMBERED = "/work/.moltcomm/state/remembered";

describe("Inbox", () => {
  test("remembers for the whole time, and forgets soon after it", async () => {
    const setting = setUp();
    const { world } = setting;
    const life = await live(setting, { rememberForMs: 7 * DAY_MS, archive: false });
    await deliver(setting, life, message(1));
    for (let hour = 0; hour < 7 * 24 - 1; hour++) {
      await world.run(HOUR_MS);
      await world.wait(life.inbox.refresh());
    }
    expect(await outcomes(setting, life, message(1))).toEqual(["duplicate"]);
    for (let hour = 0; hour < 24; hour++) {
      await world.run(HOUR_MS);
      await world.wait(life.inbox.refresh());
    }
    await world.run(1_000);
    expect(life.inbox.view.remembered).toBe(0);
    expect(setting.host.disk.names(REMEMBERED)).toEqual([]);
    expect(await outcomes(setting, life, message(1))).toEqual(["delivered"]);
  });

  test("reaches back for the whole time from the start, and after a loss only to that", async () => {
    const setting = setUp();
    const { world, host } = setting;
    const init = { rememberForMs: 7 * DAY_MS, archive: false };
    let life = await live(setting, init);
    expect(life.inbox.reachMs).toBe(7 * DAY_MS);
    await deliver(setting, life, message(1));
    for (let hour = 0; hour < 9 * 24; hour++) {
      await world.run(HOUR_MS);
      await world.wait(life.inbox.refresh());
      expect(life.inbox.reachMs).toBe(7 * DAY_MS);
      if (hour === 3 * 24) await deliver(setting, life, message(2));
    }
    await end(setting, life);
    for (const name of host.disk.names(REMEMBERED)) {
      await world.wait(host.startIdle().runtime.files.remove(`${REMEMBERED}/${name}`));
    }
    for (let lives = 0; lives < 2; lives++) {
      life = await live(setting, init);
      await world.wait(life.inbox.refresh());
      expect(life.inbox.reachMs).toBeLessThan(DAY_MS / 2);
      if (lives === 0) await end(setting, life);
    }
    await world.run(2 * DAY_MS);
    expect(life.inbox.reachMs).toBeGreaterThan(1.9 * DAY_MS);
    expect(life.inbox.reachMs).toBeLessThan(2.6 * DAY_MS);
  });

  test("forgets nothing when the wall clock jumps, by how much ever", async () => {
    const setting = setUp();
    let life = await live(setting);
    await deliver(setting, life, message(1));
    for (const jumpMs of [400 * DAY_MS, 400 * DAY_MS, -800 * DAY_MS, 30 * DAY_MS]) {
      setting.host.jumpWall(jumpMs);
      await setting.world.wait(life.inbox.refresh());
      expect(await outcomes(setting, life, message(1))).toEqual(["duplicate"]);
      await end(setting, life);
      setting.host.jumpWall(jumpMs);
      life = await live(setting);
      await setting.world.wait(life.inbox.refresh());
      expect(await outcomes(setting, life, message(1))).toEqual(["duplicate"]);
    }
  });

  test("grows older on a host that restarts all the time", async () => {
    const setting = setUp();
    const init = { rememberForMs: 8 * HOUR_MS };
    for (let half = 0; half < 24; half++) {
      const life = await live(setting, init);
      if (half === 0) await deliver(setting, life, message(1));
      await setting.world.wait(life.inbox.refresh());
      if (half === 2) expect(await outcomes(setting, life, message(1))).toEqual(["duplicate"]);
      await setting.world.wait(life.inbox.close());
      life.process.kill();
      await setting.world.run(HOUR_MS / 2);
    }
    const life = await live(setting, init);
    await setting.world.wait(life.inbox.refresh());
    expect(life.inbox.view.remembered).toBe(0);
  });

  test("remembers over a kill what was delivered since the last save, by the lines of the inbox", async () => {
    const setting = setUp();
    let life = await live(setting);
    const many = Array.from({ length: 200 }, (_, index) => message(index));
    await deliver(setting, life, ...many);
    life.process.kill();
    expect(setting.host.disk.names(REMEMBERED)).toEqual([]);
    life = await live(setting);
    expect(new Set(await outcomes(setting, life, ...many))).toEqual(new Set(["duplicate"]));
    expect(life.inbox.view.remembered).toBe(200);
  });

  test("remembers what was archived, deleted or trimmed away", async () => {
    const setting = setUp();
    let life = await live(setting);
    await deliver(setting, life, message(1));
    setting.host.disk.put("/work/.moltcomm/inbox.cursor", "1");
    expect(await setting.world.wait(life.inbox.archive())).toMatchObject({ outcome: "archived" });
    life.process.kill();
    life = await live(setting);
    expect(await outcomes(setting, life, message(1), message(2))).toEqual(["duplicate", "delivered"]);
    await setting.world.wait(life.runtime.files.remove("/work/.moltcomm/inbox.ndjson"));
    await setting.world.wait(life.inbox.refresh());
    await setting.world.run(1_000);
    life.process.kill();
    life = await live(setting);
    expect(await outcomes(setting, life, message(1), message(2))).toEqual(["duplicate", "duplicate"]);
  });

  test("refuses when its memory is full, says so, and goes on when the oldest are forgotten", async () => {
    const setting = setUp();
    const { world } = setting;
    const life = await live(setting, { rememberedMax: 10, rememberForMs: 8 * HOUR_MS });
    const many = Array.from({ length: 12 }, (_, index) => message(index));
    const result = await deliver(setting, life, ...many);
    expect(result.map(({ outcome }) => outcome)).toEqual([
      ...Array.from({ length: 10 }, () => "delivered"),
      "refused",
      "refused",
    ]);
    expect(result.at(-1)).toEqual({ outcome: "refused", code: "RATE_LIMIT", detail: "cannot store now" });
    expect(life.inbox.view.failing).toContain("memory of delivered messages is full (10)");
    expect(await outcomes(setting, life, message(3))).toEqual(["duplicate"]);
    expect(events(life, "inbox_memory_full")).not.toEqual([]);
    for (let hour = 0; hour < 10; hour++) {
      await world.run(HOUR_MS);
      await world.wait(life.inbox.refresh());
    }
    expect(life.inbox.view.failing).toBeUndefined();
    expect(await outcomes(setting, life, message(11))).toEqual(["delivered"]);
    expect(summary(setting).at(-1)).toBe("11 id-11");
  });

  test("says so when a file of its memory is gone, and remembers the rest", async () => {
    const setting = setUp();
    let life = await live(setting);
    await deliver(setting, life, message(1), message(2));
    await end(setting, life);
    await setting.world.wait(setting.world.createRuntime(setting.host).files.remove(`${REMEMBERED}/1.bin`));
    life = await live(setting);
    expect(events(life, "inbox_memory_damaged")).toMatchObject([{ fields: { missing: 2 } }]);
    expect(await outcomes(setting, life, message(3), message(3))).toEqual(["delivered", "duplicate"]);
  });

  test("removes files of its memory that no state names", async () => {
    const setting = setUp();
    let life = await live(setting);
    await deliver(setting, life, message(1));
    await end(setting, life);
    setting.host.disk.put(`${REMEMBERED}/77.bin`, new Uint8Array(64));
    setting.host.disk.put(`${REMEMBERED}/notes.txt`, "a person's");
    life = await live(setting);
    expect(setting.host.disk.names(REMEMBERED)).toEqual(["1.bin", "notes.txt"]);
  });
});
