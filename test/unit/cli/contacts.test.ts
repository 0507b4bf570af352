/** Hunts: a contact under a wrong name or id, a change that is lost, a node of one's own taken for another. */
import { createRuntime } from "#runtime";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fingerprintOf } from "../../../src/moltcomm/mod.ts";
import { MailBench, nodeId } from "./support/mail-bench.ts";

const [ALICE, BOB] = [nodeId("a"), nodeId("b")] as const;
const INVITATION = `moltcomm:${ALICE.slice(8)}+name=Alice+addr=tcp://203.0.113.10:9001`;

let bench: MailBench;
beforeEach(() => void (bench = new MailBench()));
afterEach(() => bench.remove());

const listed = async () => JSON.parse((await bench.run("contacts", "list", "--json")).output).contacts;

describe("contacts add", () => {
  test("takes name, node id and addresses from an invitation, and shows the fingerprint to compare", async () => {
    const { exit, output } = await bench.run("contacts", "add", INVITATION);
    expect([exit, output]).toEqual([0, `added Alice (${ALICE}), fingerprint ${fingerprintOf(ALICE)}\n`]);
    expect(await listed()).toEqual([{
      name: "Alice",
      node_id: ALICE,
      fingerprint: fingerprintOf(ALICE),
      addresses: ["tcp://203.0.113.10:9001"],
      blocked: false,
      sealing: "plain",
      added_ts: bench.fake.clock.wallMs(),
    }]);
    expect([bench.mode(".moltcomm"), bench.mode(".moltcomm/contacts.json")]).toEqual([0o700, 0o600]);
    expect(bench.text(".moltcomm/.gitignore")).toBe("*\n");
  });

  test("takes a node id with a name and addresses", async () => {
    await bench.run(
      "contacts",
      "add",
      "--name",
      "bob",
      "--address",
      "b.example:7",
      "--address",
      "relay://r.example:9",
      BOB,
    );
    expect(await listed()).toMatchObject([{ name: "bob", addresses: ["tcp://b.example:7", "relay://r.example:9"] }]);
  });

  test("brings the addresses of a known contact up to date", async () => {
    await bench.run("contacts", "add", INVITATION);
    const { output } = await bench.run("contacts", "add", INVITATION.replace("9001", "9002"));
    expect(output).toMatch(/^updated Alice /);
    expect(await listed()).toMatchObject([{ addresses: ["tcp://203.0.113.10:9002"] }]);
  });

  const wrong: readonly (readonly [what: string, words: readonly string[], exit: number])[] = [
    ["a node id without a name", [BOB], 2],
    ["something else", ["bob"], 2],
    ["a broken invitation", ["moltcomm:abc"], 2],
    ["a name that is none", ["--name", "a:b", BOB], 2],
    ["an address that is none", ["--name", "bob", "--address", "b.example", BOB], 2],
    ["an address with port 0", ["--name", "bob", "--address", "b.example:0", BOB], 2],
    ["a name that is taken", ["--name", "ALICE", BOB], 1],
    ["a node id under another name", ["--name", "bob", ALICE], 1],
  ];
  for (const [what, words, code] of wrong) {
    test(`gives ${code} for ${what}, and changes nothing`, async () => {
      await bench.run("contacts", "add", INVITATION);
      const { exit, errors } = await bench.run("contacts", "add", ...words);
      expect([exit, errors]).toEqual([code, expect.stringContaining("barnacle: ")]);
      expect((await listed()).length).toBe(1);
    });
  }

  test("refuses this host itself", async () => {
    const invitation = (await bench.run("id", "--invitation")).output;
    expect((await bench.run("contacts", "add", invitation)).exit).toBe(2);
  });
});

