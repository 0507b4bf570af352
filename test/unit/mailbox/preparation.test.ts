/** Hunts: a second init that changes a byte, a removal that takes what init did not put in, one failure that stops the rest. */
import { describe, expect, test } from "vitest";
import { prepareForMail, removePreparation, type Step } from "../../../src/mailbox/commands.ts";
import { SeededRandom } from "../../sim/random.ts";
import { nodeCryptoPort as crypto } from "../../support/node-crypto.ts";
import { MemoryFiles } from "../store/support/memory-files.ts";

const W = "/work";
const IDENTITY = `${W}/.moltcomm/identity.pem`;
const FILES = [
  `${W}/.moltcomm/.gitignore`,
  IDENTITY,
  `${W}/.moltcomm/outbox.ndjson`,
  `${W}/.moltcomm/state/init.json`,
  `${W}/HEARTBEAT.md`,
  `${W}/SKILL_IMPL.md`,
];

function setUp() {
  const files = new MemoryFiles();
  files.putDirectory(W);
  const identity = {
    current: () => Promise.resolve(files.text(IDENTITY)?.trim()),
    make: () => {
      files.put(IDENTITY, "ed25519:me\n", { mode: 0o600 });
      return Promise.resolve("ed25519:me");
    },
  };
  const components = { files, random: new SeededRandom(1), crypto, identity };
  return {
    files,
    init: () => prepareForMail(components, W),
    remove: () => removePreparation(components, W),
  };
}

const told = (steps: readonly Step[]) => Object.fromEntries(steps.map(({ path, outcome }) => [path, outcome]));
const contents = (files: MemoryFiles) => Object.fromEntries(files.paths().map((path) => [path, files.text(path)]));

describe("prepareForMail", () => {
  test("makes everything in an empty directory, and says so", async () => {
    const { files, init } = setUp();
    expect(told(await init())).toEqual({
      ".moltcomm/": "made",
      ".moltcomm/.gitignore": "made",
      ".moltcomm/identity.pem": "made",
      ".moltcomm/outbox.ndjson": "made",
      "HEARTBEAT.md": "made",
      "SKILL_IMPL.md": "made",
    });
    expect(files.paths()).toEqual(FILES);
    expect(files.text(`${W}/.moltcomm/.gitignore`)).toBe("*\n");
    expect(files.text(`${W}/.moltcomm/outbox.ndjson`)).toBe("");
    expect((await files.stat(`${W}/.moltcomm`)).mode).toBe(0o700);
    for (const path of FILES.slice(0, 4)) expect(files.modeOf(path)).toBe(0o600);
  });

  test("changes nothing the second time", async () => {
    const { files, init } = setUp();
    await init();
    const before = contents(files);
    files.operations.length = 0;
    expect([...new Set((await init()).map(({ outcome }) => outcome))]).toEqual(["there"]);
    expect(contents(files)).toEqual(before);
    const writes = files.operations.filter((operation) =>
      /^(open|rename|remove|setMode|makeDirectory)/.test(operation)
    );
    expect(writes).toEqual([]);
  });

  test("leaves what is there: identity, outbox, ignore file, and a SKILL_IMPL.md of somebody else", async () => {
    const { files, init } = setUp();
    files.put(IDENTITY, "ed25519:mine");
    files.put(`${W}/.moltcomm/outbox.ndjson`, '{"to":"x"}\n');
    files.put(`${W}/.moltcomm/.gitignore`, "inbox.ndjson\n");
    files.put(`${W}/SKILL_IMPL.md`, "# Mine\n");
    const steps = await init();
    expect(told(steps)).toEqual({
      ".moltcomm/": "there",
      ".moltcomm/.gitignore": "left",
      ".moltcomm/identity.pem": "there",
      ".moltcomm/outbox.ndjson": "there",
      "HEARTBEAT.md": "made",
      "SKILL_IMPL.md": "left",
    });
    expect([files.text(IDENTITY), files.text(`${W}/SKILL_IMPL.md`)]).toEqual(["ed25519:mine", "# Mine\n"]);
    expect(steps[0]?.note).toContain("chmod 700");
  });

  test("brings a SKILL_IMPL.md of an earlier version up to date", async () => {
    const { files, init } = setUp();
    await init();
    const text = files.text(`${W}/SKILL_IMPL.md`) ?? "";
    files.put(`${W}/SKILL_IMPL.md`, "the text of an earlier version");
    const manifest = JSON.parse(files.text(`${W}/.moltcomm/state/init.json`) ?? "") as object;
    const hash = Array.from(
      crypto.sha256("the text of an earlier version"),
      (byte) => byte.toString(16).padStart(2, "0"),
    ).join("");
    files.put(`${W}/.moltcomm/state/init.json`, JSON.stringify({ ...manifest, skill_impl_sha256: hash }));
    expect(told(await init())["SKILL_IMPL.md"]).toBe("changed");
    expect(files.text(`${W}/SKILL_IMPL.md`)).toBe(text);
    expect(told(await init())["SKILL_IMPL.md"]).toBe("there");
  });

  test("goes on behind what fails, and tells it with what to do", async () => {
    const { files, init } = setUp();
    files.put(`${W}/HEARTBEAT.md`, "<!-- MOLTCOMM:BEGIN -->\n");
    const steps = await init();
    expect(told(steps)).toMatchObject({ "HEARTBEAT.md": "failed", "SKILL_IMPL.md": "made" });
    expect(steps.find(({ outcome }) => outcome === "failed")?.error).toMatchObject({ code: "MARKERS_DAMAGED" });
    expect(files.text(`${W}/HEARTBEAT.md`)).toBe("<!-- MOLTCOMM:BEGIN -->\n");
  });

  test("after a failure at any write leaves what a further run completes", async () => {
    const whole = setUp();
    await whole.init();
    const count = whole.files.operations.length;
    for (let index = 0; index < count; index++) {
      const { files, init } = setUp();
      files.fault = (_operation, at) => at === index ? "DISK_FULL" : undefined;
      await init().catch(() => undefined);
      files.fault = () => undefined;
      await init();
      const made = contents(files);
      expect(Object.keys(made).filter((path) => !path.endsWith(".tmp"))).toEqual(
        expect.arrayContaining(FILES.slice(0, 3)),
      );
      expect(made[`${W}/HEARTBEAT.md`]).toBe(whole.files.text(`${W}/HEARTBEAT.md`));
      expect(made[`${W}/SKILL_IMPL.md`]).toBe(whole.files.text(`${W}/SKILL_IMPL.md`));
    }
  });
});

