/**
 * Hunts: bad input from the side of OpenClaw that is not named, has no remedy, or costs the user something of his. What a gateway answers
 * to a wake call is in `openclaw/waking`, what happens to the section about mail in `instructions.test.ts`; docs/openclaw.md has the table.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MailBench } from "./support/mail-bench.ts";

const PLUGIN = gzipSync(JSON.stringify({ "package.json": '{"version":"0.2.0"}', "index.js": "" })).toString("base64");

let bench: MailBench;
let home: string;
beforeEach(() => {
  bench = new MailBench();
  home = mkdtempSync(join(tmpdir(), "barnacle-home-"));
  bench.environment = { HOME: home };
  bench.plugin = PLUGIN;
});
afterEach(() => {
  chmodSync(home, 0o700);
  if (existsSync(state("skills"))) chmodSync(state("skills"), 0o700);
  rmSync(home, { recursive: true, force: true });
  bench.remove();
});

const state = (...names: string[]) => join(home, ".openclaw", ...names);

/** A gateway at rest whose agent works in the work directory, unless `more` says otherwise. @returns its configuration's text */
function configure(version: string, more: object = {}): string {
  mkdirSync(state(), { recursive: true });
  const agents = { defaults: { workspace: bench.directory } };
  const gateway = { port: 47 };
  const text = JSON.stringify({ meta: { lastTouchedVersion: version }, gateway, agents, ...more });
  writeFileSync(state("openclaw.json"), text);
  return text;
}

describe("no gateway", () => {
  test("is no fault of doctor's, and install says where it looked and what to do", async () => {
    expect((await bench.run("doctor")).output).toMatch(/^ok +openclaw +no gateway was found for this user$/m);
    const { errors, exit } = await bench.run("openclaw", "install", "--yes");
    expect(exit).not.toBe(0);
    expect(errors).toContain("none for this user");
    expect(errors).toContain("set OPENCLAW_STATE_DIR or gateway.stateDirectories");
    expect([bench.has(".barnacle/openclaw-plugin"), bench.spawned]).toEqual([false, []]);
  });

  test("in a state directory is told of by install too", async () => {
    mkdirSync(state("workspace"), { recursive: true });
    expect((await bench.run("openclaw", "install", "--yes")).errors).toContain(`${state()} is no gateway's`);
  });
});

describe("an old gateway", () => {
  test("gets the section in HEARTBEAT.md, and no plugin that it would not load", async () => {
    const before = configure("2026.6.11");
    expect((await bench.run("init")).output).toMatch(/^made +HEARTBEAT\.md/m);
    const { errors, exit } = await bench.run("openclaw", "install", "--yes");
    expect(exit).not.toBe(0);
    expect(errors).toContain("OpenClaw 2026.6.11");
    expect(errors).toContain("2026.7.35 or newer");
    expect(errors).toContain("hint: update OpenClaw; until then HEARTBEAT.md tells its agents");
    expect([readFileSync(state("openclaw.json"), "utf8"), bench.spawned]).toEqual([before, []]);
  });
});

describe("a new gateway that nobody knows", () => {
  test("is taken for the newest known generation, and doctor and install say so", async () => {
    configure("2027.2.1");
    const { output } = await bench.run("doctor");
    expect(output).toMatch(
      /OpenClaw 2027\.2\.1 is newer than any that Barnacle was tried with \(2026\.7\.35, 2026\.9\.6\)/,
    );
    expect(output).toContain("look for a newer Barnacle");
    expect((await bench.run("openclaw", "install")).output).toContain("not in 2027.2.1: openclaw status shows");
    await bench.run("init");
    expect(bench.has("HEARTBEAT.md")).toBe(false);
  });

  test("of the month of one that was tried is none", async () => {
    configure("2026.9.30");
    expect((await bench.run("doctor")).output).not.toContain("newer than any");
  });

  test("and of no version that can be read leaves HEARTBEAT.md alone, with what to do", async () => {
    configure("next");
    const { output } = await bench.run("doctor");
    expect(output).toMatch(/^warning +openclaw +the gateway: version unknown: the gateway does not run/m);
    expect(output).toContain(
      "start the gateway, or put its command on the PATH; until it is known, HEARTBEAT.md is left alone",
    );
    await bench.run("init");
    expect(bench.has("HEARTBEAT.md")).toBe(false);
  });
});

