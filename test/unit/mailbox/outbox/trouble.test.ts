/** Hunts: a disk, a crash or an agent's accident that makes the outbox stop, crash, forget or repeat. */
import { describe, expect, test } from "vitest";
import type { Files } from "../../../../src/runtime/port.ts";
import { ALICE, Desk, DIRECTORY, type FakeJournal, line, lines, makeOutbox, OUTBOX, STATE } from "./support.ts";

const problems = (desk: Desk): string[] =>
  desk.log.events.filter((each) => each.level === "error").map((each) => each.event);

describe("an outbox that cannot be read", () => {
  test("because it is missing is empty, and is no problem", async () => {
    const desk = new Desk();
    await desk.rest();
    expect(desk.outbox.view).toEqual({ lines: 0, failing: undefined });
    expect(problems(desk)).toEqual([]);
    desk.put(lines("one"));
    await desk.rest();
    expect(desk.news()).toEqual(["one"]);
  });

  test("because it is a directory is reported, forgets nothing, and works once it is a file", async () => {
    const desk = new Desk();
    desk.put(lines("one"));
    await desk.rest();
    await desk.world.wait(desk.runtime.files.remove(OUTBOX));
    desk.host.disk.putDirectory(OUTBOX);
    for (let looks = 0; looks < 10; looks++) {
      expect((await desk.look()).lookAgainInMs).toBe(5_000);
      await desk.world.run(5_000);
    }
    expect(desk.outbox.view.failing).toContain("directory");
    await desk.world.wait(desk.runtime.files.rename(OUTBOX, `${OUTBOX}.old`));
    desk.put(lines("one", "two"));
    await desk.rest();
    expect(desk.news()).toEqual(["one", "two"]);
    expect(desk.outbox.view.failing).toBe(undefined);
  });

  test.each(["PERMISSION_DENIED", "IO_ERROR"] as const)("because of %s is reported and read later", async (code) => {
    const desk = new Desk();
    desk.put(lines("one"));
    await desk.rest();
    desk.append(lines("two"));
    for (const kind of ["name", "read"] as const) {
      desk.host.disk.break(OUTBOX, { [kind]: code });
      await desk.look();
      expect(desk.outbox.view.failing).toContain(OUTBOX);
      await desk.world.run(60_000);
      await desk.look();
    }
    expect(problems(desk)).toContain("outbox_unreadable");
    desk.host.disk.mendAll();
    await desk.rest();
    expect(desk.news()).toEqual(["one", "two"]);
  });
});

describe("accept that rejects", () => {
  test("passes its error on, and the same messages come again with the same keys", async () => {
    const desk = new Desk();
    desk.put(lines("zero"));
    await desk.rest();
    desk.append(lines("one", "one", "two"));
    desk.journal.fails = true;
    for (let looks = 0; looks < 3; looks++) await expect(desk.look()).rejects.toThrow("disk is full");
    desk.append(lines("three"));
    await expect(desk.look()).rejects.toThrow("disk is full");
    desk.journal.fails = false;
    await desk.rest();
    expect(desk.news()).toEqual(["zero", "one", "one", "two", "three"]);
    expect(desk.outbox.view.lines).toBe(5);
  });

  test("is asked again although the file has not changed since", async () => {
    const desk = new Desk();
    desk.put(lines("zero"));
    await desk.rest();
    desk.append(lines("one"));
    desk.journal.fails = true;
    await expect(desk.look()).rejects.toThrow("disk is full");
    desk.journal.fails = false;
    expect((await desk.look()).taken).toBe(1);
  });

  test("although it kept the messages, loses none and repeats none", async () => {
    const desk = new Desk();
    desk.put(lines("zero"));
    await desk.rest();
    desk.append(lines("one", "one"));
    const look = desk.outbox.look((messages) => {
      desk.journal.accept(messages);
      return Promise.reject(new Error("after all"));
    });
    await expect(desk.world.wait(look)).rejects.toThrow("after all");
    desk.put(lines("zero", "one"));
    await desk.rest();
    expect(desk.journal.repeats).toBe(1);
    desk.append(lines("one"));
    await desk.rest();
    expect(desk.news()).toEqual(["zero", "one", "one", "one"]);
  });
});

