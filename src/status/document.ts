/**
 * The status document, filled field by field. Source: the status contract, "What is published".
 *
 * What is not named here is not published: no prompt, message, path, secret, and no name that a reporter chose for itself.
 *
 * @module
 */
import {
  type Availability,
  type HealthStatus,
  type RegisteredAgent,
  STATUS_SCHEMA_VERSION,
  type StatusAnswer,
  type StatusDocument,
} from "../contract/mod.ts";
import { BarnacleError } from "../errors.ts";
import { STATUS_DOCUMENT_BYTES_MAX } from "../limits.ts";
import type { HealthVerdict } from "./health.ts";
import type { WorkSummary } from "./reports.ts";

/** Where the service stands between start and end. `starting` is told by the readiness alone. */
export type Lifecycle = "starting" | "running" | "draining" | "offline";

/** What stays the same while the service runs. */
export interface ServiceFacts {
  readonly serviceName: string;
  readonly instanceId: string;
  /** The service's own version, semver. */
  readonly version: string;
  readonly tags: Readonly<Record<string, string>>;
  /** The host's MoltComm identity, where it is to be published. */
  readonly nodeId?: string;
  /** The operator wants no work sent here. */
  readonly isPaused: boolean;
  /** From one publication to the next, in milliseconds. */
  readonly intervalMs: number;
}

/** What the document says of this moment. */
export interface MomentFacts {
  /** Unix milliseconds. */
  readonly assembledAtMs: number;
  readonly uptimeMs: number;
  readonly lifecycle: Lifecycle;
  readonly agents: readonly RegisteredAgent[];
  /** A broken edit of the registration file is waiting to be mended. */
  readonly isRegistrationBroken: boolean;
  readonly work: WorkSummary;
  readonly verdict: HealthVerdict;
  readonly failingPartNames: readonly string[];
}

/** Missed beats after which a reader may call the instance gone. Source: the status contract, `expires_in_seconds`. */
const EXPIRY_INTERVALS = 3;
const REASON_CHARACTERS_MAX = 1_024;

/** Slots of the agents that take work; 0 when nobody said how much this host can do at once. */
export function countSlots(agents: readonly RegisteredAgent[]): number {
  let slots = 0;
  for (const agent of agents) if (!agent.paused) slots += agent.slots;
  return Math.min(slots, Number.MAX_SAFE_INTEGER);
}

/** The union of the agents' capabilities, paused ones included, sorted by code unit. */
export function uniteCapabilities(agents: readonly RegisteredAgent[]): string[] {
  return sortUnique(agents.flatMap((agent) => agent.capabilities));
}

/** The names without doubles, sorted by code unit. */
export function sortUnique(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

/**
 * Whether work is taken. Draining takes none and is not gone yet: `paused`. So is a host whose agents are all paused. Without slots
 * nobody can tell when it is full, so it is never `busy`.
 */
export function deriveAvailability(service: ServiceFacts, moment: MomentFacts): Availability {
  const { lifecycle, agents, work } = moment;
  if (lifecycle === "offline") return "offline";
  if (lifecycle === "draining" || service.isPaused) return "paused";
  if (agents.length > 0 && agents.every((agent) => agent.paused)) return "paused";
  const slots = countSlots(agents);
  return slots > 0 && work.activeTasks >= slots ? "busy" : "available";
}

/** The lifecycle speaks before the verdict: what is leaving is neither well nor ill. */
export function deriveHealthStatus(lifecycle: Lifecycle, verdict: HealthVerdict): HealthStatus {
  return lifecycle === "draining" || lifecycle === "offline" ? lifecycle : verdict.status;
}

/** The one word of `GET /status`. It has none for `paused`, so that is `Busy`: up, and takes no work. */
export function deriveStatusWord(status: HealthStatus, availability: Availability): StatusAnswer["status"] {
  switch (status) {
    case "offline":
      return "Offline";
    case "draining":
      return "Draining";
    case "degraded":
      return "Degraded";
    case "healthy":
      return availability === "available" ? "Available" : "Busy";
  }
}

/** Assembles the document. @param messageId a UUID of its own */
export function assembleDocument(service: ServiceFacts, moment: MomentFacts, messageId: string): StatusDocument {
  return {
    schema_version: STATUS_SCHEMA_VERSION,
    service_name: service.serviceName,
    instance_id: service.instanceId,
    message_id: messageId,
    timestamp: new Date(moment.assembledAtMs).toISOString(),
    uptime_seconds: Math.floor(moment.uptimeMs / 1_000),
    version: service.version,
    capabilities: uniteCapabilities(moment.agents),
    capacity: {
      concurrent_tasks: countSlots(moment.agents),
      active_tasks: moment.work.activeTasks,
      queue_length: moment.work.queueLength,
    },
    health: assembleHealth(moment),
    availability: deriveAvailability(service, moment),
    expires_in_seconds: Math.ceil(EXPIRY_INTERVALS * service.intervalMs / 1_000),
    ...(Object.keys(service.tags).length > 0 ? { tags: service.tags } : {}),
    ...(service.nodeId === undefined ? {} : { node_id: service.nodeId }),
  };
}

function assembleHealth(moment: MomentFacts): StatusDocument["health"] {
  const { lifecycle, verdict, work } = moment;
  const rules = verdict.rules;
  const reasons = rules.map((rule) => rule.recovering ? `${rule.reason}; recovering` : rule.reason);
  const details: Record<string, unknown> = {};
  if (work.lastSuccessSeconds !== undefined) details["last_task_success_seconds"] = work.lastSuccessSeconds;
  if (rules.length > 0) details["rules"] = rules.map((rule) => rule.rule);
  if (work.silent.length > 0) details["silent_reporters"] = work.silent.length;
  if (moment.failingPartNames.length > 0) details["failing_parts"] = moment.failingPartNames;
  if (moment.isRegistrationBroken) details["registration"] = "last_good_kept";
  return {
    status: deriveHealthStatus(lifecycle, verdict),
    ...(reasons.length > 0 ? { reason: reasons.join(" | ").slice(0, REASON_CHARACTERS_MAX) } : {}),
    details,
  };
}

/** A document as it goes out. */
export interface EncodedDocument {
  readonly text: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What had to be left out to keep the size. */
  readonly dropped: readonly ("tags" | "details")[];
}

/**
 * Serialises a document within the contract's size. Of one that is too large the tags go first, then the health details: readers
 * can do without these. It never cuts the rest.
 *
 * @throws `BODY_TOO_LARGE` when it is too large even so
 */
export function encodeDocument(document: StatusDocument): EncodedDocument {
  const { tags: _tags, ...untagged } = document;
  const bare: StatusDocument = { ...untagged, health: { ...document.health, details: {} } };
  const attempts: readonly (readonly [StatusDocument, EncodedDocument["dropped"]])[] = [
    [document, []],
    [untagged, ["tags"]],
    [bare, ["tags", "details"]],
  ];
  let sizeBytes = 0;
  for (const [attempt, dropped] of attempts) {
    const text = JSON.stringify(attempt);
    const bytes = new TextEncoder().encode(text);
    if (bytes.length <= STATUS_DOCUMENT_BYTES_MAX) return { text, bytes, dropped };
    sizeBytes = bytes.length;
  }
  throw new BarnacleError({
    code: "BODY_TOO_LARGE",
    action: "Assemble the status document",
    value: `${sizeBytes} bytes without tags and health details`,
    wanted: `at most ${STATUS_DOCUMENT_BYTES_MAX} bytes`,
    hint: "shorten the names of the capabilities in the agent registration file",
  });
}
