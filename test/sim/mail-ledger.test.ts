/** Hunts: a checker of inboxes that blames the node for what an operator did, or that excuses what is the node's own fault. */
import { describe, expect, test } from "vitest";
import { INBOX, InboxLedger } from "./mail/inbox-ledger.ts";
import { MailRecord } from "./mail/record.ts";
import { SimWorld } from "./mod.ts";

const MESSAGE = { from: "ed25519:sender", id: "1" } as const;

async function makeScene() {
  const world = new SimWorld({ seed: 1 });
  const host = world.addHost("host");
  const record = new MailRecord();
  const ledger = new InboxLedger(host, record);
  const holds = (...seqs: readonly number[]): void =>
    host.disk.put(INBOX, seqs.map((seq) => `${JSON.stringify({ seq, ...MESSAGE, msg: "hi" })}\n`).join(""));
  const found = () => {
    ledger.check();
    return { arrived: ledger.all.map(({ seq }) => seq), wrong: record.violations.map(({ checker }) => checker) };
  };
  await world.run(1);
  return { world, host, ledger, holds, found };
}

describe("a message that came twice", () => {
  test("is excused when its line was taken away unacknowledged and the node was killed before it came again", async () => {
    const { world, ledger, holds, found } = await makeScene();
    holds(1);
    ledger.taking();
    holds();
    await world.run(1);
    ledger.crashed();
    await world.run(1);
    holds(2);
    expect(found()).toEqual({ arrived: [1, 2], wrong: [] });
    ledger.acknowledged(MESSAGE);
    expect(found()).toEqual({ arrived: [2], wrong: [] });
    await world.run(1);
    ledger.crashed();
    expect(found()).toEqual({ arrived: [2], wrong: [] });
  });

  test("is not when the node was not killed, or only after it came again", async () => {
    const { world, ledger, holds, found } = await makeScene();
    holds(1);
    ledger.taking();
    holds(2);
    await world.run(1);
    ledger.acknowledged(MESSAGE);
    await world.run(1);
    ledger.crashed();
    expect(found().arrived).toEqual([1, 2]);
  });

  test("is not when nobody took its line away", async () => {
    const { ledger, holds, found } = await makeScene();
    holds(1);
    ledger.acknowledged(MESSAGE);
    ledger.crashed();
    holds(1, 2);
    expect(found().wrong).toContain("twice");
  });
});
