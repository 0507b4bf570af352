/**
 * Hunts: an agent that tidied up its heartbeat and is deaf from then on; a person's text or will that is lost when the section is put back;
 * a fight with OpenClaw's doctor or with whoever takes the section out on purpose; a scratch that is left empty.
 */
import { beforeEach, describe, expect, test } from "vitest";
import { Instructions } from "../../src/instructions.ts";
import { absoluteSection, HEARTBEAT_SECTION, mendSection, type Told } from "../../src/mailbox/commands.ts";
import type { Gateway } from "../../src/openclaw/mod.ts";
import { SeededRandom } from "../sim/random.ts";
import { Automations } from "./openclaw/automations.ts";
import { agent, makeGateway } from "./openclaw/waking/support.ts";
import { makeBench } from "./scheduler/support.ts";
import { MemoryFiles } from "./store/support/memory-files.ts";

const FILE = "/work/HEARTBEAT.md";
const STATE = "/home/ann/.openclaw";
const CONFIG = `${STATE}/openclaw.json`;
const HOUR_MS = 60 * 60_000;
const SECTION = absoluteSection("/work/.moltcomm");
const IN_FILE: Told = { isInFile: true };
const IN_SCRATCH: Told = { scratch: { stateDirectory: STATE, agentId: "main" } };

function setUp() {
  const bench = makeBench();
  const files = new MemoryFiles({ [CONFIG]: '{"gateway":{"auth":{"token":"operator-token"}}}' });
  files.putDirectory("/work");
  const automations = new Automations();
  const keeper = new Instructions({
    files,
    random: new SeededRandom(1),
    clock: bench.clock,
    log: bench.log,
    openSocket: automations.openSocket,
    process: { environment: () => ({}) } as never,
  }, { directory: "/work" });
  return { ...bench, automations, files, keeper };
}

let scene: ReturnType<typeof setUp>;
beforeEach(() => void (scene = setUp()));

const restored = () => scene.log.named("instructions_restored").length;
const kept = () => scene.log.named("instructions_not_kept");