describe("a state that cannot be written", () => {
  test("stops the taking after one chunk, is reported, and goes on by itself", async () => {
    const desk = new Desk();
    desk.put(lines("one"));
    await desk.rest();
    desk.host.disk.break(STATE, { write: "DISK_FULL", name: "IO_ERROR" });
    desk.append(lines("two"));
    expect(await desk.look()).toMatchObject({ taken: 1, lookAgainInMs: 5_000 });
    desk.append(lines("three"));
    expect(await desk.look()).toMatchObject({ taken: 0, lookAgainInMs: 5_000 });
    expect(desk.outbox.view.failing).toContain("outbox.bin");
    expect(problems(desk)).toContain("outbox_state_unwritten");
    desk.host.disk.mendAll();
    await desk.rest();
    expect(desk.outbox.view.failing).toBe(undefined);
    desk.restart();
    await desk.rest();
    expect(desk.news()).toEqual(["one", "two", "three"]);
    expect(desk.journal.repeats).toBe(0);
  });

  test("because the disk is full, for hours, repeats nothing", async () => {
    const desk = new Desk();
    desk.host.disk.put(OUTBOX, lines("one"));
    desk.host.disk.limitFree(0);
    for (let looks = 0; looks < 20; looks++) {
      await desk.look();
      await desk.world.run(600_000);
      if (looks % 5 === 4) desk.restart();
    }
    desk.host.disk.limitFree(1e6);
    await desk.rest();
    expect(desk.news()).toEqual(["one"]);
  });

  test("because the mailbox's directory is gone, forgets nothing", async () => {
    const desk = new Desk();
    desk.put(lines("one"));
    await desk.rest();
    await desk.world.wait(desk.runtime.files.rename(DIRECTORY, `${DIRECTORY}.unmounted`));
    for (let looks = 0; looks < 10; looks++) {
      await desk.look();
      await desk.world.run(10_000);
    }
    expect(desk.outbox.view.failing).toBeDefined();
    await desk.world.wait(desk.runtime.files.rename(`${DIRECTORY}.unmounted`, DIRECTORY));
    await desk.rest();
    expect(desk.news()).toEqual(["one"]);
  });

  test.each(["removed it", "put another in its place"])("because somebody %s, is written anew", async (what) => {
    const desk = new Desk();
    desk.put(lines("one"));
    await desk.rest();
    const old = desk.host.disk.bytes(STATE) ?? new Uint8Array();
    await desk.world.wait(desk.runtime.files.remove(STATE));
    if (what !== "removed it") desk.host.disk.put(STATE, old);
    desk.append(lines("two"));
    await desk.rest();
    desk.restart();
    await desk.rest();
    expect(desk.news()).toEqual(["one", "two"]);
    expect(desk.journal.repeats).toBe(0);
  });
});

describe("a state that is damaged", () => {
  test("at its beginning is moved aside and reported, and what was taken since the first epoch is offered with new keys", async () => {
    const desk = new Desk();
    desk.put(lines("one"));
    await desk.rest();
    desk.restart();
    await desk.rest();
    desk.append(lines("two"));
    await desk.rest();
    desk.host.disk.put(STATE, "rubbish");
    desk.restart();
    await desk.rest();
    expect(desk.news()).toEqual(["one", "two", "two"]);
    expect(desk.log.events.map((each) => each.event)).toContain("outbox_state_damaged");
    expect(desk.host.disk.text(`${STATE}.damaged`)).toBe("rubbish");
  });

  test("at any byte never stops the outbox, and what follows the damage is offered again with its keys", async () => {
    const desk = new Desk();
    for (const text of ["one", "two", "three"]) {
      desk.append(lines(text));
      await desk.look();
    }
    const whole = desk.host.disk.bytes(STATE) ?? new Uint8Array();
    for (let at = 0; at <= whole.length; at += 7) {
      desk.restart();
      desk.host.disk.put(STATE, whole.slice(0, at));
      await desk.look();
      desk.restart();
      desk.host.disk.put(STATE, whole.map((byte, index) => index === at ? byte ^ 0xff : byte));
      await desk.look();
    }
    expect(desk.news()).toEqual(["one", "two", "three"]);
  });
});

