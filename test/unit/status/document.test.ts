/** Hunts: a field that differs from the contract, and one that nobody allowed. Rows of "What is published". */
import { describe, expect, test } from "vitest";
import { receivedStatusDocument, type StatusDocument } from "../../../src/contract/mod.ts";
import { STATUS_DOCUMENT_BYTES_MAX } from "../../../src/limits.ts";
import {
  assembleDocument,
  deriveAvailability,
  deriveStatusWord,
  encodeDocument,
  type MomentFacts,
  type ServiceFacts,
} from "../../../src/status/document.ts";
import type { HealthVerdict } from "../../../src/status/health.ts";
import { SIM_START_WALL_MS } from "../../sim/clock.ts";
import { agent, SERVICE } from "./support.ts";

const ID = "6f1e1d1c-5b1a-4a19-9817-161514131211";
const NODE_ID = "ed25519:YpRmsCeCkpueDKhzWb8ZYWJ9SEoqhePxbNj7VJLXoI8";

function workOf(activeTasks: number, queueLength = 0): MomentFacts["work"] {
  return {
    activeTasks,
    queueLength,
    silent: [],
    outcomes: { succeeded: 0, failed: 0 },
    lastSuccessSeconds: undefined,
  };
}

const MOMENT: MomentFacts = {
  assembledAtMs: SIM_START_WALL_MS,
  uptimeMs: 12_345_678,
  lifecycle: "running",
  agents: [
    agent("b", { capabilities: ["transcribe", "download"], slots: 2 }),
    agent("a", { capabilities: ["download"] }),
  ],
  isRegistrationBroken: false,
  work: workOf(1, 10),
  verdict: { status: "healthy", rules: [] },
  failingPartNames: [],
};

const DEGRADED: HealthVerdict = {
  status: "degraded",
  rules: [
    { rule: "error_rate", reason: "6 of 10 tasks failed", message: "6 of 10 tasks failed", recovering: false },
    { rule: "part_failing", reason: "failing: inbox", message: "inbox: cannot write /home/me", recovering: true },
  ],
};

function documentOf(moment: Partial<MomentFacts> = {}, service: Partial<ServiceFacts> = {}): StatusDocument {
  return assembleDocument({ ...SERVICE, ...service }, { ...MOMENT, ...moment }, ID);
}

describe("What is published", () => {
  const document = documentOf({}, { tags: { region: "eu" }, nodeId: NODE_ID });

  test.each<[keyof StatusDocument, unknown]>([
    ["schema_version", "1.0.0"],
    ["service_name", "project-chimera"],
    ["instance_id", "host-1"],
    ["message_id", ID],
    ["timestamp", "2026-02-06T12:00:00.000Z"],
    ["uptime_seconds", 12_345],
    ["version", "0.4.2"],
    ["capabilities", ["download", "transcribe"]],
    ["capacity", { concurrent_tasks: 3, active_tasks: 1, queue_length: 10 }],
    ["health", { status: "healthy", details: {} }],
    ["availability", "available"],
    ["expires_in_seconds", 90],
    ["tags", { region: "eu" }],
    ["node_id", NODE_ID],
  ])("%s is %j", (field, value) => {
    expect(document[field]).toEqual(value as never);
  });

  test("nothing else: the allow-list", () => {
    const polluted = { ...SERVICE, apiKey: "k", prompt: "p" };
    const moment = { ...MOMENT, path: "/home/me", agents: [{ ...agent("a"), prompt: "p" }] };
    expect(Object.keys(assembleDocument(polluted, moment, ID)).sort()).toEqual([
      "availability",
      "capabilities",
      "capacity",
      "expires_in_seconds",
      "health",
      "instance_id",
      "message_id",
      "schema_version",
      "service_name",
      "timestamp",
      "uptime_seconds",
      "version",
    ]);
    expect(JSON.stringify(assembleDocument(polluted, moment, ID))).not.toMatch(/prompt|home|apiKey/);
  });

  test("what we publish is what receivers take", () => {
    for (const moment of [MOMENT, { ...MOMENT, verdict: DEGRADED }, { ...MOMENT, agents: [] }]) {
      expect(receivedStatusDocument.safeParse(documentOf(moment)).success).toBe(true);
    }
  });

  test("health.reason and health.details say which rules fired, without the words of this host", () => {
    const work = { ...workOf(0), silent: [{ reporter: "private-name", silentForSeconds: 3 }], lastSuccessSeconds: 30 };
    const more = { verdict: DEGRADED, work, failingPartNames: ["inbox"], isRegistrationBroken: true };
    const { health } = documentOf(more);
    expect(health).toEqual({
      status: "degraded",
      reason: "6 of 10 tasks failed | failing: inbox; recovering",
      details: {
        last_task_success_seconds: 30,
        rules: ["error_rate", "part_failing"],
        silent_reporters: 1,
        failing_parts: ["inbox"],
        registration: "last_good_kept",
      },
    });
    expect(JSON.stringify(documentOf(more))).not.toMatch(/private-name|home/);
  });

  test.each([["draining", "paused"], ["offline", "offline"]] as const)(
    "health.status %s comes from the lifecycle, with availability %s",
    (lifecycle, availability) => {
      expect(documentOf({ lifecycle, verdict: DEGRADED })).toMatchObject({
        health: { status: lifecycle },
        availability,
      });
    },
  );

  test("expires_in_seconds is three intervals", () => {
    expect(documentOf({}, { intervalMs: 120_000 }).expires_in_seconds).toBe(360);
    expect(documentOf({}, { intervalMs: 1_000 }).expires_in_seconds).toBe(3);
  });
});

