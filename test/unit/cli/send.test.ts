/** Hunts: a message lost or glued to another, one to nobody, an exit code that says delivered when it is not. */
import { renameSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { json } from "./support/answers.ts";
import { MailBench, nodeId, type Outcome } from "./support/mail-bench.ts";
import { until } from "./support/run.ts";

const [ALICE, BOB] = [nodeId("a"), nodeId("b")] as const;
const OUTBOX = ".moltcomm/outbox.ndjson";
const JOURNAL = ".moltcomm/delivery.ndjson";
const REJECTED = ".moltcomm/outbox.rejected.ndjson";
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let bench: MailBench;
beforeEach(() => void (bench = new MailBench()));
afterEach(() => bench.remove());

const lines = () => bench.text(OUTBOX).trimEnd().split("\n").map((line) => JSON.parse(line));

describe("send", () => {
  test("appends one line with the contract's fields and an id, and prints the id alone", async () => {
    const { exit, output, errors } = await bench.run("send", ALICE, "hello\nyou");
    expect([exit, output.trimEnd()]).toEqual([0, expect.stringMatching(UUID)]);
    expect(errors).toContain("no agent runs here: the message waits");
    expect(bench.text(OUTBOX)).toBe(
      `{"to":"${ALICE}","msg":"hello\\nyou","created_ts":${bench.fake.clock.wallMs()},"id":"${output.trimEnd()}"}\n`,
    );
    expect([bench.mode(".moltcomm"), bench.mode(OUTBOX)]).toEqual([0o700, 0o600]);
    expect(bench.text(".moltcomm/.gitignore")).toBe("*\n");
  });

  test("says nothing of waiting when an agent runs, and does when it was killed", async () => {
    bench.pretendRunning();
    bench.fake.answer = () => json({ status: "live" });
    expect((await bench.run("send", ALICE, "x")).errors).toBe("");
    bench.fake.answer = () => json({ error: { code: "UNAUTHORIZED", message: "no" } }, 401);
    expect((await bench.run("send", ALICE, "x")).errors).toBe("");
    const killed = new MailBench();
    killed.pretendRunning();
    expect((await killed.run("send", ALICE, "x")).errors).toContain("no agent runs here");
    killed.remove();
  });

  test("ends a line that somebody left open, so that two messages stay two", async () => {
    bench.put(OUTBOX, `{"to":"${BOB}","msg":"one"}`);
    await bench.run("send", ALICE, "two");
    expect(lines().map(({ msg }) => msg)).toEqual(["one", "two"]);
  });

  test("finds a contact by name in any case", async () => {
    await bench.run("contacts", "add", "--name", "Alice", ALICE);
    expect((await bench.run("send", "ALICE", "x")).exit).toBe(0);
    expect(lines()).toMatchObject([{ to: ALICE }]);
  });

  test("to an invitation takes its addresses up, once", async () => {
    const invitation = `moltcomm:${ALICE.slice(8)}+name=Alice+addr=tcp://a.example:1`;
    expect((await bench.run("send", invitation, "x")).errors).toContain("added the contact Alice");
    expect((await bench.run("send", invitation, "y")).errors).not.toContain("added");
    const { contacts } = JSON.parse(bench.text(".moltcomm/contacts.json"));
    expect(contacts).toMatchObject([{ name: "Alice", node_id: ALICE, addresses: ["tcp://a.example:1"] }]);
    expect(lines().map(({ to }) => to)).toEqual([ALICE, ALICE]);
  });

  test("takes standard input without MESSAGE or with -, less one line end", async () => {
    for (
      const [input, msg] of [["a\nb\n", "a\nb"], ["a\r\n", "a"], ["a\n\n", "a\n"], ["\ufeffa", "\ufeffa"]] as const
    ) {
      bench.input = input;
      await bench.run("send", ALICE);
      await bench.run("send", ALICE, "-");
      expect(lines().slice(-2).map((line) => line.msg)).toEqual([msg, msg]);
    }
  });

  const refused: readonly (readonly [what: string, words: readonly string[], exit: number])[] = [
    ["somebody unknown", ["nobody", "x"], 2],
    ["a broken invitation", ["moltcomm:abc", "x"], 2],
    ["an empty message", [ALICE, ""], 2],
    ["an empty standard input", [ALICE], 2],
    ["half a character", [ALICE, "\ud800"], 2],
    ["a message too long", [ALICE, "\u00e9".repeat(40_000)], 1],
  ];
  for (const [what, words, code] of refused) {
    test(`gives ${code} for ${what}, and writes nothing`, async () => {
      const { exit, output } = await bench.run("send", ...words);
      expect([exit, output, bench.has(OUTBOX)]).toEqual([code, "", false]);
    });
  }

  test("to this host itself is refused", async () => {
    const { node_id } = JSON.parse((await bench.run("id", "--json")).output);
    expect((await bench.run("send", node_id, "x")).exit).toBe(2);
  });

  test("needs no private key that can be read", async () => {
    bench.put(".moltcomm/identity.pem", "broken", 0o644);
    expect((await bench.run("send", ALICE, "x")).exit).toBe(0);
  });
});

describe("send --wait", () => {
  /** Runs it, and writes what the agent would into the journal once the message is in the outbox. */
  async function sendAndSettle(journal: (id: string) => readonly object[], ...words: string[]): Promise<Outcome> {
    let outcome: Outcome | undefined;
    const done = bench.run("send", ALICE, "x", ...words).then((result) => void (outcome = result));
    await until(() => bench.has(OUTBOX) && bench.text(OUTBOX) !== "");
    const id = lines().at(-1)?.id;
    bench.put(JOURNAL, journal(id).map((record) => `${JSON.stringify(record)}\n`).join(""));
    while (outcome === undefined) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (bench.fake.clock.nextDueMs !== undefined) await bench.fake.clock.advance(250);
    }
    await done;
    return outcome;
  }

  const accepted = (id: string) => ({ ts: 1, id, state: "accepted", to: ALICE, msg: "x", key: "k", line: 1 });

  test("gives 0 once the message is delivered", async () => {
    const { exit, errors } = await sendAndSettle(
      (id) => [accepted(id), { ts: 2, id, state: "delivered", attempts: 1 }],
      "--wait",
    );
    expect([exit, errors]).toEqual([0, expect.stringContaining(`delivered to ${ALICE} after`)]);
  });

  test("gives 1 with the reason when it failed", async () => {
    const failed = (id: string) => ({ ts: 2, id, state: "failed", attempts: 9, reason: "gave up after 7 days" });
    const { exit, errors } = await sendAndSettle((id) => [accepted(id), failed(id)], "--wait");
    expect([exit, errors]).toEqual([1, expect.stringContaining("gave up after 7 days, after 9 attempts")]);
  });

  test("gives 6 when neither came to be in time, with how far it is", async () => {
    const { exit, errors } = await sendAndSettle(
      (id) => [accepted(id), { ts: 2, id, state: "sent", attempt: 2, error: "TIMED_OUT" }],
      "--timeout",
      "2",
    );
    expect(exit).toBe(6);
    expect(errors).toContain("not delivered within 2 s: tried 2 times, last: TIMED_OUT");
  });

  test("gives 6 when no agent took it, and the message is still there", async () => {
    const { exit, errors, output } = await sendAndSettle(() => [], "--wait", "--timeout", "1");
    expect([exit, errors]).toEqual([6, expect.stringContaining("no agent has taken the message")]);
    expect(lines().at(-1)?.id).toBe(output.trimEnd());
  });

  /** As the agent writes it. */
  const rejection = (id: string | undefined, more: object = {}) =>
    `${JSON.stringify({ line: 1, reason: "msg is too long", text: "{}", rejected_ts: 1, key: "k", id, ...more })}\n`;

  test("gives 1 at once with the reason when the agent rejected its line", async () => {
    bench.put(REJECTED, rejection("an earlier one", { reason: "another reason" }));
    const startMs = bench.fake.clock.monotonicMs();
    const { exit, errors } = await sendAndSettle((id) => {
      bench.put(REJECTED, bench.text(REJECTED) + rejection(id));
      return [];
    }, "--wait");
    expect([exit, errors]).toEqual([1, expect.stringContaining("rejected: msg is too long")]);
    expect(bench.fake.clock.monotonicMs() - startMs).toBeLessThan(1_000);
  });

  test("finds its line by the text too, and in a file that took the other's place", async () => {
    bench.put(REJECTED, rejection("an earlier one"));
    const { exit } = await sendAndSettle((id) => {
      renameSync(bench.path(REJECTED), bench.path(".moltcomm/outbox.rejected.1.ndjson"));
      bench.put(REJECTED, `no json ${id}\n${rejection(undefined, { text: `}{"id":"${id}"` })}`);
      return [];
    }, "--wait");
    expect(exit).toBe(1);
  });

  test("takes no notice of other lines that are rejected", async () => {
    const { exit } = await sendAndSettle(
      () => {
        bench.put(REJECTED, rejection("another"));
        return [];
      },
      "--timeout",
      "1",
    );
    expect(exit).toBe(6);
  });
});
