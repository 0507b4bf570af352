/** Hunts: a global flag before the command that gets lost, lands behind `--`, or is taken for the command. */
import { describe, expect, test } from "vitest";
import { moveGlobalFlags, peekFlag } from "../../../src/cli/arguments.ts";
import { isBarnacleError } from "../../../src/errors.ts";

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (thrown) {
    return isBarnacleError(thrown) ? thrown.code : "another error";
  }
  return undefined;
}

describe("moveGlobalFlags", () => {
  test("leaves a command line without global flags as it is", () => {
    expect(moveGlobalFlags(["run", "--http", "127.0.0.1:0"])).toEqual(["run", "--http", "127.0.0.1:0"]);
  });

  test("moves global flags behind the command", () => {
    expect(moveGlobalFlags(["--dir", "/data", "--log=json", "run", "--http", "a:1"]))
      .toEqual(["run", "--http", "a:1", "--dir", "/data", "--log=json"]);
  });

  test("moves global flags before -- when the command runs a job", () => {
    expect(moveGlobalFlags(["--dir", "/data", "exec", "--", "make", "--", "x"]))
      .toEqual(["exec", "--dir", "/data", "--", "make", "--", "x"]);
  });

  test("takes a value that looks like a command", () => {
    expect(moveGlobalFlags(["--dir", "run", "status"])).toEqual(["status", "--dir", "run"]);
  });

  test("lets the program's own flags through", () => {
    expect(moveGlobalFlags(["--help"])).toEqual(["--help"]);
    expect(moveGlobalFlags(["--dir", "/data", "--version"])).toEqual(["--version", "--dir", "/data"]);
  });

  test("gives nothing for nothing", () => {
    expect(moveGlobalFlags([])).toEqual([]);
  });

  test("refuses flags without a command", () => {
    expect(codeOf(() => moveGlobalFlags(["--dir", "/data"]))).toBe("USAGE");
  });

  test("refuses a global flag without its value", () => {
    expect(codeOf(() => moveGlobalFlags(["--dir"]))).toBe("USAGE");
  });

  test("refuses a command's flag before the command", () => {
    expect(codeOf(() => moveGlobalFlags(["--http", "a:1", "run"]))).toBe("USAGE");
    expect(codeOf(() => moveGlobalFlags(["--", "run"]))).toBe("USAGE");
  });
});

describe("peekFlag", () => {
  test("finds both forms and prefers the last", () => {
    expect(peekFlag(["run", "--log", "json"], "--log")).toBe("json");
    expect(peekFlag(["run", "--log", "json", "--log=text"], "--log")).toBe("text");
  });

  test("does not look behind --", () => {
    expect(peekFlag(["exec", "--", "x", "--log", "json"], "--log")).toBe(undefined);
  });
});
