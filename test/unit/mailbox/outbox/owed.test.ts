/** Hunts: a text that is rejected while its report cannot be written, and of which nobody hears after a crash. */
import { describe, expect, test } from "vitest";
import { Desk, line, lines, REJECTED } from "./support.ts";

const texts = (desk: Desk): string[] => desk.rejected.map((each) => each.text);

describe("a text rejected while the file of rejected lines cannot be written", () => {
  const cases: readonly (readonly [string, (desk: Desk) => void])[] = [
    ["is told once the file can be written", () => undefined],
    ["is told after a crash", (desk) => desk.restart()],
    ["is told after a power cut", (desk) => {
      desk.host.powerCut("lost");
      desk.host.boot();
      desk.restart();
    }],
  ];
  test.each(cases)("%s, once, and what stands beside it is sent once", async (_name, crash) => {
    const desk = new Desk();
    desk.host.disk.put(REJECTED, "");
    desk.host.disk.break(REJECTED, { write: "DISK_FULL", name: "DISK_FULL" });
    desk.put(`${lines("one")}hello\nhello\n${line("two")}\n`);
    for (let looks = 0; looks < 10; looks++) {
      await desk.look();
      await desk.world.run(5_000);
    }
    expect(texts(desk)).toEqual([]);
    crash(desk);
    desk.host.disk.mendAll();
    desk.append(`${line("three")}\nbye\n`);
    await desk.rest();
    expect(texts(desk)).toEqual(["hello", "hello", "bye"]);
    desk.restart();
    desk.append(`${line("four")}\n`);
    await desk.rest();
    expect(texts(desk)).toEqual(["hello", "hello", "bye"]);
    expect(desk.journal.texts).toEqual(["one", "two", "three", "four"]);
  });
});
