/**
 * The status of one host, and of a fleet, as people read it.
 *
 * @module
 */
import type { InstanceAnswer, InstancesAnswer, MailAnswer, StatusAnswer, TaskStateAnswer } from "../contract/mod.ts";
import { formatDuration, formatMoment } from "./duration.ts";
import { monitorPairs } from "./monitor-view.ts";
import { formatPairs, formatTable } from "./table.ts";
import type { Cell } from "./table.ts";
import { escapeText, paint } from "./terminal.ts";
import type { Tone } from "./terminal.ts";
import { wakingCell, watchedPairs } from "./watched-view.ts";

/** For whom a view is made. */
export interface ViewInit {
  readonly nowMs: number;
  /** Columns of the terminal; `undefined` when it is none. */
  readonly widthMax: number | undefined;
  readonly colour: boolean;
}

/** From here on a host has hardly anything left. */
const FULL_PERCENT = 95;

const TONES: Readonly<Record<string, Tone>> = {
  Available: "good",
  Busy: "warning",
  Degraded: "bad",
  Draining: "warning",
  Offline: "bad",
  healthy: "good",
  degraded: "bad",
  draining: "warning",
  offline: "bad",
  available: "good",
  busy: "warning",
  paused: "warning",
};

function toned(text: string): Cell {
  const tone = TONES[text];
  return tone === undefined ? { text } : { text, tone };
}

/** One host. @param askedAt where the answer came from */
export function formatHostStatus(answer: StatusAnswer, askedAt: string, view: ViewInit): string {
  const { details } = answer;
  const { capacity, health } = details;
  const title = `${paint(escapeText(answer.agent_name), "strong", view.colour)}  ${
    paint(answer.status, TONES[answer.status], view.colour)
  }\n`;
  const pairs = formatPairs([
    ["service", `${details.service_name} ${details.version}`],
    ["instance", details.instance_id],
    ["health", {
      ...toned(health.status),
      text: health.reason === undefined ? health.status : `${health.status}: ${health.reason}`,
    }],
    ...(answer.explanation ?? []).map(({ message, recovering }) =>
      ["", { text: recovering ? `${message} (recovering)` : message, tone: "warning" }] as const
    ),
    ["availability", toned(details.availability ?? "unknown")],
    ["work", `${capacity.active_tasks} active, ${capacity.queue_length} queued, ${capacity.concurrent_tasks} slots`],
    ["capabilities", details.capabilities.join(", ") || "none"],
    ["publishing", publishing(answer, view.nowMs)],
    ...mailPairs(answer),
    ...agentPairs(answer, view.nowMs),
    ...watchedPairs(answer, view.nowMs),
    ...monitorPairs(answer, view.nowMs),
    ["uptime", formatDuration(details.uptime_seconds)],
    ["asked", askedAt],
  ], view);
  return `${title}${pairs}\n${formatTasks(answer, view)}`;
}

function mailCell({ inbox, outbox }: MailAnswer, before = ""): Cell {
  const kept = outbox.kept === undefined || outbox.kept === 0 ? "" : ` (${outbox.kept} kept by relays)`;
  return {
    text: `${before}${inbox.unread} unread, ${outbox.queued} to be delivered${kept}, ${outbox.failed} failed`,
    ...(inbox.unread > 0 || outbox.failed > 0 ? { tone: "warning" } : {}),
  };
}

/** The other agents whose mail is carried here. */
function agentPairs({ mail_agents: agents = [] }: StatusAnswer, nowMs: number): (readonly [string, Cell | string])[] {
  return agents.flatMap(({ directory, id, identity, mail, problem, waking }) => {
    const who = identity === "own" && mail !== null ? ` (${mail.node_id} at ${mail.address ?? "no address"})` : "";
    return [
      [
        `mail of ${id}`,
        mail === null ? { text: directory, tone: "faint" } : mailCell(mail, `${directory}${who}: `),
      ] as const,
      ...(problem === null ? [] : [["", { text: problem, tone: "bad" } as const] as const]),
      ...(waking === null ? [] : [["", wakingCell(waking, nowMs)] as const]),
    ];
  });
}

function mailPairs({ mail }: StatusAnswer): (readonly [string, Cell | string])[] {
  if (mail === undefined) return [];
  const { inbox, relays = [] } = mail;
  return [
    ["mail", mailCell(mail)],
    ...(inbox.problem === null ? [] : [["", { text: inbox.problem, tone: "bad" } as const] as const]),
    ["node", `${mail.node_id} at ${mail.address ?? "no address"}`],
    ["peers", `${mail.peers} known, ${mail.connections} connections`],
    ...(relays.length === 0 ? [] : [["relays", relaysCell(mail)] as const]),
  ];
}

