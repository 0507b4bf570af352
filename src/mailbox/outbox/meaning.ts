/**
 * What an object in the outbox means, and whether it can be sent.
 *
 * The meaning does not depend on how the object was written, nor on the contacts or limits of the day: a line that was taken or rejected
 * is recognised by it later.
 *
 * @module
 */
import { isMessageId, recipientOf } from "../agent-address.ts";
import { type Fault, NOT_UNICODE } from "./faults.ts";
import { KNOWN_NAMES_SHOWN_MAX } from "./limits.ts";
import type { OutboxInit } from "./types.ts";

/** An object as it was meant. */
export interface Meaning {
  /** Equal for equal messages only. */
  readonly canonical: string;
  /** Without surrounding blanks; a name or a node id. */
  readonly to: string;
  readonly msg: string;
  readonly createdAtMs: number | undefined;
  readonly id: string | undefined;
  readonly fault: Fault | undefined;
}

/** What can be sent: the recipient's node id, and which of its agents is meant if one is named; or why it cannot. */
export type Verdict = { readonly to: string; readonly agent?: string } | { readonly fault: Fault };

const NODE_ID_REGEXP = /^ed25519:[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const LIKE_NODE_ID_REGEXP = /^ed25519\b/i;
const BRACKETED_REGEXP = /^<(.+)>$/s;
const ISO_DATE_REGEXP = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/i;
const NUMBER_REGEXP = /^\d+(?:\.\d+)?$/;
/** In milliseconds the year 1973, in seconds 5138: below are seconds. The next bounds tell micro- and nanoseconds in the same way. */
const SECONDS_BELOW = 1e11;
const MILLISECONDS_BELOW = 1e14;
const MICROSECONDS_BELOW = 1e17;
const UTF8_BYTES_PER_UNIT_MAX = 3;
const VALUE_CHARACTERS_SHOWN_MAX = 80;

const encoder = new TextEncoder();

/** The meaning of an object; `undefined` when it is nested so deep that it cannot even be written down again. */
export function readMeaning(object: Readonly<Record<string, unknown>>): Meaning | undefined {
  try {
    return meaningOf(object);
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

function meaningOf(object: Readonly<Record<string, unknown>>): Meaning {
  const to = readTo(object["to"]);
  const msg = readText(object["msg"]);
  if (to === undefined || msg === undefined) return unreadable(object, to);
  const createdAtMs = readTime(object["created_ts"]);
  const given = object["id"];
  const idText = given === undefined ? "" : typeof given === "string" ? given : JSON.stringify(given);
  const id = typeof given === "string" && isMessageId(given) ? given.toLowerCase() : undefined;
  const recipient = to.startsWith("ed25519:") ? to : to.toLowerCase();
  const canonical = `m${recipient.length},${idText.length},${createdAtMs ?? ""},${recipient}${id ?? idText}${msg}`;
  return { canonical, to, msg, createdAtMs, id, fault: undefined };
}

/** Whether a message can be sent now, and to whom. */
export function judge(meaning: Meaning, init: OutboxInit): Verdict {
  if (meaning.fault !== undefined) return { fault: meaning.fault };
  const { msg, to } = meaning;
  const fault = msgFault(msg, init.messageBytesMax);
  if (fault !== undefined) return { fault };
  const { agent, name } = recipientOf(to);
  const nodeId = name === "" ? init.nodeId : NODE_ID_REGEXP.test(name) ? name : init.resolve(name);
  if (nodeId === undefined) return { fault: unknownRecipient(to, init) };
  if (nodeId !== init.nodeId || (agent !== undefined && init.isOwnAgent?.(agent) === true)) {
    return agent === undefined ? { to: nodeId } : { to: nodeId, agent };
  }
  return { fault: { code: "to_self", reason: "to is this node itself: a message goes to another node" } };
}

function msgFault(msg: string, bytesMax: number): Fault | undefined {
  if (msg.length * UTF8_BYTES_PER_UNIT_MAX > bytesMax) {
    const bytes = encoder.encode(msg).length;
    const reason = `msg has ${bytes} bytes; at most ${bytesMax} are sent: make it shorter or split it`;
    if (bytes > bytesMax) return { code: "too_long", reason };
  }
  return msg.isWellFormed() ? undefined : NOT_UNICODE;
}

function unknownRecipient(to: string, init: OutboxInit): Fault {
  const shown = JSON.stringify(shorten(to));
  if (LIKE_NODE_ID_REGEXP.test(to)) {
    const reason =
      `to is ${shown}, which is no node id: one is "ed25519:" and 43 characters of base64url, written out in full`;
    return { code: "to_malformed", reason };
  }
  const known = knownNames(to, init.names?.() ?? []);
  const hint = known === "" ? "add the contact, or write the node id" : `known are ${known}`;
  return { code: "to_unknown", reason: `to is ${shown}, and no contact has this name: ${hint}` };
}

/** All names, or as many as begin like the one that was written. */
function knownNames(to: string, names: readonly string[]): string {
  const first = to.charAt(0).toLowerCase();
  const alike = names.filter((name) => name.charAt(0).toLowerCase() === first);
  const chosen = names.length <= KNOWN_NAMES_SHOWN_MAX || alike.length === 0 ? names : alike;
  const shown = chosen.slice(0, KNOWN_NAMES_SHOWN_MAX).map((name) => JSON.stringify(shorten(name))).join(", ");
  return chosen.length > KNOWN_NAMES_SHOWN_MAX ? `${shown} and others` : shown;
}

function unreadable(object: Readonly<Record<string, unknown>>, to: string | undefined): Meaning {
  const canonical = `o${JSON.stringify(object)}`;
  const fault = to === undefined ? toFault(object["to"]) : textFault(object["msg"]);
  return { canonical, to: "", msg: "", createdAtMs: undefined, id: undefined, fault };
}

/** The contract's example has the node id in angle brackets, and so it gets copied. */
function readTo(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  const plain = text.charCodeAt(0) === 0x3c ? BRACKETED_REGEXP.exec(text)?.[1]?.trim() ?? text : text;
  return plain === "" ? undefined : plain;
}

/** A whole number has one spelling, so what it says is plain; other values have several. */
function readText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

function toFault(value: unknown): Fault {
  const got = value === undefined ? "is missing" : value === "" ? "is empty" : `is ${describe(value)}`;
  return {
    code: "to_missing",
    reason: `to ${got}: it is the recipient's node id or the name of a contact, in double quotes`,
  };
}

function textFault(value: unknown): Fault {
  if (value === undefined) {
    return { code: "msg_missing", reason: "msg is missing: it is the text to send, in double quotes" };
  }
  return { code: "msg_no_text", reason: `msg is ${describe(value)}: it is the text to send, in double quotes` };
}

function describe(value: unknown): string {
  if (typeof value === "string") return "blank";
  if (typeof value === "number") return "a number";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** When the line was written, as far as it says so: the time is told to people, and nothing depends on it. */
function readTime(value: unknown): number | undefined {
  if (typeof value === "number") return toMilliseconds(value);
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (NUMBER_REGEXP.test(text)) return toMilliseconds(Number(text));
  const date = ISO_DATE_REGEXP.exec(text);
  if (date === null) return undefined;
  // A time without a zone would depend on the host's; UTC is what models write.
  const parsedMs = Date.parse(date[1] === undefined && text.length > "2025-01-01".length ? `${text}Z` : text);
  return Number.isNaN(parsedMs) ? undefined : parsedMs;
}

function toMilliseconds(time: number): number | undefined {
  if (!(time > 0) || !Number.isFinite(time)) return undefined;
  if (time < SECONDS_BELOW) return Math.round(time * 1_000);
  if (time < MILLISECONDS_BELOW) return Math.round(time);
  return Math.round(time < MICROSECONDS_BELOW ? time / 1e3 : time / 1e6);
}

function shorten(text: string): string {
  return text.length > VALUE_CHARACTERS_SHOWN_MAX ? `${text.slice(0, VALUE_CHARACTERS_SHOWN_MAX)}…` : text;
}
