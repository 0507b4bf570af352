/**
 * Hunts: a command without help or examples, help that ends as an error or the other way round, a word of
 * Object.prototype taken for a command.
 */
import { describe, expect, test } from "vitest";
import { commandReference } from "../../../src/cli/reference.ts";
import { Bench } from "./support/run.ts";

const COMMANDS: readonly string[] = [
  "init",
  "id",
  "send",
  "inbox",
  "inbox show",
  "inbox archive",
  "outbox",
  "contacts",
  "contacts add",
  "contacts list",
  "contacts block",
  "contacts unblock",
  "contacts rename",
  "contacts remove",
  "peers",
  "ping",
  "manifest",
  "manifest make",
  "manifest sign",
  "manifest verify",
  "manifest show",
  "run",
  "up",
  "relay",
  "relay serve",
  "relay info",
  "relay invite",
  "relay install",
  "monitor",
  "hub",
  "hub serve",
  "hub keys",
  "hub keys add",
  "hub keys list",
  "hub keys revoke",
  "status",
  "report",
  "exec",
  "config",
  "config check",
  "config show",
  "version",
  "doctor",
  "completions",
  "help",
];

describe("help", () => {
  for (const command of COMMANDS) {
    test(`of ${command} has usage, flags and examples`, async () => {
      const bench = new Bench();
      expect(await bench.run(...command.split(" "), "--help")).toBe(0);
      expect(bench.errors).toBe("");
      for (const part of ["USAGE", "EXAMPLES", "FLAGS", "    barnacle "]) expect(bench.output).toContain(part);
    });
  }

  test("of the program names every command but the hidden one", async () => {
    const bench = new Bench();
    expect(await bench.run("--help")).toBe(0);
    const listed = bench.output.slice(bench.output.indexOf("COMMANDS"));
    const names = [...new Set(COMMANDS.map((command) => command.split(" ")[0]))];
    for (const name of names) expect(listed).toContain(`\n  ${name} `);
    expect(listed).not.toContain("complete ");
  });

  test("of hub shows the flags of running it and the commands under it", async () => {
    const bench = new Bench();
    await bench.run("hub", "--help");
    expect(bench.output).toContain("--listen");
    expect(bench.output).toContain("keys");
  });

  test("is the same by help COMMAND and COMMAND --help", async () => {
    const [one, other] = [new Bench(), new Bench()];
    await one.run("help", "hub", "keys", "add");
    await other.run("hub", "keys", "add", "--help");
    expect(one.output).toBe(other.output);
  });

  test("of a command that is not there is wrong usage", async () => {
    const bench = new Bench();
    expect(await bench.run("help", "nothing")).toBe(2);
  });
});

describe("runCommandLine", () => {
  test("shows help on standard error and gives 2 when it is given nothing, or a group alone", async () => {
    for (const words of [[], ["config"], ["hub", "keys"]]) {
      const bench = new Bench();
      expect(await bench.run(...words)).toBe(2);
      expect(bench.output).toBe("");
      expect(bench.errors).toContain("USAGE");
    }
  });

  test("asks for the missing command when a group is followed by flags", async () => {
    const bench = new Bench();
    expect(await bench.run("--dir", "/data", "hub", "keys")).toBe(2);
    expect(bench.errors).toContain("A command is missing");
    expect(bench.errors).toContain("hint: barnacle hub keys --help");
  });

  test("suggests the nearest command and the nearest flag", async () => {
    const [command, flag] = [new Bench(), new Bench()];
    expect(await command.run("statsu")).toBe(2);
    expect(command.errors).toContain("did you mean status?");
    expect(await flag.run("run", "--htpp", "a:1")).toBe(2);
    expect(flag.errors).toContain("did you mean --http?");
    expect(flag.errors).toContain("hint: barnacle run --help");
  });

  test("takes words of Object.prototype for what they are", async () => {
    for (
      const words of [["constructor"], ["toString", "x"], ["run", "--constructor"], ["--constructor"], ["__proto__"]]
    ) {
      const bench = new Bench();
      expect(await bench.run(...words)).toBe(2);
      expect(bench.errors).toContain("barnacle: ");
      expect(bench.started).toEqual([]);
    }
  });

  test("tells of wrong usage as JSON with --log json", async () => {
    const bench = new Bench();
    expect(await bench.run("--log", "json", "run", "--nothing")).toBe(2);
    const line = JSON.parse(bench.errors);
    expect([line.level, line.event, line.code, line.time]).toEqual([
      "error",
      "command_failed",
      "USAGE",
      "2026-02-06T12:00:00.000Z",
    ]);
  });

  test("colours on a terminal only, and not under NO_COLOR", async () => {
    const coloured = async (isTerminal: boolean, environment: Record<string, string>) => {
      const bench = new Bench();
      bench.runtime.process.stdout.isTerminal = isTerminal;
      bench.runtime.process.stderr.isTerminal = isTerminal;
      bench.runtime.process.environment = environment;
      await bench.run("--help");
      await bench.run("nothing");
      return [bench.output, bench.errors].map((text) => text.includes("\x1b["));
    };
    expect(await coloured(true, {})).toEqual([true, true]);
    expect(await coloured(true, { NO_COLOR: "1" })).toEqual([false, false]);
    expect(await coloured(false, {})).toEqual([false, false]);
  });
});

describe("the reference page", () => {
  test("has every command that help lists, and every exit code", () => {
    const page = commandReference();
    for (
      const command of COMMANDS.filter((name) =>
        !["hub", "hub keys", "config", "inbox", "contacts", "manifest", "relay"].includes(name)
      )
    ) {
      expect(page).toContain(`## barnacle ${command}\n`);
    }
    expect(page).toContain("| 128+n | exec: signal n ended the command |");
  });
});