/** Where this host is found; that it cannot be dialled is no trouble while it is found somewhere. */
function relaysCell({ reachable = "unknown", relays = [] }: MailAnswer): Cell {
  const found = relays.filter(({ state }) => state === "registered").map(({ address }) => address);
  const dialled =
    { yes: "can be dialled", no: "cannot be dialled", unknown: "not known whether it can be dialled" }[reachable];
  if (found.length > 0) return { text: `found at ${found.join(", ")}; ${dialled}`, tone: "good" };
  return { text: `found at none of ${relays.length}; ${dialled}`, tone: reachable === "yes" ? "warning" : "bad" };
}

function publishing(answer: StatusAnswer, nowMs: number): Cell {
  const { state, endpoint, last_success, next_attempt, consecutive_failures, last_error } = answer.publishing;
  switch (state) {
    case "off":
      return { text: "off: no receiver is configured (OPENCLAW_BASE_URL)", tone: "faint" };
    case "waiting":
      return { text: `to ${endpoint ?? "?"}, not yet` };
    case "published":
      return { text: `to ${endpoint ?? "?"}, ${formatMoment(last_success, nowMs)}`, tone: "good" };
    case "failing": {
      const why = last_error === null ? "" : `: ${last_error.message}`;
      const next = next_attempt === null ? "" : `, next attempt ${formatMoment(next_attempt, nowMs)}`;
      return { text: `failing to ${endpoint ?? "?"}, ${consecutive_failures} in a row${next}${why}`, tone: "bad" };
    }
  }
}

function formatTasks(answer: StatusAnswer, view: ViewInit): string {
  return formatTable({
    columns: [
      { title: "TASK", widthMin: 8 },
      { title: "LAST RUN" },
      { title: "NEXT RUN" },
      { title: "TOOK", align: "right" },
      { title: "RUNS", align: "right" },
      { title: "FAILED", align: "right" },
    ],
    rows: answer.tasks.map((task) => [
      task.name,
      formatMoment(task.last_run, view.nowMs),
      nextRun(task, view.nowMs),
      task.last_duration_ms === null ? "-" : `${Math.round(task.last_duration_ms)} ms`,
      String(task.runs),
      task.consecutive_failures > 0 ? { text: String(task.failures), tone: "bad" } : String(task.failures),
    ]),
    widthMax: view.widthMax,
    colour: view.colour,
  });
}

function nextRun({ running, next_run }: TaskStateAnswer, nowMs: number): string {
  if (running) return "runs";
  if (next_run === null) return "when nudged";
  return Date.parse(next_run) <= nowMs ? "due" : formatMoment(next_run, nowMs);
}

/** A fleet, freshest first as it was answered. Everything in it was written by strangers. */
export function formatFleet(answer: InstancesAnswer, askedAt: string, view: ViewInit): string {
  const isWatched = answer.instances.some(({ telemetry }) => telemetry !== undefined);
  const table = formatTable({
    columns: [
      { title: "INSTANCE", widthMin: 12 },
      { title: "SERVICE", widthMin: 8 },
      { title: "STATUS" },
      { title: "AVAILABILITY" },
      { title: "FREE", align: "right" },
      { title: "HEARD" },
      ...(isWatched
        ? [{ title: "CPU", align: "right" }, { title: "MEM", align: "right" }, {
          title: "DISK",
          align: "right",
        }] as const
        : []),
      { title: "CAPABILITIES", widthMin: 8 },
    ],
    rows: answer.instances.map((instance) => fleetRow(instance, isWatched)),
    widthMax: view.widthMax,
    colour: view.colour,
  });
  const shown = answer.instances.length;
  const more = answer.next === null ? "" : ", the freshest first; --json with a query of the hub's API shows others";
  return `${table}${shown} of ${answer.total} instances at ${escapeText(askedAt)}${more}\n`;
}

function fleetRow(instance: InstanceAnswer, isWatched: boolean): (Cell | string)[] {
  const { capabilities } = instance.document;
  const names = Array.isArray(capabilities) ? capabilities.filter((name) => typeof name === "string") : [];
  return [
    instance.instance_id,
    instance.service_name,
    toned(instance.status),
    toned(instance.availability),
    String(instance.free),
    `${formatDuration(instance.age_seconds)} ago`,
    ...(isWatched ? hostCells(instance) : []),
    names.join(", "),
  ];
}

/** What the host's Monitor reported; a figure that is too old to hold is faint. */
function hostCells({ telemetry }: InstanceAnswer): Cell[] {
  const { cpu_pct, mem_pct, disk_pct, expired = false } = telemetry ?? {};
  return [cpu_pct, mem_pct, disk_pct].map((percent) => ({
    text: percent === undefined ? "-" : `${Math.round(percent)} %`,
    ...(expired ? { tone: "faint" } : percent !== undefined && percent >= FULL_PERCENT ? { tone: "bad" } : {}),
  }));
}
