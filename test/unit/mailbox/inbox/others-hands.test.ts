/**
 * Hunts: a message acknowledged into a file that is gone, numbers that start again, lines of others eaten or run
 * together with ours.
 */
import { describe, expect, test } from "vitest";
import { NO_FAULTS } from "../../../sim/mod.ts";
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
  type Setting,
  setUp,
  summary,
} from "./support/lives.ts";
import { withHandles } from "./support/wrapped-files.ts";

/** Puts another file there, as an editor does: a new one under the old name. */
async function replace({ world, host }: Setting, text: string): Promise<void> {
  const { files } = world.createRuntime(host);
  host.disk.put(`${INBOX}.new`, text);
  await world.wait(files.rename(`${INBOX}.new`, INBOX));
}

async function remove({ world, host }: Setting): Promise<void> {
  await world.wait(world.createRuntime(host).files.remove(INBOX));
}

const EDITS: readonly (readonly [string, (text: string) => string, readonly string[]])[] = [
  ["the same content", (text) => text, ["1 id-1", "2 id-2", "3 id-3"]],
  ["the same content without its last newline", (text) => text.trimEnd(), ["1 id-1", "2 id-2", "3 id-3"]],
  ["the older lines cut off", (text) => text.split("\n").slice(2).join("\n"), ["3 id-3"]],
  ["the newer lines cut off", (text) => `${text.split("\n")[0]}\n`, ["1 id-1"]],
  ["blank lines and other line ends", (text) => text.replaceAll("\n", "\r\n\r\n"), ["1 id-1", "2 id-2", "3 id-3"]],
];

