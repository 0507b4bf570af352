/** Hunts: an exit code that says one thing in the table and another to a script. */
import { describe, expect, test } from "vitest";
import {
  EXIT,
  EXIT_CODE_TABLE,
  exitCodeFromParser,
  exitCodeOf,
  exitCodeOfSignal,
} from "../../../src/cli/exit-codes.ts";
import { BarnacleError } from "../../../src/errors.ts";
import type { ErrorCode } from "../../../src/errors.ts";
import { Bench } from "./support/run.ts";

describe("exitCodeOf", () => {
  const EXPECTED: readonly (readonly [ErrorCode, number])[] = [
    ["USAGE", 2],
    ["CONFIG_INVALID", 2],
    ["CONFIG_UNKNOWN_KEY", 2],
    ["SECRET_UNREADABLE", 2],
    ["INVITATION_INVALID", 2],
    ["CONTACT_UNKNOWN", 2],
    ["CONNECTION_REFUSED", 3],
    ["HOST_NOT_FOUND", 3],
    ["TIMED_OUT", 3],
    ["UNAUTHORIZED", 4],
    ["FORBIDDEN", 4],
    ["LOCK_HELD", 5],
    ["ADDRESS_IN_USE", 5],
    ["DISK_FULL", 1],
    ["IDENTITY_EXISTS", 1],
    ["CONTACT_EXISTS", 1],
    ["MARKERS_DAMAGED", 1],
    ["DELIVERY_FAILED", 1],
    ["INTERNAL", 1],
  ];
  for (const [code, exit] of EXPECTED) {
    test(`gives ${exit} for ${code}`, () => expect(exitCodeOf(new BarnacleError({ code, action: "Try" }))).toBe(exit));
  }

  test("gives 1 for what nobody expected", () => {
    expect(exitCodeOf(new TypeError("x"))).toBe(1);
  });
});

describe("exitCodeFromParser", () => {
  test("passes codes of commands on and maps the parser's own to wrong usage", () => {
    expect([0, 1, 130, -4, -5, -3, -1, -2].map(exitCodeFromParser)).toEqual([0, 1, 130, 2, 2, 2, 1, 1]);
  });
});

describe("exitCodeOfSignal", () => {
  test("adds the signal's number to 128", () => {
    expect(["SIGINT", "SIGKILL", "SIGTERM", "SIGSTRANGE"].map(exitCodeOfSignal)).toEqual([130, 137, 143, 128]);
  });
});

test("EXIT_CODE_TABLE names every code of EXIT", () => {
  const named = EXIT_CODE_TABLE.map(([code]) => code.replace("+n", ""));
  expect(Object.values(EXIT).filter((code) => !named.includes(String(code)))).toEqual([]);
});

test("help exit-codes prints the table, and so does the program's help", async () => {
  for (const words of [["help", "exit-codes"], ["--help"]]) {
    const bench = new Bench();
    expect(await bench.run(...words)).toBe(0);
    for (const [code, meaning] of EXIT_CODE_TABLE) expect(bench.output).toContain(`  ${code.padEnd(7)}${meaning}`);
  }
});
