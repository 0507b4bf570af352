// Hunts: a gate that names the wrong tests, or none, when a runner fails.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readBunReport, readVitestReport } from "../../scripts/test-reports.ts";

describe("the gate's reading of reports", () => {
  let directory = "";
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "barnacle-reports-"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function written(text: string): string {
    const path = join(directory, "report");
    writeFileSync(path, text);
    return path;
  }

  test("names what failed under Vitest, and files that could not be loaded", () => {
    const path = written(JSON.stringify({
      numPassedTests: 2,
      numPendingTests: 1,
      testResults: [
        {
          name: join("/root", "test", "a.test.ts"),
          status: "failed",
          message: "",
          assertionResults: [
            { status: "passed", fullName: "a well", failureMessages: [] },
            { status: "failed", fullName: "a bad", failureMessages: ["Error: wrong\n    at a.test.ts"] },
          ],
        },
        { name: join("/root", "test", "b.test.ts"), status: "failed", message: "no such module", assertionResults: [] },
        { name: join("/root", "test", "c.test.ts"), status: "passed", message: "", assertionResults: [] },
      ],
    }));
    expect(readVitestReport(path, "/root")).toEqual({
      passed: 2,
      skipped: 1,
      failures: [
        { file: "test/a.test.ts", test: "a bad", message: "Error: wrong" },
        { file: "test/b.test.ts", test: "(could not be loaded)", message: "no such module" },
      ],
    });
  });

  test("names what failed under Bun", () => {
    const path = written(`<testsuites name="bun test" tests="4" failures="1" skipped="1">
      <testcase name="bad &amp; so" classname="a &lt; b" time="0" file="test/a.test.ts" line="2">
        <failure type="AssertionError" message="expect(1)&#10;&#10;no">text</failure>
      </testcase>
      <testcase name="well" classname="a" file="test/a.test.ts" />
    </testsuites>`);
    expect(readBunReport(path)).toEqual({
      passed: 2,
      skipped: 1,
      failures: [{ file: "test/a.test.ts", test: "a < b > bad & so", message: "expect(1)" }],
    });
  });

  test("throws where a runner left no report", () => {
    expect(() => readVitestReport(join(directory, "none"), "/")).toThrow("ENOENT");
    expect(() => readBunReport(join(directory, "none"))).toThrow("ENOENT");
  });
});
