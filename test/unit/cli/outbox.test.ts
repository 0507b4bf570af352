/** Hunts: a message that is in no list, a state that promises more than is known, a text that drives the terminal. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MailBench, nodeId } from "./support/mail-bench.ts";

const [ALICE, BOB] = [nodeId("a"), nodeId("b")] as const;
const JOURNAL = ".moltcomm/delivery.ndjson";

let bench: MailBench;
beforeEach(() => void (bench = new MailBench()));
afterEach(() => bench.remove());

function putJournal(...records: readonly object[]): void {
  bench.put(JOURNAL, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
}

function accepted(id: string, to: string, msg: string) {
  return { ts: bench.fake.clock.wallMs() - 120_000, id, state: "accepted", to, msg, key: id, line: 1 };
}

const rows = async (...words: string[]) => JSON.parse((await bench.run("outbox", "--json", ...words)).output);

describe("outbox", () => {
  test("tells waiting, accepted, sent, delivered and failed apart, oldest first", async () => {
    await bench.run("contacts", "add", "--name", "alice", ALICE);
    putJournal(
      accepted("1", ALICE, "one"),
      accepted("2", BOB, "two"),
      accepted("3", ALICE, "three"),
      accepted("4", BOB, "four"),
      { ts: 5, id: "1", state: "delivered", attempts: 1 },
      { ts: 6, id: "2", state: "failed", attempts: 9, reason: "gave up" },
      { ts: 7, id: "3", state: "sent", attempt: 2, error: "TIMED_OUT" },
    );
    await bench.run("send", ALICE, "five");
    const { messages, more } = await rows();
    expect(more).toBe(false);
    expect(
      messages.map((
        { msg, state, attempts, last_error }: Record<string, unknown>,
      ) => [msg, state, attempts, last_error]),
    ).toEqual([
      ["one", "delivered", 1, null],
      ["two", "failed", 9, "gave up"],
      ["three", "sent", 2, "TIMED_OUT"],
      ["four", "accepted", 0, null],
      ["five", "waiting", 0, null],
    ]);
    expect(messages[0]).toEqual({
      id: "1",
      to: ALICE,
      to_name: "alice",
      msg: "one",
      state: "delivered",
      attempts: 1,
      accepted_ts: bench.fake.clock.wallMs() - 120_000,
      settled_ts: 5,
      last_error: null,
      kept: null,
    });
    const { output } = await bench.run("outbox");
    expect(output).toMatch(/^2 min +alice +delivered +1 +one$/m);
    expect(output).toMatch(/^2 min +ed25519:b+A +failed +9 +two +gave up$/m);
    expect(output).toMatch(/^ *0 s +alice +waiting +0 +five$/m);
  });

  test("names the relay that keeps a message for a recipient that is away, and since when", async () => {
    const sinceMs = bench.fake.clock.wallMs() - 60_000;
    const relay = { address: "relay://relay.example:9001", nodeId: nodeId("r") };
    putJournal(
      accepted("1", BOB, "one"),
      { ts: sinceMs, id: "1", state: "sent", attempt: 2, relay: relay.address, node: relay.nodeId },
    );
    const { messages } = await rows("--pending");
    expect(messages[0]).toMatchObject({
      state: "kept",
      last_error: null,
      kept: { relay: relay.address, node_id: relay.nodeId, since_ts: sinceMs },
    });
    const { output } = await bench.run("outbox");
    expect(output).toMatch(/kept +2 +one +by relay:\/\/relay\.example:9001 for 1 min; its recipient is away$/m);
  });

  test("shows no message twice once the agent took it", async () => {
    const id = (await bench.run("send", ALICE, "x")).output.trimEnd();
    putJournal(accepted(id, ALICE, "x"));
    expect((await rows()).messages.map(({ state }: { state: string }) => state)).toEqual(["accepted"]);
  });

  test("takes no line of long ago for a waiting one", async () => {
    await bench.run("send", ALICE, "forgotten by the journal");
    const id = (await bench.run("send", ALICE, "taken")).output.trimEnd();
    await bench.run("send", ALICE, "waits");
    putJournal(accepted(id, ALICE, "taken"));
    expect((await rows()).messages.map(({ msg }: { msg: string }) => msg)).toEqual(["taken", "waits"]);
  });

  test("--pending leaves out what is settled, --limit the older ones, and says so", async () => {
    putJournal(
      accepted("1", ALICE, "one"),
      accepted("2", ALICE, "two"),
      accepted("3", ALICE, "three"),
      { ts: 5, id: "2", state: "delivered", attempts: 1 },
    );
    const shown = async (...words: string[]) => {
      const { messages, more } = await rows(...words);
      return [messages.map(({ id }: { id: string }) => id), more];
    };
    expect(await shown("--pending")).toEqual([["1", "3"], false]);
    expect(await shown("--limit", "2")).toEqual([["2", "3"], true]);
    expect(await shown("--limit", "0")).toEqual([[], true]);
    expect((await bench.run("outbox", "--limit", "1")).output).toContain("older ones are not shown");
  });

  test("escapes the text of messages", async () => {
    putJournal(accepted("1", ALICE, "a\x1b[2J\nb\u202e"), {
      ts: 5,
      id: "1",
      state: "failed",
      attempts: 1,
      reason: "\x1b]0;x\x07",
    });
    const { output } = await bench.run("outbox");
    expect(/[^\n\x20-\x7e]/.test(output)).toBe(false);
    expect(output).toContain("a\\u{1b}[2J b\\u{202e}");
  });

  test("is empty where nothing was sent", async () => {
    expect((await bench.run("outbox")).output).toBe("no messages\n");
    expect((await bench.run("outbox", "--pending")).output).toBe("no message is under way\n");
    expect(await rows()).toEqual({ messages: [], more: false });
    expect((await bench.runIn(bench.path("typo"), "outbox")).exit).toBe(1);
  });
});
