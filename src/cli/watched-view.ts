/**
 * The surroundings of one host as people read them: its Monitor, its OpenClaw gateways, its dead-man's switch.
 *
 * @module
 */
import type {
  BridgeAnswer,
  DeadmanAnswer,
  GatewayAnswer,
  ReceivedTelemetry,
  StatusAnswer,
  WakingAnswer,
} from "../contract/mod.ts";
import { formatMoment } from "./duration.ts";
import type { Cell } from "./table.ts";

type Pair = readonly [label: string, cell: Cell | string];

/** What there is to tell; nothing of what is off. */
export function watchedPairs({ bridge, deadman, gateways = [], waking }: StatusAnswer, nowMs: number): Pair[] {
  return [
    ...gateways.map((gateway) => ["openclaw", gatewayCell(gateway)] as const),
    ...(waking === undefined ? [] : [["waking", wakingCell(waking, nowMs)] as const]),
    ...(bridge === undefined ? [] : bridgePairs(bridge, nowMs)),
    ...(deadman === undefined ? [] : [["dead-man", deadmanCell(deadman, nowMs)] as const]),
  ];
}

function gatewayCell(gateway: GatewayAnswer): Cell {
  const { agents, profile, state, unknown, url, version } = gateway;
  const name = profile === null ? "" : ` (${profile})`;
  const names = agents.length === 0 ? "no agents known" : agents.map(({ id }) => id).join(", ");
  const text = `${version ?? "version unknown"}${name}, ${state}, ${url}: ${names}`;
  return unknown.length === 0 ? { text } : { text: `${text}; unknown: ${unknown.map(({ what }) => what).join(", ")}` };
}

/** How it goes with waking an agent. */
export function wakingCell(waking: WakingAnswer, nowMs: number): Cell {
  const { agent, hint, last_wake, next_wake, problem, state, unread, way } = waking;
  const told = last_wake === null ? "" : `, woken ${formatMoment(last_wake, nowMs)} by the ${way ?? "gateway"}`;
  const name = agent ?? "nobody";
  const advice = problem === null ? "" : `: ${problem} (${hint ?? "no advice"})`;
  switch (state) {
    case "idle":
      return { text: `${name}, nothing to wake for${told}${advice}` };
    case "waiting": {
      const next = next_wake === null ? "" : `, next ${formatMoment(next_wake, nowMs)}`;
      return {
        text: `${name}, ${unread} unread${told}${next}${advice}`,
        ...(problem === null ? {} : { tone: "warning" }),
      };
    }
    case "unheeded":
      return { text: `${name}, ${unread} unread${told}${advice}`, tone: "warning" };
    case "stopped":
      return {
        text: `${agent === null ? "no agent can" : `${agent} cannot`} be woken${told}${advice}`,
        tone: "warning",
      };
  }
}

function bridgePairs(bridge: BridgeAnswer, nowMs: number): Pair[] {
  const { endpoint, identifier, last_error, pushed, state, telemetry, version } = bridge;
  const told = pushed === null ? "" : `, told about OpenClaw ${formatMoment(pushed, nowMs)}`;
  switch (state) {
    case "looking":
      return [["monitor", { text: `none at ${endpoint}`, tone: "faint" }]];
    case "own":
      return [["monitor", { text: `in this process${told}`, tone: "good" }]];
    case "failing":
      return [["monitor", { text: `failing at ${endpoint}: ${last_error?.message ?? "no details"}`, tone: "bad" }]];
    case "connected": {
      const name = [identifier ?? "of no name", version].filter((word) => word !== null).join(" ");
      const there: Pair = ["monitor", { text: `${name} at ${endpoint}${told}`, tone: "good" }];
      return telemetry === null ? [there] : [there, ["host", formatTelemetry(telemetry)]];
    }
  }
}

/** What was told of: `cpu 10.5 %, memory 52.1 %`. */
function formatTelemetry(telemetry: ReceivedTelemetry): string {
  const { cpu_pct, disk_pct, load_avg, mem_pct, swap_pct } = telemetry;
  const shares = [["cpu", cpu_pct], ["memory", mem_pct], ["disk", disk_pct], ["swap", swap_pct]] as const;
  const words = shares.flatMap(([name, share]) => share === undefined ? [] : [`${name} ${share.toFixed(1)} %`]);
  if (load_avg !== undefined) words.push(`load ${load_avg.join(" ")}`);
  return words.length === 0 ? "nothing was measured" : words.join(", ");
}

function deadmanCell({ last_error, last_outcome, last_request, origin, state }: DeadmanAnswer, nowMs: number): Cell {
  switch (state) {
    case "waiting":
      return { text: `${origin}, not yet` };
    case "failing":
      return { text: `failing: ${last_error?.message ?? "no details"}`, tone: "bad" };
    case "requested": {
      const said = last_outcome === "failure" ? "told that this host is degraded" : "told that all is well";
      const tone = last_outcome === "failure" ? "warning" : "good";
      return { text: `${origin}, ${said} ${formatMoment(last_request, nowMs)}`, tone };
    }
  }
}
