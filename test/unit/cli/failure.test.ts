/** Hunts: an error without its hint, a stack or control characters on the operator's terminal, JSON that is no JSON. */
import { describe, expect, test } from "vitest";
import { formatFailure, formatWarning } from "../../../src/cli/failure.ts";
import { BarnacleError } from "../../../src/errors.ts";

const plain = { json: false, colour: false, wallMs: 0 };
const error = new BarnacleError({ code: "DISK_FULL", action: "Write", value: '"\x1b[2J"', hint: "make room" });

describe("formatFailure", () => {
  test("prints the message and the hint, each on its line, escaped", () => {
    expect(formatFailure(error, plain)).toBe('barnacle: Write: got "\\u{1b}[2J"\nhint: make room\n');
  });

  test("keeps the lines of an error with several problems", () => {
    const many = new BarnacleError({ code: "CONFIG_INVALID", action: "Load", problems: ["a: \x07", "b"] });
    expect(formatFailure(many, plain)).toBe("barnacle: Load: 2 problems\n  a: \\u{7}\n  b\n");
  });

  test("shows what nobody expected without a stack, and asks to report it", () => {
    const text = formatFailure(new TypeError("x is not a function"), plain);
    expect(text).toContain("barnacle: TypeError: x is not a function\nhint: ");
    expect(text).not.toContain("failure.test");
    expect(formatFailure("text", plain)).toContain("barnacle: text\n");
  });

  test("prints one line of safe JSON when asked for JSON", () => {
    const text = formatFailure(error, { ...plain, json: true });
    expect(text.split("\n").length).toBe(2);
    const hostile = formatFailure(new Error("\x9b\u202e"), { ...plain, json: true });
    expect(/[\p{Cc}\p{Cf}]/u.test(hostile.trimEnd())).toBe(false);
    expect(JSON.parse(text)).toEqual({
      time: "1970-01-01T00:00:00.000Z",
      level: "error",
      event: "command_failed",
      code: "DISK_FULL",
      message: error.message,
      hint: "make room",
    });
  });

  test("colours its label only", () => {
    expect(formatFailure(error, { ...plain, colour: true })).toContain("\x1b[31mbarnacle:\x1b[39m Write");
  });
});

describe("formatWarning", () => {
  test("says what goes on and why", () => {
    expect(formatWarning(error, "The job runs unreported", plain)).toContain(
      "barnacle: warning: The job runs unreported: Write",
    );
    expect(JSON.parse(formatWarning(error, "x", { ...plain, json: true })).event).toBe("command_warning");
  });
});
