/** Hunts: a contact lost by a broken or contended file, a name that stands for two, a blocked sender let in, a hand-made file refused. */
import { describe, expect, test } from "vitest";
import { BarnacleError } from "../../../src/errors.ts";
import { addContact, blockContact, freeName, removeContact, renameContact } from "../../../src/mailbox/commands.ts";
import { type Contact, Contacts, editContacts, isContactName, readContacts } from "../../../src/mailbox/mod.ts";
import { SimClock } from "../../sim/clock.ts";
import { SeededRandom } from "../../sim/random.ts";
import { MemoryFiles as WatchedFiles } from "../../support/memory-files.ts";
import { MemoryFiles } from "../store/support/memory-files.ts";
import { RecordingLogger } from "../store/support/recording-logger.ts";

const DIRECTORY = "/work/.moltcomm";
const PATH = `${DIRECTORY}/contacts.json`;
const id = (letter: string) => `ed25519:${letter.repeat(42)}A`;
const [ALICE, BOB, CAROL] = [id("a"), id("b"), id("c")] as const;
const AT = 1_700_000_000_000;

function newContact(name: string, nodeId: string, addresses: readonly string[] = []) {
  return { name, nodeId, addresses, atMs: AT };
}

function listOf(...pairs: readonly (readonly [name: string, nodeId: string])[]): readonly Contact[] {
  let contacts: readonly Contact[] = [];
  for (const [name, nodeId] of pairs) contacts = addContact(contacts, newContact(name, nodeId)).contacts;
  return contacts;
}

function setUp(content?: string) {
  const files = new MemoryFiles();
  files.putDirectory(DIRECTORY);
  if (content !== undefined) files.put(PATH, content);
  const ports = { files, random: new SeededRandom(1), clock: new SimClock() };
  const add = (name: string, nodeId: string) =>
    editContacts(ports, DIRECTORY, (contacts) => addContact(contacts, newContact(name, nodeId)));
  return { files, ports, add, read: () => readContacts(files, DIRECTORY) };
}

describe("isContactName", () => {
  test("takes names of people and hosts, and nothing that could be taken for something else", () => {
    const good = [
      "alice",
      "Project Chimera",
      "O'Brien",
      "r2.d2_x@home-1",
      "\u00c5sa",
      "\u674e\u96f7",
      "7",
      "a".repeat(64),
    ];
    const bad = [
      "",
      " a",
      "a ",
      "-a",
      "a-",
      ".a",
      "a:b",
      "a/b",
      "a\nb",
      "a\x1bb",
      "a\u202eb",
      "a\u2028b",
      "a,b",
      "a+b",
      ALICE,
    ];
    expect(good.filter((name) => !isContactName(name))).toEqual([]);
    expect([...bad, "a".repeat(65), "\u{1f980}", "\ud800"].filter(isContactName)).toEqual([]);
  });
});

