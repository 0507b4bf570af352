/** Hunts: an agent of several that is left without its files, told the wrong paths, or given an identity that it shares. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { workDirectoriesOf } from "../../../src/cli/openclaw/gateways.ts";
import { agent, makeGateway } from "../openclaw/waking/support.ts";
import { MailBench } from "./support/mail-bench.ts";

const timeout = { timeout: 60_000 };

let bench: MailBench;
let root: string;
beforeEach(() => {
  bench = new MailBench();
  root = mkdtempSync(join(tmpdir(), "barnacle-agents-"));
});
afterEach(() => {
  bench.remove();
  rmSync(root, { recursive: true, force: true });
});

interface Shown {
  readonly path: string;
  readonly outcome: string;
  readonly note: string;
  readonly hint: string | null;
}

async function init(...words: readonly string[]): Promise<readonly Shown[]> {
  const { output } = await bench.run("init", "--json", ...words);
  return (JSON.parse(output) as { readonly steps: readonly Shown[] }).steps;
}

function configure(others: readonly object[]): void {
  bench.put("barnacle.json", JSON.stringify({ agents: { others } }), 0o644);
}

describe("init where a daemon carries the mail of several", () => {
  test(
    "prepares the directory of each, with an identity where it has its own, and takes all out again",
    timeout,
    async () => {
      const [own, shared] = [join(root, "own"), join(root, "shared")];
      for (const directory of [own, shared]) mkdirSync(directory);
      configure([{ id: "a", directory: own }, { id: "b", directory: shared, identity: "shared" }, {
        id: "c",
        directory: join(root, "later"),
      }]);
      const steps = await init();
      const of = (path: string) => steps.find((step) => step.path === path);
      expect(of("a: .moltcomm/identity.pem")?.outcome).toBe("made");
      expect(of("b: .moltcomm/identity.pem")).toMatchObject({ outcome: "there" });
      expect(of("b: .moltcomm/identity.pem")?.note).toBe(
        of(".moltcomm/identity.pem")?.note.replace("made", "there"),
      );
      expect(of("c: .")).toMatchObject({ outcome: "left", note: expect.stringContaining("not there yet") });
      expect([own, shared].map((directory) => existsSync(join(directory, ".moltcomm", "identity.pem")))).toEqual([
        true,
        false,
      ]);
      for (const directory of [own, shared]) {
        expect(readFileSync(join(directory, "HEARTBEAT.md"), "utf8")).toContain("MOLTCOMM:BEGIN");
      }
      expect((await init()).filter(({ outcome }) => outcome === "made" || outcome === "changed")).toEqual([]);
      await init("--remove");
      for (const directory of [own, shared]) expect(existsSync(join(directory, "HEARTBEAT.md"))).toBe(false);
    },
  );

  /** A gateway's state with the agent of the work directory and two more. */
  function putGateway(): void {
    const home = join(root, "home");
    mkdirSync(join(home, ".openclaw"), { recursive: true });
    const entries = Object.fromEntries(
      [["main", bench.directory], ["research", join(root, "r")], ["desk", join(root, "d")]]
        .map(([id, workspace]) => [id, { workspace }]),
    );
    const config = { meta: { lastTouchedVersion: "2026.9.6" }, agents: { entries } };
    writeFileSync(join(home, ".openclaw", "openclaw.json"), JSON.stringify(config));
    bench.environment = { HOME: home };
  }

  test("names the agents of a gateway whose mail nobody carries, and how to take them in", timeout, async () => {
    putGateway();
    configure([{ id: "desk", directory: join(root, "d") }]);
    const proposed = (await init()).filter(({ path }) => path === "agents");
    expect(proposed).toEqual([
      expect.objectContaining({ outcome: "left", hint: "barnacle init --agents writes that" }),
    ]);
    expect(proposed[0]?.note).toContain(JSON.stringify({ id: "research", directory: join(root, "r") }));
    mkdirSync(join(root, "d"));
    const second = (await init("--yes")).find(({ path }) => path === "desk: skill");
    expect(second).toMatchObject({ outcome: "left", hint: expect.stringContaining("openclaw install") });
  });

  test(
    "--agents makes a configuration that takes them in, prepares them, and changes nothing a second time",
    timeout,
    async () => {
      putGateway();
      mkdirSync(join(root, "r"));
      const steps = await init("--agents");
      expect(steps[0]).toMatchObject({ path: "barnacle.json", outcome: "made" });
      expect(steps[0]?.note).toContain("research, desk");
      const entries = [{ id: "research", directory: join(root, "r") }, { id: "desk", directory: join(root, "d") }];
      expect(JSON.parse(bench.text("barnacle.json"))).toEqual({ agents: { others: entries } });
      expect(steps.find(({ path }) => path === "research: .moltcomm/identity.pem")?.outcome).toBe("made");
      expect(steps.find(({ path }) => path === "desk: .")?.note).toContain("not there yet");
      expect(steps.filter(({ path }) => path === "agents")).toEqual([]);
      const before = bench.text("barnacle.json");
      expect((await init("--agents"))[0]).toMatchObject({ path: "agents", outcome: "there" });
      expect(bench.text("barnacle.json")).toBe(before);
    },
  );

  test("--agents keeps what stands in the configuration, comments too", timeout, async () => {
    putGateway();
    const others = `[\n      { "id": "x", "directory": "../x" }, // mine\n    ],`;
    const text = `{\n  // why\n  "log": { "level": "warn" },\n  "agents": {\n    "others": ${others}\n  },\n}\n`;
    bench.put("barnacle.json", text, 0o600);
    expect((await init("--agents"))[0]).toMatchObject({ path: "barnacle.json", outcome: "changed" });
    const now = bench.text("barnacle.json");
    for (
      const line of ["  // why\n", "// mine\n", '"log": { "level": "warn" },', '{ "id": "x", "directory": "../x" },']
    ) {
      expect(now).toContain(line);
    }
    expect(bench.mode("barnacle.json")).toBe(0o600);
    const shown = await bench.run("config", "show", "--json");
    expect([shown.exit, ...["x", "research", "desk"].map((id) => shown.output.includes(`"id": "${id}"`))])
      .toEqual([0, true, true, true]);
  });

  test("--agents writes nothing that the daemon would refuse, and nothing that would not count", timeout, async () => {
    putGateway();
    const text = '{ "agents": { "id": "desk" } }\n';
    bench.put("barnacle.json", text, 0o644);
    expect((await init("--agents"))[0]).toMatchObject({
      path: "barnacle.json",
      outcome: "failed",
      note: expect.stringContaining('got "desk", which is that of agents.id'),
    });
    expect(bench.text("barnacle.json")).toBe(text);
    bench.put("barnacle.json", "{}\n", 0o644);
    bench.environment = { ...bench.environment, BARNACLE_AGENTS_OTHERS: "[]" };
    expect((await init("--agents"))[0]).toMatchObject({
      outcome: "failed",
      note: expect.stringContaining("BARNACLE_AGENTS_OTHERS"),
    });
    expect(bench.text("barnacle.json")).toBe("{}\n");
    expect((await bench.run("init", "--agents", "--remove")).exit).toBe(2);
  });
});

describe("workDirectoriesOf", () => {
  const loaded = (others: readonly object[]) =>
    ({ directory: "/work", config: { agents: { others } } }) as unknown as Parameters<typeof workDirectoriesOf>[1];
  const gateway = makeGateway({ agents: [agent("main", "/m", true), agent("research", "/r"), agent("desk", "/d")] });

  test("gives each agent the directory in which its mail lies", () => {
    expect(workDirectoriesOf(gateway, loaded([]))).toEqual({ main: "/work" });
    expect(
      workDirectoriesOf(gateway, loaded([{ id: "research", directory: "/elsewhere" }, { id: "x", directory: "/d" }])),
    )
      .toEqual({ main: "/work", research: "/elsewhere", desk: "/d" });
  });

  test("gives the work directory to no agent that has another one", () => {
    expect(workDirectoriesOf(gateway, loaded([{ id: "main", directory: "/m" }]))).toEqual({
      main: "/m",
      research: "/work",
    });
  });
});
