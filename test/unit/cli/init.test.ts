/** Hunts: an init that changes something twice or in silence, a removal under a running agent, a directory made by a typing error. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRuntime } from "#runtime";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MailBench } from "./support/mail-bench.ts";

let bench: MailBench;
beforeEach(() => void (bench = new MailBench()));
afterEach(() => bench.remove());

describe("init", () => {
  test("makes a directory ready, says what it did, and changes nothing the second time", async () => {
    const first = await bench.run("init");
    expect(first.exit).toBe(0);
    expect(first.output).toMatch(/^made +\.moltcomm\//);
    expect(first.output).toMatch(/this host is ed25519:[\w-]{43}/);
    expect([bench.mode(".moltcomm"), bench.mode(".moltcomm/identity.pem")]).toEqual([0o700, 0o600]);
    expect([bench.text(".moltcomm/.gitignore"), bench.text(".moltcomm/outbox.ndjson")]).toEqual(["*\n", ""]);
    const before = [bench.text("HEARTBEAT.md"), bench.text("SKILL_IMPL.md"), bench.text(".moltcomm/identity.pem")];
    const second = await bench.run("init");
    expect(second.output.trimEnd().split("\n").map((line) => line.split(" ")[0])).toEqual([
      ...Array.from({ length: 6 }, () => "there"),
      "ready,",
    ]);
    expect([bench.text("HEARTBEAT.md"), bench.text("SKILL_IMPL.md"), bench.text(".moltcomm/identity.pem")]).toEqual(
      before,
    );
  });

  test("gives 1 and says what to do when one thing fails, and does the rest", async () => {
    bench.put("HEARTBEAT.md", "<!-- MOLTCOMM:END -->\n", 0o644);
    const { exit, output } = await bench.run("init");
    expect(exit).toBe(1);
    expect(output).toMatch(/^failed +HEARTBEAT\.md/m);
    expect(output).toContain("-> the other marker is missing");
    expect(bench.has("SKILL_IMPL.md")).toBe(true);
    const { steps } = JSON.parse((await bench.run("init", "--json")).output);
    const failed = steps.filter((step: { outcome: string }) => step.outcome === "failed");
    expect(failed).toEqual([
      expect.objectContaining({ path: "HEARTBEAT.md", hint: expect.stringContaining("line 1") }),
    ]);
  });

  test("makes no directory that is not there", async () => {
    const { exit, errors } = await bench.runIn(bench.path("typo"), "init");
    expect([exit, existsSync(bench.path("typo"))]).toEqual([1, false]);
    expect(errors).toContain("hint: create it");
  });
});

describe("init --remove", () => {
  test("gives the directory back as it was", async () => {
    bench.put("HEARTBEAT.md", "# Mine\n\nLook after the garden.\n", 0o644);
    await bench.run("init");
    expect((await bench.run("init", "--remove")).exit).toBe(0);
    expect(readdirSync(bench.directory)).toEqual(["HEARTBEAT.md"]);
    expect(bench.text("HEARTBEAT.md")).toBe("# Mine\n\nLook after the garden.\n");
    expect((await bench.run("init", "--remove")).output).toBe("nothing to take out\n");
    expect(readdirSync(bench.directory)).toEqual(["HEARTBEAT.md"]);
  });

  test("is refused while an agent runs, with nothing taken out", async () => {
    await bench.run("init");
    const lock = await createRuntime().files.lock(bench.path(".barnacle/lock"));
    const { exit, errors } = await bench.run("init", "--remove");
    await lock.release();
    expect(exit).toBe(5);
    expect(errors).toContain("hint: stop the agent");
    expect(bench.has("SKILL_IMPL.md")).toBe(true);
  });

  test("leaves an identity with contacts, and an instance's id, and says why", async () => {
    await bench.run("init");
    bench.put(".moltcomm/contacts.json", '{"contacts": []}');
    bench.put(".barnacle/instance.json", "{}");
    const { exit, output } = await bench.run("init", "--remove");
    expect(exit).toBe(0);
    expect(output).toMatch(/^left +\.moltcomm\/ .*contacts\.json/m);
    expect(output).toMatch(/^left +\.barnacle\/ .*instance\.json/m);
    expect([bench.has(".moltcomm/identity.pem"), bench.has(".barnacle/instance.json")]).toEqual([true, true]);
  });
});

describe("init in the workspace of a gateway's agent", () => {
  let home: string;
  beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "barnacle-home-"))));
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const state = (...names: string[]) => join(home, ".openclaw", ...names);
  function configure(version: string, more: object = {}): void {
    mkdirSync(state(), { recursive: true });
    const agents = { defaults: { workspace: bench.directory } };
    writeFileSync(state("openclaw.json"), JSON.stringify({ meta: { lastTouchedVersion: version }, agents, ...more }));
    bench.environment = { HOME: home };
  }
  const outcomes = (output: string): Record<string, string> => {
    const { steps } = JSON.parse(output) as {
      readonly steps: readonly { readonly path: string; readonly outcome: string }[];
    };
    return Object.fromEntries(steps.map(({ path, outcome }) => [path, outcome]));
  };

  test("of 2026.7 puts the section into HEARTBEAT.md, and asks for nothing", async () => {
    configure("2026.7.35");
    const told = outcomes((await bench.run("init", "--json")).output);
    expect(told).toMatchObject({ "HEARTBEAT.md": "made", OpenClaw: "there" });
    expect(Object.keys(told)).not.toContain("scratch");
    expect(readdirSync(state())).toEqual(["openclaw.json"]);
  });

  test("of 2026.9 makes no HEARTBEAT.md, and changes nothing of the gateway's without consent", async () => {
    configure("2026.9.6");
    const { exit, output } = await bench.run("init");
    expect(exit).toBe(0);
    expect(output).toMatch(/^there +OpenClaw +main works here: the gateway of .*OpenClaw 2026\.9\.6, stopped/m);
    expect(output).toMatch(/^left +scratch .*--yes/m);
    expect([bench.has("HEARTBEAT.md"), bench.has(".moltcomm/identity.pem")]).toEqual([false, true]);
    expect(readdirSync(state())).toEqual(["openclaw.json"]);
    const { output: examined } = await bench.run("doctor");
    expect(examined).toMatch(/^warning +heartbeat +main of .* reads no HEARTBEAT\.md, and nothing else tells it/m);
  });

  test("that was renewed since has the section taken out of the file that it does not read any more, with consent", async () => {
    configure("2026.7.35");
    await bench.run("init");
    configure("2026.9.6");
    expect(outcomes((await bench.run("init", "--json")).output)).not.toHaveProperty("HEARTBEAT.md");
    expect(bench.has("HEARTBEAT.md")).toBe(true);
    expect(outcomes((await bench.run("init", "--yes", "--json")).output)).toMatchObject({ "HEARTBEAT.md": "removed" });
    expect(bench.has("HEARTBEAT.md")).toBe(false);
    bench.put("HEARTBEAT.md", "# Mine\n\nLook after the garden.\n", 0o644);
    expect(outcomes((await bench.run("init", "--yes", "--json")).output)).not.toHaveProperty("HEARTBEAT.md");
    expect(bench.text("HEARTBEAT.md")).toBe("# Mine\n\nLook after the garden.\n");
  });

  test("of 2026.9 with consent writes the skill, says that the scratch needs a gateway that runs, and takes all out", async () => {
    configure("2026.9.6");
    const { exit, output } = await bench.run("init", "--yes", "--json");
    expect(exit).toBe(1);
    expect(outcomes(output)).toMatchObject({ scratch: "failed", skill: "made" });
    expect(output).toContain("start it, then run this again");
    expect(readFileSync(state("skills", "barnacle", "SKILL.md"), "utf8")).toContain(
      `${bench.directory}/.moltcomm/inbox.ndjson`,
    );
    expect(outcomes((await bench.run("init", "--remove", "--json")).output)).toMatchObject({
      scratch: "left",
      skill: "removed",
      ".moltcomm/": "removed",
    });
    expect([readdirSync(state()), readdirSync(bench.directory)]).toEqual([["openclaw.json"], []]);
  });

  test.each(["2026.7.35", "2026.9.6"])(
    "of %s says that a sandboxed agent cannot see the work directory, and what to do, and so do status and doctor",
    async (version) => {
      const sandbox = { mode: "all" };
      configure(version, { agents: { defaults: { workspace: bench.directory, sandbox } } });
      const why =
        `main works in a sandbox (agents.defaults.sandbox, docker) that does not have ${bench.directory}/.moltcomm`;
      const remedy = 'set agents.defaults.sandbox.workspaceAccess to "rw"';
      const { exit, output } = await bench.run("init");
      expect(exit).toBe(0);
      expect(output).toContain(why);
      expect(output).toContain(`-> ${remedy}`);
      const { steps } = JSON.parse((await bench.run("init", "--json")).output) as { readonly steps: readonly object[] };
      expect(steps).toContainEqual({
        path: "sandbox",
        outcome: "left",
        note: expect.stringContaining(why),
        hint: expect.stringContaining(remedy),
      });
      bench.columns = 60;
      const { output: shown } = await bench.run("openclaw", "status");
      expect(shown).toMatch(/^sandbox +main is in one, and does not see its mail$/m);
      expect(shown).toContain(why);
      expect(shown).toContain(remedy);
      const { gateways } = JSON.parse((await bench.run("openclaw", "status", "--json")).output);
      expect(gateways[0].agents[0].sandbox).toMatchObject({
        setting: "agents.defaults.sandbox",
        backend: "docker",
        workspace_access: "none",
        mail: "none",
        problem: expect.stringContaining(why),
        hint: expect.stringContaining(remedy),
      });
      bench.columns = undefined;
      const { output: examined } = await bench.run("doctor");
      expect(examined).toMatch(/^warning +sandbox +main works in a sandbox/m);
      expect(examined).toContain(remedy);
      configure(version, {
        agents: { defaults: { workspace: bench.directory, sandbox: { mode: "all", workspaceAccess: "rw" } } },
      });
      expect((await bench.run("init")).output).toMatch(
        /^there +sandbox +the agent sees its mail there as \/workspace\/\.moltcomm$/m,
      );
      expect((await bench.run("openclaw", "status")).output).toMatch(/sees its mail as \/workspace\/\.moltcomm$/m);
      expect((await bench.run("doctor")).output).toMatch(/^ok +sandbox +main works in one/m);
    },
  );

  test("remembers where it put the section, so that the agent puts it back, until it is taken out", async () => {
    const told = () => JSON.parse(bench.text(".moltcomm/state/init.json")).told;
    configure("2026.7.35");
    await bench.run("init");
    expect(told()).toEqual({ file: true });
    bench.put(".moltcomm/contacts.json", '{"contacts": []}');
    await bench.run("init", "--remove");
    expect(told()).toBeUndefined();
  });

  test("says which state directory is no gateway's", async () => {
    mkdirSync(state("workspace"), { recursive: true });
    bench.environment = { HOME: home };
    expect(outcomes((await bench.run("init", "--json")).output)).not.toHaveProperty("OpenClaw");
    const { output } = await bench.run("openclaw", "status");
    expect(output).toContain("no OpenClaw gateway was found for this user\n");
    expect(output).toContain(`${state()} is no gateway's: there is no ${state("openclaw.json")}`);
    const told = JSON.parse((await bench.run("openclaw", "status", "--json")).output);
    expect(told).toEqual({
      gateways: [],
      vacant: [{ state_directory: state(), configuration: state("openclaw.json"), named: false }],
    });
  });

  test("says that the plugin tells the agent, where it is installed, and takes out what was told before", async () => {
    configure("2026.9.6");
    await bench.run("init", "--yes");
    expect(existsSync(state("skills"))).toBe(true);
    configure("2026.9.6", { plugins: { entries: { barnacle: { enabled: true } } } });
    const told = outcomes((await bench.run("init", "--yes", "--json")).output);
    expect(told).toMatchObject({ plugin: "there", skill: "removed" });
    expect([bench.has("HEARTBEAT.md"), readdirSync(state())]).toEqual([false, ["openclaw.json"]]);
    expect((await bench.run("doctor")).output).toMatch(/^ok +heartbeat .*the plugin tells it/m);
  });
});