describe("availability", () => {
  const two = [agent("a", { slots: 2 })];
  test.each<[string, Partial<MomentFacts>, Partial<ServiceFacts>, string]>([
    ["some slots are free", { agents: two, work: workOf(1) }, {}, "available"],
    ["all slots are taken", { agents: two, work: workOf(2) }, {}, "busy"],
    ["more is going on than there are slots", { agents: two, work: workOf(3) }, {}, "busy"],
    ["nobody said how many slots there are", { agents: [], work: workOf(3) }, {}, "available"],
    ["the operator paused it, although it is busy", { agents: two, work: workOf(2) }, { isPaused: true }, "paused"],
    ["all agents are paused", { agents: [agent("a", { paused: true })] }, {}, "paused"],
    [
      "one of two agents is paused and the other is free",
      {
        agents: [agent("a", { paused: true }), agent("b")],
        work: workOf(0),
      },
      {},
      "available",
    ],
    [
      "the slots left by a paused agent are taken",
      {
        agents: [agent("a", { paused: true, slots: 8 }), agent("b")],
        work: workOf(1),
      },
      {},
      "busy",
    ],
    ["it has ended, although paused", { lifecycle: "offline" }, { isPaused: true }, "offline"],
  ])("when %s: as in the table", (_when, moment, service, expected) => {
    expect(deriveAvailability({ ...SERVICE, ...service }, { ...MOMENT, ...moment })).toBe(expected);
  });

  test("a paused agent keeps its capabilities and gives no slots", () => {
    const agents = [agent("a", { paused: true, capabilities: ["x"], slots: 4 }), agent("b", { capabilities: ["y"] })];
    expect(documentOf({ agents })).toMatchObject({ capabilities: ["x", "y"], capacity: { concurrent_tasks: 1 } });
  });
});

test.each(
  [
    ["healthy", "available", "Available"],
    ["healthy", "busy", "Busy"],
    ["healthy", "paused", "Busy"],
    ["degraded", "available", "Degraded"],
    ["degraded", "busy", "Degraded"],
    ["draining", "paused", "Draining"],
    ["offline", "offline", "Offline"],
  ] as const,
)("%s and %s is the word %s", (health, availability, word) => {
  expect(deriveStatusWord(health, availability)).toBe(word);
});

describe("encodeDocument", () => {
  const capabilities = (count: number) =>
    Array.from({ length: count }, (_, index) => "ü".repeat(124) + index.toString().padStart(4, "0"));
  const tags = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`t${index}`, "x".repeat(1_024)]));

  test("leaves an ordinary document whole", () => {
    const document = documentOf({}, { tags: { region: "eu" } });
    const { text, bytes, dropped } = encodeDocument(document);
    expect(JSON.parse(text)).toEqual(document);
    expect(new TextDecoder().decode(bytes)).toBe(text);
    expect(dropped).toEqual([]);
  });

  test("drops the tags of one that is too large", () => {
    const { text, bytes, dropped } = encodeDocument(documentOf({}, { tags }));
    expect(dropped).toEqual(["tags"]);
    expect(bytes.length).toBeLessThanOrEqual(STATUS_DOCUMENT_BYTES_MAX);
    expect(JSON.parse(text)).toEqual(documentOf());
  });

  test("then the health details", () => {
    const document = documentOf({}, { tags });
    const health = { ...document.health, details: { much: "x".repeat(70_000) } };
    const { text, dropped } = encodeDocument({ ...document, health });
    expect(dropped).toEqual(["tags", "details"]);
    expect(JSON.parse(text).health).toEqual({ status: "healthy", details: {} });
  });

  test("refuses what is too large even so, rather than send it or cut it", () => {
    const document = documentOf({ agents: [agent("a", { capabilities: capabilities(256) })] });
    expect(() => encodeDocument(document)).toThrow(expect.objectContaining({ code: "BODY_TOO_LARGE" }));
  });
});
