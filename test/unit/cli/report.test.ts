/** Hunts: a flag that sets the wrong field of the report, or a report with nothing in it that is sent all the same. */
import { describe, expect, test } from "vitest";
import { workReport } from "../../../src/contract/mod.ts";
import { json } from "./support/answers.ts";
import { Bench } from "./support/run.ts";

function benchWithAgent(): Bench {
  const bench = new Bench();
  bench.runtime.answer = () => json({ accepted: true, reporter: "w", holds_for_seconds: 90 });
  return bench;
}

describe("report", () => {
  const FLAGS: readonly (readonly [string[], Record<string, unknown>])[] = [
    [["--active", "2"], { active_tasks: 2 }],
    [["--queue", "0"], { queue_length: 0 }],
    [["--succeeded", "3"], { succeeded: 3 }],
    [["--failed", "1"], { failed: 1 }],
    [["--active", "1", "--holds-for-seconds", "10"], { active_tasks: 1, holds_for_seconds: 10 }],
    [["--leaving"], { leaving: true }],
  ];
  for (const [flags, fields] of FLAGS) {
    test(`sends ${flags.join(" ")} as the contract names it`, async () => {
      const bench = benchWithAgent();
      expect(await bench.run("report", "--reporter", "w", ...flags)).toBe(0);
      const [request] = bench.runtime.requests;
      expect([request?.method, request?.url]).toEqual(["POST", "http://127.0.0.1:7410/report"]);
      expect(request?.body).toEqual({ reporter: "w", ...fields });
      expect(workReport.safeParse(request?.body).success).toBe(true);
    });
  }

  test("says what was taken, and as JSON with --json", async () => {
    const [plain, asJson] = [benchWithAgent(), benchWithAgent()];
    await plain.run("report", "--reporter", "w", "--active", "1");
    expect(plain.output).toBe("reported as w, its numbers hold for 90 s\n");
    await asJson.run("report", "--reporter", "w", "--active", "1", "--json");
    expect(JSON.parse(asJson.output)).toEqual({ accepted: true, reporter: "w", holds_for_seconds: 90 });
  });

  test("is wrong usage without a reporter, without anything to tell, or with what is no number", async () => {
    for (
      const words of [["--active", "1"], ["--reporter", "w"], ["--reporter", "w", "--active", "-1"], [
        "--reporter",
        "w",
        "--failed",
        "1.5",
      ]]
    ) {
      const bench = benchWithAgent();
      expect(await bench.run("report", ...words)).toBe(2);
      expect(bench.runtime.requests).toEqual([]);
      expect(bench.errors).toContain("barnacle: ");
    }
  });

  test("gives 1 with the agent's own words when it finds the report wrong", async () => {
    const bench = new Bench();
    bench.runtime.answer = () =>
      json({ error: { code: "BODY_INVALID", message: "reporter: got a\u0007", hint: "mend it" } }, 400);
    expect(await bench.run("report", "--reporter", "w", "--active", "1")).toBe(1);
    expect(bench.errors).toContain("HTTP 400 (reporter: got a\\u{7})");
    expect(bench.errors).toContain("hint: mend it");
  });

  test("gives 3 when no agent runs", async () => {
    expect(await new Bench().run("report", "--reporter", "w", "--active", "1")).toBe(3);
  });
});
