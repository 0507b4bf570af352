/** Hunts: a refusal that names another field than the wrong one, shows what stands beside it, or speaks in patterns. */
import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { describeFieldIssues, formatIssue, receivedStatusDocument } from "../../../src/contract/mod.ts";

function problemsOf(schema: z.ZodMiniType, input: unknown): string[] {
  const checked = z.safeParse(schema, input);
  return checked.success ? [] : describeFieldIssues(checked.error, input).map(formatIssue);
}

describe("describeFieldIssues", () => {
  const schema = z.strictObject({ list: z.optional(z.array(z.strictObject({ known: z.int() }))) });

  test("gives each unknown key a path of its own, and shows nothing beside it", () => {
    expect(problemsOf(schema, { list: [{ known: 1, other: "x", third: 3 }], top: true })).toEqual([
      'list[0].other: got "x", wanted no such field',
      "list[0].third: got 3, wanted no such field",
      "top: got true, wanted no such field",
    ]);
  });

  test("stops at 8, however many keys are unknown", () => {
    const input = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`key${index}`, index]));
    expect(problemsOf(schema, input).length).toBe(8);
  });
});

describe("the words of the status document", () => {
  const good = {
    service_name: "s",
    instance_id: "i",
    timestamp: "2026-02-06T12:00:00Z",
    uptime_seconds: 1,
    version: "1.0.0",
    capabilities: [],
    capacity: { concurrent_tasks: 1, queue_length: 0 },
    health: { status: "healthy" },
  };

  test.each([
    ["service_name", "a\nb", "one line of text without control characters"],
    ["version", "one", "a version such as 1.2.3"],
    ["node_id", "ed25519:short", "a MoltComm node id such as ed25519:…"],
    ["timestamp", "yesterday", "a time such as 2026-02-06T12:00:00Z"],
    ["message_id", "x", "a UUID"],
  ])("say what %s must be, in no pattern", (field, value, wanted) => {
    expect(problemsOf(receivedStatusDocument, good)).toEqual([]);
    expect(problemsOf(receivedStatusDocument, { ...good, [field]: value })).toEqual([
      `${field}: got ${JSON.stringify(value)}, wanted ${wanted}`,
    ]);
  });
});
