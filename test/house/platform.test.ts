/** Hunts: time, chance or platform taken from the air instead of from the port, which no simulation could replay. */
import { describe, expect, test } from "vitest";
import { findInCode, sourceFiles } from "./sources.ts";

/** The plugin runs in a gateway, whose platform is always Node's. */
const PLATFORMS = ["src/runtime/", "src/openclaw/plugin/"];
const outside = sourceFiles("src").filter((file) => !PLATFORMS.some((folder) => file.path.startsWith(folder)));

const BANNED: readonly (readonly [string, RegExp])[] = [
  ["the wall clock (use Clock.wallMs)", /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b/],
  ["ambient randomness (use Random)", /\bMath\.random\b|(?<![.\w#])crypto\.(getRandomValues|randomUUID|subtle)\b/],
  ["ambient timers (use Clock.setTimer)", /(?<![.\w])(setTimeout|setInterval|setImmediate)\(|AbortSignal\.timeout\b/],
  ["the process (use Process)", /(?<![.\w#])process\.(env|argv|exit|on|stdout|stderr|cwd|pid|hrtime|platform)\b/],
  ["a runtime's namespace", /(?<![.\w"])(Deno|Bun)\./],
  ["a platform module", /["']node:[a-z]/],
  ["ambient fetch (use HttpClient)", /(?<![.\w])fetch\(/],
  ["the console (use Logger or TextOutput)", /(?<![.\w])console\./],
];

describe("src outside runtime/", () => {
  for (const [what, pattern] of BANNED) {
    test(`never touches ${what}`, () => expect(findInCode(outside, pattern)).toEqual([]));
  }
});

describe("src", () => {
  const all = sourceFiles("src");

  test("suppresses no check", () => {
    expect(findInCode(all, /\bas any\b|: any\b|<any>/)).toEqual([]);
    const marks = /@ts-(ignore|expect-error|nocheck)|(deno-lint|biome|eslint-disable|oxlint-disable)(-ignore)?/;
    expect(all.filter((file) => marks.test(file.text)).map((file) => file.path)).toEqual([]);
  });

  test("swallows no error in an empty catch", () => {
    expect(all.filter((file) => /catch\s*(\([^)]*\))?\s*\{\s*\}/.test(file.code)).map((file) => file.path)).toEqual([]);
  });

  test("holds no reminder", () => {
    const reminders = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|")})\\b`);
    const everywhere = [...all, ...sourceFiles("test"), ...sourceFiles("scripts")];
    expect(everywhere.filter((file) => reminders.test(file.text)).map((file) => file.path)).toEqual([]);
  });

  test("imports zod in its small build only", () => {
    expect(findInCode(all, /from "zod"/)).toEqual([]);
  });
});

describe("test", () => {
  test("skips nothing silently", () => {
    expect(findInCode(sourceFiles("test"), /\b(test|it|describe)\.(only|skip|todo)\(/)).toEqual([]);
  });
});
