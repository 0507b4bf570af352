/** Hunts: an unreadable text that is reported twice, or never, or holds up the messages behind it. */
import { describe, expect, test } from "vitest";
import { NO_FAULTS } from "../../../sim/mod.ts";
import { Desk, DIRECTORY, lines, REJECTED, STATE } from "./support.ts";

describe("outbox.rejected.ndjson", () => {
  test("holds each unreadable text once, over restarts, rewrites and crashes before the state was written", async () => {
    const desk = new Desk();
    const text = `hello\n${lines("one")}{"to":"nobody","msg":"x"}\nhello\n`;
    desk.put(text);
    desk.host.disk.break(STATE, { name: "IO_ERROR" });
    desk.host.disk.break(`${DIRECTORY}/state`, { name: "IO_ERROR" });
    await desk.look();
    desk.host.disk.mendAll();
    desk.restart();
    await desk.rest();
    desk.put(text.replaceAll("\n", "\r\n"));
    await desk.rest();
    desk.restart();
    await desk.rest();
    expect(desk.rejected.map((each) => [each.line, each.text])).toEqual([
      [1, "hello"],
      [3, '{"to":"nobody","msg":"x"}'],
      [4, "hello"],
    ]);
    expect(desk.rejected.every((each) => each.rejected_ts > 1e12)).toBe(true);
    expect(desk.news()).toEqual(["one"]);
    desk.append("hello\n");
    await desk.rest();
    expect(desk.rejected.length).toBe(4);
  });

  test("holds a text that was written again after 10 s without it, although nothing says that it was told before", async () => {
    const desk = new Desk();
    desk.put("hello\n");
    desk.host.disk.break(STATE, { name: "IO_ERROR" });
    desk.host.disk.break(`${DIRECTORY}/state`, { name: "IO_ERROR" });
    await desk.look();
    expect(desk.rejected.length).toBe(1);
    desk.host.disk.mendAll();
    desk.put("");
    desk.restart();
    await desk.rest();
    desk.put("hello\n");
    await desk.rest();
    expect(desk.rejected.length).toBe(2);
  });

  test("is synced before a process relies on what one that was killed had written", async () => {
    const desk = new Desk();
    desk.put("hello\n");
    const operations = desk.host.disk.operationCount;
    await desk.look();
    for (let operation = 1; operation <= desk.host.disk.operationCount - operations; operation++) {
      const other = new Desk(operation);
      other.put("hello\n");
      other.process.atDiskOperation(operation, () => other.process.kill());
      void other.outbox.look(() => Promise.resolve());
      await other.world.run(1_000);
      other.restart();
      await other.look();
      other.host.powerCut("lost");
      other.host.boot();
      other.restart();
      await other.rest();
      expect(other.rejected.map((each) => each.text)).toEqual(["hello"]);
    }
  });

  test("is written over before a process relies on what one that was killed had failed to sync", async () => {
    const desk = new Desk();
    const { disk, world } = desk.host;
    desk.put("hello\n");
    world.faults = { ...NO_FAULTS, disk: { ...NO_FAULTS.disk, syncFailureRate: 1 } };
    await desk.look();
    expect(disk.text("/work/.moltcomm/outbox.rejected.ndjson")).toContain("hello");
    desk.process.kill();
    world.faults = NO_FAULTS;
    desk.restart();
    await desk.look();
    desk.host.powerCut("lost");
    desk.host.boot();
    desk.restart();
    await desk.rest();
    expect(desk.rejected.map((each) => each.text)).toEqual(["hello"]);
  });

  test("names the id that a line gave, however long its text is", async () => {
    const desk = new Desk();
    const id = "0b5f0d0e-6f0b-4f7c-9d5a-3f1e2d4c5b6a";
    desk.put(`${JSON.stringify({ to: "alice", msg: "x".repeat(5_000), id: id.toUpperCase() })}\nhello\n`);
    await desk.rest();
    const rejected = desk.rejected.map((each) => (each as { readonly id?: string }).id);
    expect([rejected, desk.rejected[0]?.text.includes(id)]).toEqual([[id, undefined], false]);
  });

  test("is mended when a crash tore it", async () => {
    const desk = new Desk();
    desk.host.disk.put(REJECTED, '{"line":1,"reason":"r","text":"t","rejected_ts":1}\n{"line":2,"rea');
    desk.put("hello\n");
    await desk.rest();
    expect(desk.rejected.map((each) => each.text)).toEqual(["t", "hello"]);
  });

  test("that cannot be written holds up no message, and is written later", async () => {
    const desk = new Desk();
    desk.host.disk.putDirectory(REJECTED);
    desk.put(`hello\n${lines("one")}`);
    await desk.look();
    expect(desk.news()).toEqual(["one"]);
    await desk.world.wait(desk.runtime.files.rename(REJECTED, `${REJECTED}.old`));
    await desk.rest();
    expect(desk.rejected.map((each) => each.text)).toEqual(["hello"]);
  });

  test("is moved aside when it has grown large, and is nobody else's business", async () => {
    const desk = new Desk();
    desk.host.disk.put(REJECTED, `${"x".repeat(9_000_000)}\n`);
    desk.put("hello\n");
    await desk.rest();
    expect(desk.rejected.map((each) => each.text)).toEqual(["hello"]);
    expect(desk.host.disk.bytes(`${DIRECTORY}/outbox.rejected.1.ndjson`)?.length).toBe(9_000_001);
    for (const path of [REJECTED, STATE]) {
      expect((await desk.world.wait(desk.runtime.files.stat(path))).mode).toBe(0o600);
    }
  });
});