describe("watch", () => {
  test("looks at the new file when another took its place, because the directory may be another too", async () => {
    const desk = new Desk();
    const { files } = desk.runtime;
    const watches: { isOpen: boolean }[] = [];
    const watch = (path: string, onChange: () => void) => {
      const watcher = files.watch(path, onChange);
      const entry = { isOpen: true };
      watches.push(entry);
      return { isSilent: false, close: () => [watcher.close(), entry.isOpen = false] };
    };
    const outbox = makeOutbox({
      ...desk.runtime,
      files: new Proxy(files, { get: (_, name) => overridden(files, name, watch) }),
    });
    const end = outbox.watch(() => undefined);
    for (let index = 0; index < 2; index++) {
      await desk.world.wait(files.remove(OUTBOX).catch(() => undefined));
      desk.put(lines(String(index)));
      await desk.world.wait(outbox.look(() => Promise.resolve()));
    }
    expect(watches.map((entry) => entry.isOpen)).toEqual([false, false, true]);
    end();
    expect(watches.every((entry) => !entry.isOpen)).toBe(true);
  });

  test("tells of changes, also after the file and its directory were replaced, until it is ended", async () => {
    const desk = new Desk();
    let calls = 0;
    const end = desk.outbox.watch(() => calls++);
    desk.put(lines("one"));
    await desk.world.run(100);
    expect(calls).toBe(1);
    await desk.rest();
    await desk.world.wait(desk.runtime.files.rename(DIRECTORY, `${DIRECTORY}.old`));
    desk.host.disk.putDirectory(DIRECTORY);
    await desk.look();
    await desk.world.run(100);
    const before = calls;
    desk.put(lines("two"));
    await desk.world.run(100);
    expect(calls).toBe(before + 1);
    end();
    desk.put(lines("three"));
    await desk.world.run(100);
    expect(calls).toBe(before + 1);
  });
});

/** The member of `files`, or `watch` in its place. */
function overridden(files: Files, name: string | symbol, watch: Files["watch"]): unknown {
  const member: unknown = name === "watch" ? watch : Reflect.get(files, name);
  return typeof member === "function" ? member.bind(files) : member;
}

test("a file that changed between the look at it and its opening is not taken for one at rest", async () => {
  const desk = new Desk();
  desk.put('{"to":"alice"');
  await desk.look();
  await desk.world.run(10_100);
  desk.process.atDiskOperation(2, () => desk.put('{"to":"alice","msg":"ha'));
  await desk.look();
  desk.append('lf"}\n');
  await desk.rest();
  expect(desk.rejected).toEqual([]);
  expect(desk.news()).toEqual(["half"]);
});

test("what was taken and rejected is counted, the latter by what is wrong", async () => {
  const desk = new Desk();
  desk.put(`${lines("one", "two")}hello\nhi\n{"to":"nobody","msg":"x"}\n`);
  await desk.rest();
  const text = desk.metrics.render();
  expect(text).toContain("barnacle_mail_outbox_taken_total 2\n");
  expect(text).toContain('barnacle_mail_outbox_rejected_total{code="no_object"} 2\n');
  expect(text).toContain('barnacle_mail_outbox_rejected_total{code="to_unknown"} 1\n');
  expect(text).toContain("barnacle_mail_outbox_lines 5\n");
});

test("an outbox of which nothing was ever taken writes nothing, and asks for no look", async () => {
  const desk = new Desk();
  expect(await desk.look()).toEqual({ hasMore: false, lookAgainInMs: undefined, taken: 0 });
  await desk.world.run(15_000);
  expect((await desk.look()).lookAgainInMs).toBe(undefined);
  expect(await desk.world.wait(desk.runtime.files.list(DIRECTORY))).toEqual([]);
  desk.put(lines("one"));
  await desk.look();
  desk.restart();
  await desk.rest();
  expect(desk.news()).toEqual(["one"]);
});

test("looks wait for each other, and a file at rest costs one operation", async () => {
  const desk = new Desk();
  desk.put(lines("one", "two"));
  const accept = (messages: Parameters<FakeJournal["accept"]>[0]) => Promise.resolve(desk.journal.accept(messages));
  await desk.world.wait(Promise.all([desk.outbox.look(accept), desk.outbox.look(accept)]));
  await desk.rest();
  const operations = desk.host.disk.operationCount;
  await desk.look();
  expect(desk.host.disk.operationCount - operations).toBe(1);
  expect(desk.news()).toEqual(["one", "two"]);
});

test("close makes durable what was noted, and a look afterwards goes on", async () => {
  const desk = new Desk();
  desk.put(lines("one"));
  await desk.look();
  desk.append(lines("two"));
  await desk.look();
  await desk.world.wait(desk.outbox.close());
  expect(desk.host.disk.unsyncedBytes(STATE)).toBe(0);
  desk.append(lines("three"));
  await desk.rest();
  expect(desk.news()).toEqual(["one", "two", "three"]);
});

test("nothing of a message is in the log", async () => {
  const desk = new Desk();
  desk.put(`${line("geheim", "nobody")}\n{"to":"${ALICE}","msg":"geheim}\n`);
  await desk.rest();
  expect(desk.rejected.length).toBe(2);
  expect(JSON.stringify(desk.log.events)).not.toContain("geheim");
});