describe("a strict configuration that one wrong key would break", () => {
  test("is changed by OpenClaw's own command alone, which refuses: nothing of it is lost, and the remedy is named", async () => {
    const before = configure("2026.9.6");
    bench.childCode = 1;
    const { errors, exit } = await bench.run("openclaw", "install", "--yes");
    expect(exit).not.toBe(0);
    expect(bench.spawned.map((words) => words.slice(0, 3))).toEqual([["openclaw", "config", "set"]]);
    expect(errors).toContain("exit code 1");
    expect(errors).toContain(
      "nothing more was changed. Where its configuration was wrong before, openclaw config validate",
    );
    expect(readFileSync(state("openclaw.json"), "utf8")).toBe(before);
  });

  test("is told of when it cannot be read at all, and left as it is", async () => {
    configure("2026.9.6");
    writeFileSync(state("openclaw.json"), "{ gateway: { port: }");
    const { output } = await bench.run("doctor");
    expect(output).toMatch(/^warning +openclaw +the gateway: configuration unknown: .*line 1/m);
    expect(output).toContain("openclaw config validate names what is wrong");
    const { errors, exit } = await bench.run("openclaw", "install", "--yes");
    expect([exit === 0, bench.spawned]).toEqual([false, []]);
    expect(errors).toContain("one that OpenClaw can read");
    expect(readFileSync(state("openclaw.json"), "utf8")).toBe("{ gateway: { port: }");
  });

  test("and no command of OpenClaw's there to change it: says how to name it", async () => {
    configure("2026.9.6");
    const { errors } = await bench.run("openclaw", "install", "--yes");
    expect(errors).toContain("put it on the PATH, or name it with --openclaw FILE");
  });
});

describe("a workspace that moved", () => {
  test("is where doctor says the agent works now, and the mail of the old directory stays", async () => {
    configure("2026.9.6", { agents: { defaults: { workspace: "/srv/new" } }, hooks: { enabled: true, token: "t" } });
    await bench.run("init");
    const { output } = await bench.run("doctor");
    expect(output).toContain(
      `nobody is woken: no agent of a gateway works in ${bench.directory}: main works in /srv/new`,
    );
    expect(output).toContain(
      "where its workspace moved, run barnacle init and the agent there; or name the agent in waking.agentId",
    );
    expect(bench.has(".moltcomm/identity.pem")).toBe(true);
  });
});

describe("a read-only skill folder", () => {
  test.skipIf(process.getuid?.() === 0)("is named with what else helps, and the rest is done", async () => {
    configure("2026.9.6");
    mkdirSync(state("skills"), { mode: 0o500 });
    const { exit, output } = await bench.run("init", "--yes");
    expect(exit).toBe(1);
    expect(output).toMatch(/^failed +skill /m);
    expect(output).toContain("-> run barnacle init as the user whose gateway it is, or install the plugin");
    expect(output).toMatch(/^made +\.moltcomm\//m);
  });
});

describe("hooks disabled", () => {
  test("are what doctor says keeps the agent asleep, with both ways out", async () => {
    configure("2026.9.6");
    const { output } = await bench.run("doctor");
    expect(output).toMatch(
      /^warning +waking +main at http:\/\/127\.0\.0\.1:47 cannot be woken: no webhooks with a token/m,
    );
    expect(output).toContain("set hooks.enabled and hooks.token in the gateway's configuration, or install the plugin");
  });

  test("or without a token that can be had are told of", async () => {
    configure("2026.9.6", { hooks: { enabled: true, token: "${NOWHERE}" } });
    const { output } = await bench.run("doctor");
    expect(output).toContain(
      "hook token unknown: hooks.token names a variable whose value is known to the gateway only",
    );
    expect(output).toContain("-> set hooks.token, a secret of its own");
  });
});