describe("removePreparation", () => {
  test("gives an empty directory back", async () => {
    const { files, init, remove } = setUp();
    await init();
    expect(told(await remove())).toEqual({
      "HEARTBEAT.md": "removed",
      "SKILL_IMPL.md": "removed",
      ".moltcomm/outbox.ndjson": "removed",
      ".moltcomm/": "removed",
    });
    expect(files.paths()).toEqual([]);
    expect(await files.list(W)).toEqual([]);
    expect(await remove()).toEqual([]);
  });

  test("leaves mail, contacts and peers, the identity with them, and says why", async () => {
    for (const name of ["inbox.ndjson", "contacts.json", "peers.json", "state/inbox.json", "archive"]) {
      const { files, init, remove } = setUp();
      await init();
      files.put(`${W}/.moltcomm/${name}`, "{}\n");
      const steps = await remove();
      const left = steps.find(({ path }) => path === ".moltcomm/");
      expect([left?.outcome, left?.note]).toEqual(["left", expect.stringContaining(name)]);
      expect(files.text(IDENTITY)).toBe("ed25519:me\n");
      expect(files.text(`${W}/.moltcomm/.gitignore`)).toBe("*\n");
      expect(files.text(`${W}/HEARTBEAT.md`)).toBe(undefined);
    }
  });

  test("leaves an outbox with messages, and an identity that init did not make", async () => {
    const written = setUp();
    await written.init();
    written.files.put(`${W}/.moltcomm/outbox.ndjson`, '{"to":"x"}\n');
    expect(told(await written.remove())).toMatchObject({ ".moltcomm/outbox.ndjson": "left", ".moltcomm/": "left" });
    const brought = setUp();
    brought.files.put(IDENTITY, "ed25519:mine");
    await brought.init();
    expect(told(await brought.remove())).toMatchObject({ ".moltcomm/": "left" });
    const exchanged = setUp();
    await exchanged.init();
    exchanged.files.put(IDENTITY, "ed25519:imported");
    expect(told(await exchanged.remove())).toMatchObject({ ".moltcomm/": "left" });
    expect(exchanged.files.text(IDENTITY)).toBe("ed25519:imported");
  });

  test("leaves a SKILL_IMPL.md and a HEARTBEAT.md that somebody worked on", async () => {
    const { files, init, remove } = setUp();
    await init();
    files.put(`${W}/SKILL_IMPL.md`, `${files.text(`${W}/SKILL_IMPL.md`)}More.\n`);
    files.put(`${W}/HEARTBEAT.md`, `${files.text(`${W}/HEARTBEAT.md`)}\nMore.\n`);
    expect(told(await remove())).toMatchObject({ "HEARTBEAT.md": "changed", "SKILL_IMPL.md": "left" });
    expect(files.text(`${W}/HEARTBEAT.md`)).toBe("# Heartbeat\n\nMore.\n");
  });

  test("without its record removes nothing that could be somebody's", async () => {
    const { files, init, remove } = setUp();
    await init();
    for (const damage of ["", "{", '{"made": 7}']) {
      files.put(`${W}/.moltcomm/state/init.json`, damage);
      expect(told(await remove())[".moltcomm/"]).toBe("left");
    }
    expect(files.text(IDENTITY)).toBe("ed25519:me\n");
    expect(files.text(`${W}/HEARTBEAT.md`)).toBe("# Heartbeat\n");
  });

  test("touches no file where init never was", async () => {
    const { files, remove } = setUp();
    files.put(`${W}/HEARTBEAT.md`, "# Heartbeat\n");
    files.put(`${W}/notes.md`, "x");
    const before = contents(files);
    expect(await remove()).toEqual([]);
    expect(contents(files)).toEqual(before);
  });

  test("cut off at any step, is completed by a further run", async () => {
    const whole = setUp();
    await whole.init();
    const start = whole.files.operations.length;
    await whole.remove();
    const count = whole.files.operations.length;
    for (let index = start; index < count; index++) {
      const { files, init, remove } = setUp();
      await init();
      files.fault = (_operation, at) => at >= index ? "IO_ERROR" : undefined;
      await remove().catch(() => undefined);
      files.fault = () => undefined;
      await remove();
      // Once the record itself is gone, what is left of the empty directories is not known to be ours.
      expect(files.paths()).toEqual([]);
    }
  });
});