describe("Inbox", () => {
  test("deliver begins a new file with the next number when the inbox was deleted while it ran", async () => {
    for (const pauseMs of [0, 5_000]) {
      const setting = setUp();
      const life = await live(setting);
      await deliver(setting, life, message(1), message(2));
      await remove(setting);
      await setting.world.run(pauseMs);
      expect(await outcomes(setting, life, message(3), message(1))).toEqual(["delivered", "duplicate"]);
      expect(summary(setting)).toEqual(["3 id-3"]);
      expect(events(life, "inbox_deleted")).toHaveLength(1);
    }
  });

  test("takes nothing and says why while its work directory is elsewhere, and goes on where it was", async () => {
    const setting = setUp();
    const { world, host } = setting;
    const life = await live(setting);
    await deliver(setting, life, message(1));
    const { files } = world.createRuntime(host);
    await world.wait(files.rename("/work", "/moved"));
    await world.wait(life.inbox.refresh());
    expect(life.inbox.view.failing).toContain('Use "/work" as the work directory: got no directory there any more');
    expect(events(life, "inbox_failing")).toHaveLength(1);
    expect(await outcomes(setting, life, message(2))).toEqual(["refused"]);
    expect(host.disk.names("/")).not.toContain("work");
    await world.wait(files.rename("/moved", "/work"));
    await world.wait(life.inbox.refresh());
    expect(life.inbox.view.failing).toBeUndefined();
    const again = await outcomes(setting, life, message(1), message(2), message(3));
    expect(again.filter((outcome) => outcome === "refused")).toEqual([]);
    expect(lines(setting).map(({ id }) => id)).toEqual(["id-1", "id-2", "id-3"]);
  });

  test("refresh notices a deleted inbox, and no restart gives its numbers again", async () => {
    for (const how of ["kill", "close", "powerCut"]) {
      const setting = setUp();
      let life = await live(setting);
      await deliver(setting, life, message(1), message(2));
      await remove(setting);
      await setting.world.wait(life.inbox.refresh());
      await setting.world.run(1_000);
      if (how === "close") await end(setting, life);
      else if (how === "kill") life.process.kill();
      else setting.host.powerCut("kept");
      setting.host.boot();
      life = await live(setting);
      expect(await outcomes(setting, life, message(3), message(2))).toEqual(["delivered", "duplicate"]);
      expect(summary(setting)).toEqual(["3 id-3"]);
    }
  });

  test("refresh that notices a deleted inbox while a state is being saved has it saved once more, before any kill counts", async () => {
    const setting = setUp();
    const { world, host } = setting;
    let life = await live(setting);
    await deliver(setting, life, message(1), message(2));
    world.faults = { ...NO_FAULTS, disk: { ...NO_FAULTS.disk, syncLatencyMs: [500, 500] } };
    host.disk.replace(INBOX, host.disk.text(INBOX)?.replaceAll("\n", "\r\n") ?? "");
    await world.wait(life.inbox.refresh());
    // Of a save of several syncs the first is over: what it writes was looked at before this message.
    await world.run(700);
    await deliver(setting, life, message(3));
    await remove(setting);
    await world.wait(life.inbox.refresh());
    await world.run(20_000);
    life.process.kill();
    life = await live(setting);
    expect(await outcomes(setting, life, message(3))).toEqual(["duplicate"]);
  });

  test("deliver goes on with the next number when the inbox was deleted after an orderly end", async () => {
    const setting = setUp();
    let life = await live(setting);
    await deliver(setting, life, message(1), message(2));
    await end(setting, life);
    await remove(setting);
    life = await live(setting);
    expect(await outcomes(setting, life, message(3), message(2))).toEqual(["delivered", "duplicate"]);
    expect(summary(setting)).toEqual(["3 id-3"]);
  });

  test("deliver gives no number again when the inbox was deleted after a crash, though it cannot know the last one", async () => {
    const setting = setUp();
    let life = await live(setting);
    await deliver(setting, life, message(1), message(2));
    life.process.kill();
    await remove(setting);
    life = await live(setting);
    expect(await outcomes(setting, life, message(3))).toEqual(["delivered"]);
    const [line] = lines(setting);
    expect(line?.seq).toBeGreaterThan(2);
    expect(line?.seq).toBeLessThan(1_000);
  });

  for (const [what, edit, left] of EDITS) {
    test(`deliver goes on at the end when an editor put ${what} there, as another file or in place`, async () => {
      for (const how of ["replaced", "in place", "replaced while down", "in place while down"]) {
        const setting = setUp();
        let life = await live(setting);
        await deliver(setting, life, message(1), message(2), message(3));
        const isDown = how.endsWith("while down");
        if (isDown) await end(setting, life);
        const text = edit(setting.host.disk.text(INBOX) ?? "");
        if (how.startsWith("replaced")) await replace(setting, text);
        else setting.host.disk.put(INBOX, text);
        if (isDown) life = await live(setting);
        else await setting.world.run(2_000);
        expect(await outcomes(setting, life, message(4), message(2)), how).toEqual(["delivered", "duplicate"]);
        expect(summary(setting), how).toEqual([...left, "4 id-4"]);
        await end(setting, life);
        life = await live(setting);
        expect(await outcomes(setting, life, message(5), message(4))).toEqual(["delivered", "duplicate"]);
        expect(summary(setting), how).toEqual([...left, "4 id-4", "5 id-5"]);
      }
    });
  }

  test("deliver counts on from the higher number when the file that was put there has one", async () => {
    const setting = setUp();
    const life = await live(setting);
    await deliver(setting, life, message(1));
    await replace(setting, JSON.stringify({ seq: 41, received_ts: 1, from: "x", id: "y", to: "z", msg: "" }));
    await setting.world.wait(life.inbox.refresh());
    expect(events(life, "inbox_replaced")).toHaveLength(1);
    expect(await outcomes(setting, life, message(2))).toEqual(["delivered"]);
    expect(summary(setting)).toEqual(["41 y", "42 id-2"]);
  });

  test("deliver reports damage in a file that was put there, and goes on behind it", async () => {
    const setting = setUp();
    const life = await live(setting);
    await deliver(setting, life, message(1));
    await replace(setting, `not a message\n${setting.host.disk.text(INBOX)}nor this\n`);
    await setting.world.wait(life.inbox.refresh());
    expect(events(life, "inbox_damaged")).toMatchObject([{ fields: { lines: 2 } }]);
    await deliver(setting, life, message(2));
    expect(setting.host.disk.text(INBOX)?.split("\n").at(-2)).toContain('{"seq":2,');
  });

  test("deliver believes no number that is far beyond ours", async () => {
    const setting = setUp();
    const life = await live(setting);
    await deliver(setting, life, message(1));
    await replace(
      setting,
      `${JSON.stringify({ seq: 9_007_199_254_740_991, received_ts: 1, from: "x", id: "y", to: "z", msg: "" })}\n`,
    );
    await setting.world.wait(life.inbox.refresh());
    await deliver(setting, life, message(2));
    expect(lines(setting).at(-1)).toMatchObject({ seq: 2, id: "id-2" });
  });

  for (const act of ["delete", "replace", "replace with a copy", "truncate"] as const) {
    test(`deliver acknowledges nothing into a file that is gone: ${act} in the middle of a batch`, async () => {
      for (const moment of ["before the write", "after the write", "after the sync"] as const) {
        const setting = setUp();
        let isArmed = false;
        const meddle = async (): Promise<void> => {
          if (!isArmed) return;
          isArmed = false;
          const { files } = setting.host.startIdle().runtime;
          const text = setting.host.disk.text(INBOX) ?? "";
          if (act === "delete") return await files.remove(INBOX);
          if (act === "truncate") return setting.host.disk.put(INBOX, "");
          setting.host.disk.put(`${INBOX}.new`, act === "replace" ? `${text.split("\n")[0]}\n` : text);
          await files.rename(`${INBOX}.new`, INBOX);
        };
        const life = begin(setting, {}, (files) =>
          withHandles(files, (handle, path, mode) => {
            if (path !== INBOX || mode !== "append") return handle;
            return {
              ...handle,
              write: async (data) => {
                if (moment === "before the write") await meddle();
                await handle.write(data);
                if (moment === "after the write") await meddle();
              },
            };
          }));
        await deliver(setting, life, message(1), message(2));
        isArmed = true;
        expect(await outcomes(setting, life, message(3), message(4))).toEqual(["delivered", "delivered"]);
        if (moment === "after the sync") await setting.world.wait(meddle());
        // What was acknowledged stood in the file that the path named: it is there, or went with the file after that.
        const ids = lines(setting).map(({ id }) => id);
        if (moment !== "after the sync") {
          expect(ids.filter((id) => id === "id-3" || id === "id-4")).toEqual(["id-3", "id-4"]);
        }
        expect(await outcomes(setting, life, message(3), message(5))).toEqual(["duplicate", "delivered"]);
        const seqs = lines(setting).map(({ seq }) => seq);
        expect(seqs).toEqual([...new Set(seqs)].sort((left, right) => left - right));
        expect(new Set(lines(setting).map(({ id }) => id)).size).toBe(seqs.length);
      }
    });
  }

  test("deliver leaves damage in the middle alone, reports it, and does not lose its place", async () => {
    const setting = setUp();
    let life = await live(setting);
    await deliver(setting, life, message(1), message(2), message(3));
    life.process.kill();
    const damaged = (setting.host.disk.text(INBOX) ?? "").replace('"id":"id-2"', '"id":"id-2\0\0');
    setting.host.disk.put(INBOX, damaged);
    life = await live(setting);
    expect(events(life, "inbox_damaged")).toHaveLength(1);
    await deliver(setting, life, message(4));
    const text = setting.host.disk.text(INBOX) ?? "";
    expect(text.startsWith(damaged)).toBe(true);
    expect(text.slice(damaged.length)).toContain('{"seq":4,');
  });

  test.each([
    ["torn", (line: string) => line.slice(0, 40), 2],
    ["torn and filled with zeros", (line: string) => `${line.slice(0, 40)}${"\0".repeat(60)}`, 2],
    ["all zeros", () => "\0".repeat(100), 2],
    ["whole but for its newline", (line: string) => line, 3],
  ])("open mends a last line that is %s before anything is appended", async (_, tear, next) => {
    const setting = setUp();
    let life = await live(setting);
    await deliver(setting, life, message(1));
    life.process.kill();
    const line = JSON.stringify({
      seq: 2,
      received_ts: 5,
      from: "ed25519:bob",
      id: "id-2",
      to: "ed25519:me",
      msg: "torn",
    });
    setting.host.disk.put(INBOX, `${setting.host.disk.text(INBOX)}${tear(line)}`);
    life = await live(setting);
    expect(life.inbox.view.lastSeq).toBe(next - 1);
    await deliver(setting, life, message(2), message(3));
    expect(summary(setting)).toEqual(["1 id-1", "2 id-2", "3 id-3"]);
    expect(events(life, "inbox_repaired")).toHaveLength(next === 2 ? 1 : 0);
  });

  test("deliver makes its directory again when somebody deleted all of it", async () => {
    const setting = setUp();
    setting.host.disk.putDirectory("/work/deep");
    const life = await live(setting, { directory: "/work/deep/.moltcomm" });
    expect(await outcomes(setting, life, message(1))).toEqual(["delivered"]);
    expect(setting.host.disk.names("/work/deep/.moltcomm")).toEqual(["inbox.ndjson", "state"]);
  });
});