describe("changes of the contacts", () => {
  test("addContact refuses a name in another case, and a node id under another name", () => {
    const contacts = listOf(["Alice", ALICE]);
    expect(() => addContact(contacts, newContact("ALICE", BOB))).toThrow(
      expect.objectContaining({ code: "CONTACT_EXISTS" }),
    );
    expect(() => addContact(contacts, newContact("al", ALICE))).toThrow(
      expect.objectContaining({ code: "CONTACT_EXISTS" }),
    );
    expect(() => addContact(contacts, newContact("a:b", BOB))).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  test("addContact gives a known contact its new addresses, and keeps the old ones when there are none", () => {
    const known = addContact([], newContact("alice", ALICE, ["tcp://a:1"])).contacts;
    const again = addContact(known, newContact("ALICE", ALICE, ["tcp://b:1", "tcp://b:1"]));
    expect(again.result).toMatchObject({
      isNew: false,
      contact: { name: "alice", addresses: ["tcp://b:1"], added_ts: AT },
    });
    expect(addContact(again.contacts, newContact("alice", ALICE)).result.contact.addresses).toEqual(["tcp://b:1"]);
  });

  test("renameContact changes case, and takes no name that another has", () => {
    const contacts = listOf(["alice", ALICE], ["bob", BOB]);
    expect(renameContact(contacts, "ALICE", "Alice").result.name).toBe("Alice");
    expect(renameContact(contacts, BOB, "Robert").result).toMatchObject({ name: "Robert", node_id: BOB });
    expect(() => renameContact(contacts, "alice", "BOB")).toThrow(expect.objectContaining({ code: "CONTACT_EXISTS" }));
    expect(() => renameContact(contacts, "carol", "c")).toThrow(expect.objectContaining({ code: "CONTACT_UNKNOWN" }));
  });

  test("blockContact takes up a stranger by node id, and never by name", () => {
    const { contacts, result } = blockContact([], CAROL, { blocked: true, atMs: AT });
    expect(result).toMatchObject({ name: "node-cccccccc", node_id: CAROL, blocked: true });
    expect(blockContact(contacts, CAROL, { blocked: false, atMs: AT }).result.blocked).toBe(false);
    expect(() => blockContact([], "carol", { blocked: true, atMs: AT })).toThrow(
      expect.objectContaining({ code: "CONTACT_UNKNOWN" }),
    );
    expect(() => blockContact([], CAROL, { blocked: false, atMs: AT })).toThrow(
      expect.objectContaining({ code: "CONTACT_UNKNOWN" }),
    );
  });

  test("removeContact forgets one", () => {
    expect(removeContact(listOf(["alice", ALICE], ["bob", BOB]), "Alice").contacts.map(({ name }) => name)).toEqual([
      "bob",
    ]);
  });

  test("freeName takes the wanted name where it is free and can be used", () => {
    const contacts = listOf(["Barnacle", ALICE]);
    expect(freeName(contacts, " Chimera ", BOB)).toBe("Chimera");
    expect(freeName(contacts, "barnacle", BOB)).toBe("barnacle-bbbbbbbb");
    expect(freeName(contacts, "x\x1b[2J", BOB)).toBe("node-bbbbbbbb");
    expect(freeName(contacts, undefined, BOB)).toBe("node-bbbbbbbb");
  });
});

describe("editContacts", () => {
  test("keeps what it did not make, in a file only its owner can read", async () => {
    const { files, add, read } = setUp(
      JSON.stringify({ contacts: [{ name: "alice", node_id: ALICE, note: "met in May" }] }),
    );
    await add("bob", BOB);
    expect(JSON.parse(files.text(PATH) ?? "").contacts[0]).toMatchObject({ name: "alice", note: "met in May" });
    expect(files.modeOf(PATH)).toBe(0o600);
    expect((await read()).map(({ name }) => name)).toEqual(["alice", "bob"]);
  });

  test("changes nothing when the change fails or is none", async () => {
    const { files, ports, add } = setUp();
    await add("alice", ALICE);
    const before = files.text(PATH);
    await expect(add("ALICE", BOB)).rejects.toMatchObject({ code: "CONTACT_EXISTS" });
    files.operations.length = 0;
    await editContacts(ports, DIRECTORY, (contacts) => ({ contacts, result: undefined }));
    expect(files.text(PATH)).toBe(before);
    expect(files.operations.some((operation) => operation.startsWith("rename"))).toBe(false);
  });

  test("waits for another that changes them, so that neither change is lost", async () => {
    const { files, ports, add, read } = setUp();
    const other = await files.lock(`${DIRECTORY}/contacts.lock`);
    const [one, two] = [add("alice", ALICE), add("bob", BOB)];
    await ports.clock.advance(100);
    expect(await read()).toEqual([]);
    await other.release();
    await ports.clock.advance(1_000);
    await Promise.all([one, two]);
    expect((await read()).map(({ name }) => name).sort()).toEqual(["alice", "bob"]);
  });

  test("gives up on a lock that is never let go", async () => {
    const { files, ports, add } = setUp();
    await files.lock(`${DIRECTORY}/contacts.lock`);
    const outcome = add("alice", ALICE).catch((error: unknown) => error);
    await ports.clock.advance(4_000);
    expect(await outcome).toMatchObject({ code: "LOCK_HELD" });
  });
});

describe("readContacts", () => {
  test("takes a file written by hand with names and ids alone", async () => {
    const { read } = setUp(JSON.stringify({ contacts: [{ name: "alice", node_id: ALICE }] }));
    expect(await read()).toEqual([{ name: "alice", node_id: ALICE, addresses: [], blocked: false }]);
  });

  const broken: readonly (readonly [what: string, content: string, told: string])[] = [
    ["an empty file", "", "an empty file"],
    ["no JSON", "{contacts", "no JSON"],
    ["a list", "[]", "contacts"],
    ["a name that is none", JSON.stringify({ contacts: [{ name: "a:b", node_id: ALICE }] }), "contacts[0].name"],
    ["a wrong node id", JSON.stringify({ contacts: [{ name: "a", node_id: "x" }] }), "contacts[0].node_id"],
    [
      "a wrong address",
      JSON.stringify({ contacts: [{ name: "a", node_id: ALICE, addresses: ["x"] }] }),
      "addresses[0]",
    ],
    [
      "a name twice",
      JSON.stringify({ contacts: [{ name: "a", node_id: ALICE }, { name: "A", node_id: BOB }] }),
      '"A" twice',
    ],
    [
      "a node id twice",
      JSON.stringify({ contacts: [{ name: "a", node_id: ALICE }, { name: "b", node_id: ALICE }] }),
      "twice",
    ],
  ];
  for (const [what, content, told] of broken) {
    test(`refuses ${what}, and says where`, async () => {
      const { read, files, add } = setUp(content);
      const error = await read().catch((thrown: Error) => thrown);
      expect(error).toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining(told) });
      await expect(add("bob", BOB)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
      expect(files.text(PATH)).toBe(content);
    });
  }
});

describe("Contacts", () => {
  function watched(content?: string) {
    const files = new WatchedFiles();
    const write = (contacts: readonly object[]) => files.put(PATH, JSON.stringify({ contacts }));
    if (content !== undefined) files.put(PATH, content);
    const log = new RecordingLogger();
    return { files, write, log, contacts: new Contacts({ files, log }, { directory: DIRECTORY }) };
  }

  test("knows nobody where there is no file", async () => {
    const { contacts } = watched();
    expect(await contacts.refresh()).toBe(true);
    expect([contacts.resolve("alice"), contacts.nameOf(ALICE), contacts.isKnown(ALICE), contacts.isBlocked(ALICE)])
      .toEqual([undefined, undefined, false, false]);
  });

  test("resolves names in any case, and node ids to themselves", async () => {
    const { contacts, write } = watched();
    write([{ name: "Alice", node_id: ALICE, addresses: ["tcp://a:1"] }, { name: "bob", node_id: BOB, blocked: true }]);
    await contacts.refresh();
    expect([" alice ", "ALICE", CAROL, "carol"].map((name) => contacts.resolve(name))).toEqual([
      ALICE,
      ALICE,
      CAROL,
      undefined,
    ]);
    expect([contacts.nameOf(ALICE), contacts.addressesOf(ALICE), contacts.addressesOf(CAROL)]).toEqual(["Alice", [
      "tcp://a:1",
    ], []]);
    expect([ALICE, BOB, CAROL].map((each) => contacts.isBlocked(each))).toEqual([false, true, false]);
    expect([ALICE, BOB, CAROL].map((each) => contacts.isKnown(each))).toEqual([true, false, false]);
  });

  test("reads the file again only when it changed", async () => {
    const { contacts, write, files } = watched();
    write([{ name: "alice", node_id: ALICE }]);
    expect([await contacts.refresh(), await contacts.refresh()]).toEqual([true, false]);
    expect(files.readCount).toBe(1);
    write([{ name: "alice", node_id: BOB }]);
    expect(await contacts.refresh()).toBe(true);
    expect(contacts.resolve("alice")).toBe(BOB);
    files.delete(PATH);
    expect(await contacts.refresh()).toBe(true);
    expect(contacts.all).toEqual([]);
  });

  test("keeps the last good version while the file is broken, and says so", async () => {
    const { contacts, write, files, log } = watched();
    write([{ name: "mallory", node_id: ALICE, blocked: true }]);
    await contacts.refresh();
    files.put(PATH, '{"contacts": [');
    expect(await contacts.refresh()).toBe(false);
    expect(contacts.isBlocked(ALICE)).toBe(true);
    expect(log.events.map(({ event }) => event)).toContain("contacts_unreadable");
    write([]);
    expect(await contacts.refresh()).toBe(true);
    expect(contacts.isBlocked(ALICE)).toBe(false);
  });

  test("reads again after a disk that failed, though the file did not change", async () => {
    const { contacts, write, files } = watched();
    write([{ name: "alice", node_id: ALICE }]);
    files.readFault = new BarnacleError({ code: "IO_ERROR", action: "Read" });
    expect(await contacts.refresh()).toBe(false);
    files.readFault = undefined;
    expect(await contacts.refresh()).toBe(true);
    expect(contacts.isKnown(ALICE)).toBe(true);
  });

  test("watch tells of a change until it is ended", () => {
    const { contacts, write, files } = watched();
    let changes = 0;
    const watcher = contacts.watch(() => changes++);
    write([]);
    watcher.close();
    write([]);
    expect([changes, files.watchCount]).toEqual([1, 0]);
  });
});