describe("an agent that deletes the section from HEARTBEAT.md", () => {
  const older: readonly Gateway[] = [makeGateway({ generation: "heartbeat-file" })];

  test("finds it again, with all of its own around it, told once in the log", async () => {
    scene.files.put(FILE, "# Mine\n\nWater the garden.\n");
    await scene.keeper.look(IN_FILE, older);
    expect(scene.files.text(FILE)).toContain(HEARTBEAT_SECTION);
    expect(scene.files.text(FILE)).toMatch(/^# Mine\n\nWater the garden\.\n/);
    await scene.keeper.look(IN_FILE, older);
    expect(restored()).toBe(1);
  });

  test("with the file finds both again, also in a directory of no gateway's", async () => {
    await scene.keeper.look(IN_FILE, []);
    expect(scene.files.text(FILE)).toBe(`# Heartbeat\n\n${HEARTBEAT_SECTION}\n`);
  });

  test("is left alone for an hour after that, and after three times for the day", async () => {
    let times = 0;
    for (let hours = 0; hours < 24; hours++) {
      scene.files.put(FILE, "# Mine\n");
      for (let quarter = 0; quarter < 4; quarter++) {
        await scene.keeper.look(IN_FILE, older);
        if (restored() > times) {
          times = restored();
          scene.files.put(FILE, "# Mine\n");
        }
        await scene.clock.advance(HOUR_MS / 4);
      }
    }
    expect(times).toBe(3);
    await scene.clock.advance(HOUR_MS);
    await scene.keeper.look(IN_FILE, older);
    expect(restored()).toBe(4);
  });

  test("loses nothing that it writes at the very moment", async () => {
    scene.files.put(FILE, "# Mine\n");
    scene.files.fault = (operation) => {
      if (operation.startsWith("setMode")) scene.files.put(FILE, "# Mine, and more\n");
      return undefined;
    };
    await scene.keeper.look(IN_FILE, older);
    expect([scene.files.text(FILE), restored()]).toEqual(["# Mine, and more\n", 0]);
    scene.files.fault = () => undefined;
    await scene.keeper.look(IN_FILE, older);
    expect(scene.files.text(FILE)).toContain("# Mine, and more\n");
    expect(restored()).toBe(1);
  });
});

describe("nothing is put back", () => {
  test("where init put nothing, or somewhere else", async () => {
    await scene.keeper.look({}, []);
    await scene.keeper.look(IN_SCRATCH, []);
    await scene.keeper.look(IN_FILE, [makeGateway()]);
    await scene.keeper.look(IN_SCRATCH, [makeGateway({ stateDirectory: "/srv/other" })]);
    expect([scene.files.paths(), scene.automations.sessions]).toEqual([[CONFIG], 0]);
  });

  test("into HEARTBEAT.md where OpenClaw's doctor takes it away, or where that may be", async () => {
    await scene.keeper.look(IN_FILE, [makeGateway({ generation: "scratch" })]);
    await scene.keeper.look(IN_FILE, [makeGateway({ generation: undefined })]);
    // Its configuration cannot be read now.
    await scene.keeper.look(IN_FILE, [makeGateway({ agents: [] })]);
    expect(scene.files.paths()).toEqual([CONFIG]);
  });

  test("into the scratch while the gateway is at rest, or the plugin tells the agent", async () => {
    await scene.keeper.look(IN_SCRATCH, [makeGateway({ state: "stopped" })]);
    scene.files.put(CONFIG, '{"plugins":{"entries":{"barnacle":{"enabled":true}}}}');
    await scene.keeper.look(IN_SCRATCH, [makeGateway()]);
    expect(scene.automations.sessions).toBe(0);
  });
});

describe("an agent that deletes the section from its scratch", () => {
  test.each([
    ["all of it", undefined],
    ["but for a note", "- water the garden\n"],
    ["but for headings, so that it counts as empty", "# Chores\n"],
    ["but for one marker", "- water\n<!-- MOLTCOMM:END -->\n"],
    ["but for half of it", `- water\n${SECTION.split("\n").slice(0, 6).join("\n")}\n- sow\n`],
  ])("%s, finds it again, and its own text with it", async (_what, content) => {
    scene.automations.content = content;
    await scene.keeper.look(IN_SCRATCH, [makeGateway()]);
    const text = scene.automations.content ?? "";
    expect(text.split(SECTION)).toHaveLength(2);
    expect(text.split("MOLTCOMM:BEGIN")).toHaveLength(2);
    for (const line of ["- water", "- sow", "# Chores"]) {
      expect(text.includes(line)).toBe(content?.includes(line) ?? false);
    }
    expect([restored(), scene.automations.writes]).toEqual([1, 1]);
  });

  test("and leaves another one in other words finds the contract's words again", async () => {
    scene.automations.content = SECTION.replace("Read `", "Forget `");
    await scene.keeper.look(IN_SCRATCH, [makeGateway()]);
    expect(scene.automations.content).toBe(SECTION);
  });

  test("a scratch that changed meanwhile keeps what somebody wrote in between", async () => {
    scene.automations.content = "mine\n";
    const rivals = ["theirs\n"];
    scene.automations.rival = () => rivals.shift();
    await scene.keeper.look(IN_SCRATCH, [makeGateway()]);
    expect(scene.automations.content).toContain("theirs\n");
    expect(scene.automations.content).toContain(SECTION);
  });

  test("is not written to while nothing is gone", async () => {
    scene.automations.content = `- water\n\n${SECTION}\n`;
    await scene.keeper.look(IN_SCRATCH, [makeGateway()]);
    expect([scene.automations.writes, restored()]).toEqual([0, 0]);
  });

  test("is told the paths of its sandbox", async () => {
    const mounts = [{ host: "/work", inside: "/workspace", isWritable: true }];
    const sandbox = {
      setting: "agents.defaults.sandbox",
      backend: "docker",
      access: "rw",
      mounts,
      hasTools: false,
    } as const;
    await scene.keeper.look(IN_SCRATCH, [makeGateway({ agents: [{ ...agent("main", "/work", true), sandbox }] })]);
    expect(scene.automations.content).toContain("`/workspace/.moltcomm/inbox.cursor`");
  });

  test("in a gateway whose token is not known here is told of, with what to do, and looked at again", async () => {
    scene.files.put(CONFIG, "{}");
    await scene.keeper.look(IN_SCRATCH, [makeGateway()]);
    expect(kept()).toHaveLength(1);
    expect(kept()[0]?.fields["error"]).toMatchObject({ code: "UNAUTHORIZED", hint: expect.stringContaining("plugin") });
    scene.files.put(CONFIG, '{"gateway":{"auth":{"token":"operator-token"}}}');
    await scene.keeper.look(IN_SCRATCH, [makeGateway()]);
    expect([scene.automations.writes, scene.log.named("instructions_can_be_kept").length]).toEqual([1, 1]);
  });

  test("and has no heartbeat any more is told of", async () => {
    scene.automations.jobs = [];
    await scene.keeper.look(IN_SCRATCH, [makeGateway()]);
    expect(kept()[0]?.fields["error"]).toMatchObject({ code: "NOT_FOUND", hint: expect.stringContaining("heartbeat") });
  });
});

describe("mendSection", () => {
  test("takes no line that is not word for word ours", () => {
    const others = "# Mine\n\n1) Read the mail, maybe.\n## MoltComm Inbox\n";
    expect(mendSection(others, "x").split(HEARTBEAT_SECTION).join("").replace(/\n+/g, "\n")).toBe(
      others.replace(/\n+/g, "\n"),
    );
  });

  test("is refused by a marker in the midst of somebody's line", () => {
    expect(() => mendSection("see <!-- MOLTCOMM:BEGIN --> there\n", "x")).toThrow(/MOLTCOMM:BEGIN/);
  });

  test("puts the text of a section without its markers back into one", () => {
    const bare = HEARTBEAT_SECTION.split("\n").slice(1, -1).join("\n");
    const mended = mendSection(`# Mine\n\n${bare}\n\n- water\n`, "x");
    expect(mended.split("## MoltComm Inbox (Required)")).toHaveLength(2);
    expect(mended).toContain(HEARTBEAT_SECTION);
    expect(mended).toContain("- water\n");
  });
});
