/**
 * This host's own Monitor as people read it.
 *
 * @module
 */
import type { MonitorAnswer, StatusAnswer } from "../contract/mod.ts";
import { formatDuration, formatMoment } from "./duration.ts";
import type { Cell } from "./table.ts";

/** Rows of the status; none where this process is no Monitor. */
export function monitorPairs({ monitor }: StatusAnswer, nowMs: number): (readonly [string, Cell | string])[] {
  if (monitor === undefined) return [];
  if (monitor.state === "standby") {
    return [["monitor", `stands by as ${monitor.identifier}: ${monitor.bridge.problem ?? "another is there"}`]];
  }
  const { bridge, metadata, telemetry } = monitor;
  return [
    ["monitor", reporting(monitor, nowMs)],
    ["bridge", bridge.address === null ? { text: bridge.problem ?? "not listening", tone: "bad" } : bridge.address],
    ["OpenClaw", metadata === null ? { text: "nothing pushed", tone: "faint" } : openClaw(metadata, nowMs)],
    ["host", telemetry === null ? { text: "not measured yet", tone: "faint" } : figures(telemetry)],
    ...(telemetry?.problems ?? []).map((text) => ["", { text, tone: "warning" }] as const),
  ];
}

function reporting({ identifier, backend }: MonitorAnswer, nowMs: number): Cell {
  const { state, endpoint, last_success, consecutive_failures, last_error } = backend;
  switch (state) {
    case "off":
      return { text: `${identifier}, reports to nobody (monitor.backendUrl)`, tone: "faint" };
    case "waiting":
      return { text: `${identifier} to ${endpoint ?? "?"}, not yet` };
    case "reported":
      return { text: `${identifier} to ${endpoint ?? "?"}, ${formatMoment(last_success, nowMs)}`, tone: "good" };
    case "failing": {
      const why = last_error === null ? "" : `: ${last_error.message}`;
      return { text: `${identifier}, failing, ${consecutive_failures} in a row${why}`, tone: "bad" };
    }
  }
}

function openClaw(metadata: NonNullable<MonitorAnswer["metadata"]>, nowMs: number): string {
  const { openclaw_version, plugin_version, agents, received } = metadata;
  const plugin = plugin_version === undefined ? "" : `, plugin ${plugin_version}`;
  return `${openclaw_version ?? "version not known"}${plugin}, ${agents} agents, pushed ${
    formatMoment(received, nowMs)
  }`;
}

function figures(telemetry: NonNullable<MonitorAnswer["telemetry"]>): string {
  const { cpu_pct, mem_pct, disk_pct, swap_pct, load_avg, uptime_seconds } = telemetry;
  return `processor ${cpu_pct} %, memory ${mem_pct} %, disk ${disk_pct} %, swap ${swap_pct} %, load ${
    load_avg[0]
  }, up ` +
    formatDuration(uptime_seconds);
}
