/** Hunts: a start that is read otherwise than the parser reads it, because its words looked plain. */
import { run } from "@stricli/core";
import { describe, expect, test } from "vitest";
import { buildApplication } from "../../../src/cli/application.ts";
import { runCommand } from "../../../src/cli/commands/run.ts";
import { upCommand } from "../../../src/cli/commands/up.ts";
import type { Invocation } from "../../../src/cli/context.ts";
import { readPlainStart } from "../../../src/cli/plain-start.ts";
import { SeededRandom } from "../../sim/random.ts";

/** What the parser makes of the words; `undefined` where it runs nothing. */
async function readByParser(words: readonly string[]): Promise<unknown> {
  let read: unknown;
  const loader = () => Promise.resolve({ default: (flags: unknown) => Promise.resolve(void (read = flags)) });
  const commands = { run: { ...runCommand, loader }, up: { ...upCommand, loader } } as never;
  const application = buildApplication({ commands, words, formatFailure: String, onlyNamed: true });
  const silent = { write: () => undefined };
  await run(application, words, { process: { stdout: silent, stderr: silent }, words } as unknown as Invocation);
  return read;
}

/** All flags, their names in other spellings, values of all kinds, and what is none. */
const FLAGS = ["--dir", "--config", "--log", "--log-level", "--http", "--listen", "--bootstrap", "--advertise"];
const STRANGE = [
  "--logLevel",
  "--help",
  "-h",
  "--version",
  "--",
  "-",
  "--unknown",
  "--dir=/a",
  "--no-log",
  "-d",
  "help",
  "",
  "run",
];
const VALUES = [
  "/data",
  "json",
  "text",
  "debug",
  "warn",
  "127.0.0.1:0",
  "tcp://h:1",
  "a,b",
  "=",
  "constructor",
  "ä ö",
  "0",
];

function drawWords(random: SeededRandom): string[] {
  const words = [random.pick(["run", "up"])];
  for (let count = Math.floor(random.unit() * 5); count > 0; count--) {
    words.push(random.unit() < 0.9 ? random.pick(FLAGS) : random.pick([...STRANGE, ...VALUES]));
    if (random.unit() < 0.95) {
      words.push(random.unit() < 0.9 ? random.pick(VALUES) : random.pick([...STRANGE, ...FLAGS]));
    }
  }
  return words;
}

describe("readPlainStart", () => {
  test("reads what it takes as the parser does", async () => {
    const random = new SeededRandom(20261122);
    let taken = 0;
    for (let round = 0; round < 3_000; round++) {
      const words = drawWords(random);
      const plain = readPlainStart(words);
      if (plain === undefined) continue;
      taken++;
      expect(await readByParser(words), words.join(" ")).toEqual(plain.flags);
    }
    expect(taken).toBeGreaterThan(300);
  });

  test.each([
    ["run", runCommand],
    ["up", upCommand],
  ])("takes every flag of %s", (name, command) => {
    const { flags } = command.parameters as unknown as {
      readonly flags: Readonly<Record<string, { readonly values?: readonly string[] }>>;
    };
    for (const [flag, { values }] of Object.entries(flags)) {
      const word = `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      expect(readPlainStart([name, word, values?.[0] ?? "x"]), word).toBeDefined();
    }
  });

  test.each([
    ["no start", ["status"]],
    ["help", ["run", "--help"]],
    ["a flag without its value", ["run", "--http"]],
    ["a flag in place of a value", ["run", "--dir", "--http"]],
    ["a flag twice that may be given once", ["run", "--dir", "/a", "--dir", "/b"]],
    ["a value that is none of its flag's", ["run", "--log", "xml"]],
    ["an unknown flag", ["up", "--toString", "x"]],
    ["a word", ["run", "fast"]],
  ])("leaves %s to the parser", (_what, words) => {
    expect(readPlainStart(words)).toBeUndefined();
  });
});