describe("contacts", () => {
  test("block, unblock, rename and remove change one, by name in any case or by node id", async () => {
    await bench.run("contacts", "add", INVITATION);
    expect((await bench.run("contacts", "block", "ALICE")).output).toBe(`blocked Alice (${ALICE})\n`);
    expect(await listed()).toMatchObject([{ blocked: true }]);
    expect((await bench.run("contacts", "list")).output).toMatch(/Alice +blocked +ed25519/);
    expect((await bench.run("contacts", "unblock", ALICE)).exit).toBe(0);
    expect((await bench.run("contacts", "rename", "alice", "Garden")).exit).toBe(0);
    expect(await listed()).toMatchObject([{ name: "Garden", blocked: false }]);
    expect((await bench.run("contacts", "remove", "garden")).exit).toBe(0);
    expect(await listed()).toEqual([]);
  });

  test("block takes any node id", async () => {
    expect((await bench.run("contacts", "block", BOB)).output).toBe(`blocked node-bbbbbbbb (${BOB})\n`);
    expect(await listed()).toMatchObject([{ node_id: BOB, blocked: true }]);
  });

  test("list tells to whom only sealed messages go; unseal allows plain ones until the next announcement, seal takes it back", async () => {
    const announced = async (atMs: number) => {
      const nodes = [{ node_id: ALICE, announced_at: atMs, sealed_at: null }];
      bench.put(".moltcomm/sealing.json", JSON.stringify({ v: 1, nodes }));
      return (await listed()).map(({ sealing }: { sealing: string }) => sealing);
    };
    await bench.run("contacts", "add", INVITATION);
    const nowMs = bench.fake.clock.wallMs();
    expect(await announced(nowMs)).toEqual(["sealed"]);
    expect((await bench.run("contacts", "list")).output).toMatch(/ sealed +tcp:/);
    expect((await bench.run("contacts", "unseal", "alice")).output).toBe(
      `plain messages allowed to Alice (${ALICE})\n`,
    );
    expect(JSON.parse(bench.text(".moltcomm/contacts.json")).contacts).toMatchObject([{ unsealed_ts: nowMs }]);
    expect(await announced(nowMs)).toEqual(["unsealed"]);
    expect(await announced(nowMs + 1)).toEqual(["sealed"]);
    expect((await bench.run("contacts", "seal", ALICE)).exit).toBe(0);
    expect(await announced(nowMs)).toEqual(["sealed"]);
    expect(bench.text(".moltcomm/contacts.json")).not.toContain("unsealed_ts");
    bench.put(".moltcomm/sealing.json", "{");
    expect((await listed())[0]).toMatchObject({ sealing: "plain" });
  });

  test("unseal takes any node id", async () => {
    expect((await bench.run("contacts", "unseal", BOB)).exit).toBe(0);
    expect(await listed()).toMatchObject([{ node_id: BOB, sealing: "plain" }]);
  });

  test("give 2 for somebody unknown, with where to look", async () => {
    for (
      const words of [["block", "x"], ["unblock", BOB], ["unseal", "x"], ["seal", BOB], ["rename", "x", "y"], [
        "remove",
        "x",
      ]]
    ) {
      const { exit, errors } = await bench.run("contacts", ...words);
      expect([exit, errors]).toEqual([2, expect.stringContaining("hint: barnacle contacts list")]);
    }
  });

  test("of two commands at once lose no change", async () => {
    const names = ["c", "d", "e", "f"];
    bench.clock = createRuntime().clock;
    const outcomes = await Promise.all(names.map((name) => bench.run("contacts", "add", "--name", name, nodeId(name))));
    expect(outcomes.map(({ exit, errors }) => [exit, errors])).toEqual(names.map(() => [0, ""]));
    expect((await listed()).map(({ name }: { name: string }) => name).sort()).toEqual(names);
  });

  test("list says where the file is broken, and leaves it", async () => {
    bench.put(".moltcomm/contacts.json", '{"contacts": [{"name": "a"}]}');
    const { exit, errors } = await bench.run("contacts", "list");
    expect([exit, errors]).toEqual([2, expect.stringContaining("contacts[0].node_id")]);
    expect((await bench.run("contacts", "add", INVITATION)).exit).toBe(2);
    expect(bench.text(".moltcomm/contacts.json")).toBe('{"contacts": [{"name": "a"}]}');
  });

  test("list is empty where there are none, and makes nothing", async () => {
    expect((await bench.run("contacts", "list")).output).toContain("no contacts");
    expect(bench.has(".moltcomm")).toBe(false);
  });
});
