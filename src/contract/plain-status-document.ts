/**
 * A quick look at a status document: a sixth of a hub's work would be the schema's, which copies each level of what it checks.
 *
 * @module
 */
import { CAPABILITIES_MAX, NAME_CHARACTERS_MAX, TAGS_MAX } from "../limits.ts";
import { SEMVER_REGEXP } from "./primitives.ts";
import { type Availability, type HealthStatus, type ReceivedStatusDocument } from "./status-document.ts";

const HEALTH_STATUSES: ReadonlySet<unknown> = new Set<HealthStatus>(["healthy", "degraded", "draining", "offline"]);
const AVAILABILITIES: ReadonlySet<unknown> = new Set<Availability>(["available", "busy", "paused", "offline"]);
const TEXT_CHARACTERS_MAX = 1_024;
const EXPIRES_IN_SECONDS_MAX = 86_400;
/** Without the last day of a leap year's February, which the schema knows. */
const TIMESTAMP_REGEXP =
  /^\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/;
const UUID_REGEXP = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
const NODE_ID_REGEXP = /^ed25519:[A-Za-z0-9_-]{43}$/;
const FIRST_PRINTABLE = 0x20;
const DELETE = 0x7f;
const LAST_CONTROL = 0x9f;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Whether `receivedStatusDocument` takes a parsed document and gives it back as it is. It may say no to one that the schema takes: one
 * that lacks what has a default, or is unusual. So a no decides nothing; the schema does.
 */
export function isPlainStatusDocument(value: unknown): value is ReceivedStatusDocument {
  if (!isObject(value)) return false;
  const { message_id, availability, expires_in_seconds, tags, node_id } = value;
  return isName(value["service_name"]) && isName(value["instance_id"]) &&
    isVersion(value["schema_version"]) && isVersion(value["version"]) &&
    matches(value["timestamp"], TIMESTAMP_REGEXP) && isCount(value["uptime_seconds"]) &&
    isListOfNames(value["capabilities"]) && isCapacity(value["capacity"]) && isHealth(value["health"]) &&
    (message_id === undefined || matches(message_id, UUID_REGEXP)) &&
    (availability === undefined || AVAILABILITIES.has(availability)) &&
    (expires_in_seconds === undefined || isExpiry(expires_in_seconds)) &&
    (tags === undefined || isTags(tags)) &&
    (node_id === undefined || matches(node_id, NODE_ID_REGEXP));
}

/** An object of JSON; what is named `__proto__` in one is for the schema. */
function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !Object.hasOwn(value, "__proto__");
}

function isName(value: unknown): value is string {
  if (typeof value !== "string" || value.length === 0 || value.length > NAME_CHARACTERS_MAX) return false;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code < FIRST_PRINTABLE || (code >= DELETE && code <= LAST_CONTROL)) return false;
  }
  return true;
}

function isVersion(value: unknown): boolean {
  return typeof value === "string" && value.length <= NAME_CHARACTERS_MAX && SEMVER_REGEXP.test(value);
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === "string" && pattern.test(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && value as number >= 0;
}

function isExpiry(value: unknown): boolean {
  return isCount(value) && value as number >= 1 && value as number <= EXPIRES_IN_SECONDS_MAX;
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value.length <= TEXT_CHARACTERS_MAX;
}

function isListOfNames(value: unknown): boolean {
  return Array.isArray(value) && value.length <= CAPABILITIES_MAX && value.every(isName);
}

function isCapacity(value: unknown): boolean {
  return isObject(value) && isCount(value["concurrent_tasks"]) && isCount(value["active_tasks"]) &&
    isCount(value["queue_length"]);
}

function isHealth(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { status, reason, details } = value;
  if (!HEALTH_STATUSES.has(status) || (reason !== undefined && !isText(reason)) || !isObject(details)) return false;
  const { last_task_success_seconds: seconds } = details;
  return seconds === undefined || isCount(seconds);
}

function isTags(value: unknown): boolean {
  if (!isObject(value)) return false;
  const names = Object.keys(value);
  return names.length <= TAGS_MAX && names.every((key) => isName(key) && isText(value[key]));
}
