/**
 * The shapes of the Monitor's contract.
 *
 * Hunts: a heartbeat of the seed that is refused, null in the place of what is not known, agents that do not come through as they
 * were, a stranger's field that makes us refuse the rest, figures out of range that are believed.
 */
import { describe, expect, test } from "vitest";
import type * as z from "zod/mini";
import {
  describeFieldIssues,
  formatIssue,
  heartbeat,
  hostTelemetry,
  monitorAnswer,
  monitorHealth,
  openClawMetadataPush,
  receivedHeartbeat,
  receivedMonitorHealth,
  receivedTelemetry,
  telemetryAnswer,
} from "../../../src/contract/mod.ts";
import { HEARTBEAT } from "../../support/seed-examples.ts";

const { openclaw_version: _version, plugin_version: _plugin, agents: _agents, ...BARE } = HEARTBEAT;
const { identifier: _identifier, ...HARDWARE } = BARE;

function faultsOf(schema: z.ZodMiniType, value: unknown): string[] {
  const checked = schema.safeParse(value);
  return checked.success ? [] : describeFieldIssues(checked.error, value).map(formatIssue);
}

describe("heartbeat", () => {
  test("takes the seed's example as it is", () => {
    expect(heartbeat.parse(HEARTBEAT)).toEqual(HEARTBEAT);
    expect(receivedHeartbeat.parse(HEARTBEAT)).toEqual(HEARTBEAT);
    expect(hostTelemetry.parse(HEARTBEAT)).toEqual(HARDWARE);
  });

  test("holds only hardware telemetry when nothing was pushed", () => {
    expect(heartbeat.parse(BARE)).toEqual(BARE);
    expect(Object.keys(heartbeat.parse(BARE))).not.toContain("agents");
  });

  test.each(["openclaw_version", "plugin_version", "agents"])(
    "refuses null for %s: what is not known is left out",
    (field) => {
      expect(faultsOf(receivedHeartbeat, { ...HEARTBEAT, [field]: null })).toEqual([
        expect.stringContaining(`${field}: got null`),
      ]);
    },
  );

  test("passes agents on with every member they came with", () => {
    const agents = [{ id: "a", name: "Ada", status: "idle", extra: { deep: [1] } }, {}];
    expect(heartbeat.parse({ ...HEARTBEAT, agents }).agents).toEqual(agents);
  });

  test.each([
    ["cpu_pct", 100.1],
    ["mem_pct", -0.1],
    ["disk_pct", "81"],
    ["swap_pct", Number.NaN],
    ["load_avg", [1, 2]],
    ["uptime_seconds", -1],
    ["nginx_installed", "yes"],
    ["nginx_sites", [7]],
    ["identifier", ""],
    ["identifier", "two\nlines"],
    ["agents", ["text"]],
    ["openclaw_version", "x".repeat(257)],
  ])("names the field when %s is %j", (field, value) => {
    expect(faultsOf(receivedHeartbeat, { ...HEARTBEAT, [field]: value })[0]).toContain(field);
  });
});

describe("receivedHeartbeat", () => {
  test("wants no more than the identifier and leaves out what it does not know", () => {
    expect(receivedHeartbeat.parse({ identifier: "vps.t1", gpu_pct: 3 })).toEqual({ identifier: "vps.t1" });
    expect(faultsOf(receivedHeartbeat, HARDWARE)).toEqual([expect.stringContaining("identifier: got nothing")]);
  });
});

describe("openClawMetadataPush", () => {
  test("takes the contract's example, and the version by either name", () => {
    const push = { version: "OpenClaw 2026.3.13 (61d171a)", plugin_version: "0.2.0", agents: [] };
    expect(openClawMetadataPush.parse(push)).toEqual(push);
    expect(openClawMetadataPush.parse({ openclaw_version: "2026.3.13" })).toEqual({ openclaw_version: "2026.3.13" });
  });

  test("leaves out unknown keys and refuses wrong ones by name", () => {
    expect(openClawMetadataPush.parse({ agents: [{ id: "a" }], later: true })).toEqual({ agents: [{ id: "a" }] });
    expect(faultsOf(openClawMetadataPush, { agents: {} })).toEqual([
      expect.stringContaining("agents: got {}"),
    ]);
    expect(faultsOf(openClawMetadataPush, [])).toHaveLength(1);
  });
});

describe("the bridge's answers", () => {
  test("GET /health has status, version and identifier; a stranger's may have less", () => {
    const health = { status: "ok", version: "1.0.0", identifier: "vps.t1" };
    expect(monitorHealth.parse(health)).toEqual(health);
    expect(receivedMonitorHealth.parse({ version: "0.1.0", since: 3 })).toEqual({ version: "0.1.0" });
    expect(receivedMonitorHealth.safeParse({ version: 1 }).success).toBe(false);
  });

  test("GET /telemetry is flat, with the identifier; a stranger's may have less", () => {
    const answer = { ...BARE, sampled_at: "2026-11-21T20:00:00.000Z", cgroup_mem_limit_bytes: 1_048_576 };
    expect(telemetryAnswer.parse(answer)).toEqual(answer);
    expect(receivedTelemetry.parse(BARE)).toEqual(BARE);
    expect(receivedTelemetry.parse({ cpu_pct: 3, fans: 2 })).toEqual({ cpu_pct: 3 });
    expect(receivedTelemetry.safeParse({ cpu_pct: "3" }).success).toBe(false);
  });

  test("monitorAnswer takes a Monitor that has just started", () => {
    const answer = {
      state: "running",
      identifier: "vps.t1",
      bridge: { address: null, problem: "the port is taken" },
      backend: { state: "off", endpoint: null, last_success: null, consecutive_failures: 0, last_error: null },
      metadata: null,
      telemetry: null,
    };
    expect(monitorAnswer.parse(answer)).toEqual(answer);
  });
});
