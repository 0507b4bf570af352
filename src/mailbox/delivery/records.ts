/**
 * The lines of `.moltcomm/delivery.ndjson`, for people, language models and ourselves.
 *
 * - `{"ts":…,"id":"…","state":"accepted","to":"…","msg":"…","key":"…","line":3}`: durable here. `"given":true` when the id came with
 *   the line.
 * - `{"ts":…,"id":"…","state":"sent","attempt":1}`: tried. Further attempts are noted when their number is a power of two, with the
 *   `error` of the one before. With `"relay":"relay://…","node":"…"` that relay has kept it since.
 * - `{"ts":…,"id":"…","state":"delivered","attempts":1}`: durable there.
 * - `{"ts":…,"id":"…","state":"failed","attempts":9,"reason":"…"}`: given up.
 * - `{"ts":…,"state":"remembered","keys":["…"]}`: keys of messages that were settled and dropped from the journal.
 *
 * Times are Unix milliseconds. Unknown fields are ignored.
 *
 * @module
 */
import type { Keeper } from "../types.ts";
import type { PendingMessage } from "./pending-message.ts";

/** The journal's name in `.moltcomm`. */
export const JOURNAL_FILE = "delivery.ndjson";

export interface AcceptedRecord {
  readonly state: "accepted";
  readonly ts: number;
  readonly id: string;
  readonly to: string;
  readonly msg: string;
  readonly key: string;
  readonly line: number;
  readonly given: boolean;
}
export interface SentRecord {
  readonly state: "sent";
  readonly ts: number;
  readonly id: string;
  readonly attempt: number;
  readonly error: string | undefined;
  readonly keeper: Keeper | undefined;
}
export interface SettledRecord {
  readonly state: "delivered" | "failed";
  readonly ts: number;
  readonly id: string;
  readonly attempts: number;
  readonly reason: string | undefined;
}
export interface RememberedRecord {
  readonly state: "remembered";
  readonly keys: readonly string[];
}
export type DeliveryRecord = AcceptedRecord | SentRecord | SettledRecord | RememberedRecord;

/** How a message's `accepted` line begins. */
export function acceptedLineStart({ acceptedAtMs, quotedId }: PendingMessage): string {
  return `{"ts":${acceptedAtMs},"id":${quotedId},"state":"accepted",`;
}

/** @param msg the text, which a message need not hold itself */
export function acceptedLine(message: PendingMessage, msg: string): string {
  const { isIdGiven, key, line, to } = message;
  const given = isIdGiven ? ',"given":true' : "";
  return `${acceptedLineStart(message)}"to":${JSON.stringify(to)},"msg":${JSON.stringify(msg)},"key":${
    JSON.stringify(key)
  },"line":${line}${given}}\n`;
}

export function sentLine(message: PendingMessage): string {
  const { attempts, keeper, keptAtMs, lastError, quotedId, sentAtMs } = message;
  if (keeper !== undefined) {
    const { address, nodeId } = keeper;
    const where = `"relay":${JSON.stringify(address)},"node":${JSON.stringify(nodeId)}`;
    return `{"ts":${keptAtMs},"id":${quotedId},"state":"sent","attempt":${attempts},${where}}\n`;
  }
  const error = lastError === undefined ? "" : `,"error":${JSON.stringify(lastError)}`;
  return `{"ts":${sentAtMs},"id":${quotedId},"state":"sent","attempt":${attempts}${error}}\n`;
}

export function deliveredLine(message: PendingMessage, wallMs: number): string {
  return `{"ts":${wallMs},"id":${message.quotedId},"state":"delivered","attempts":${message.attempts}}\n`;
}

export function failedLine(message: PendingMessage, wallMs: number, reason: string): string {
  return `{"ts":${wallMs},"id":${message.quotedId},"state":"failed","attempts":${message.attempts},"reason":${
    JSON.stringify(reason)
  }}\n`;
}

export function rememberedLine(keys: readonly string[], wallMs: number): string {
  return `{"ts":${wallMs},"state":"remembered","keys":${JSON.stringify(keys)}}\n`;
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads one line. Zeros before it are passed over: where a disk lost a write, it leaves them in the place of the lines before.
 *
 * @returns `undefined` when it is no record
 */
export function readRecord(line: Uint8Array): DeliveryRecord | undefined {
  let start = 0;
  while (start < line.length && line[start] === 0) start++;
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(start === 0 ? line : line.subarray(start)));
  } catch {
    return undefined;
  }
  return typeof value === "object" && value !== null ? shape(value as Record<string, unknown>) : undefined;
}

function shape(fields: Record<string, unknown>): DeliveryRecord | undefined {
  const { id, state } = fields;
  if (state === "remembered") return remembered(fields["keys"]);
  const ts = number(fields["ts"]);
  if (typeof id !== "string" || id === "" || ts === undefined) return undefined;
  if (state === "accepted") return accepted(fields, id, ts);
  if (state === "sent") return sent(fields, id, ts);
  if (state !== "delivered" && state !== "failed") return undefined;
  return { state, ts, id, attempts: number(fields["attempts"]) ?? 1, reason: text(fields["reason"]) };
}

function accepted(fields: Record<string, unknown>, id: string, ts: number): AcceptedRecord | undefined {
  const { key, msg, to } = fields;
  if (typeof to !== "string" || typeof msg !== "string") return undefined;
  const given = fields["given"] === true;
  return { state: "accepted", ts, id, to, msg, key: text(key) ?? "", line: number(fields["line"]) ?? 0, given };
}

function sent(fields: Record<string, unknown>, id: string, ts: number): SentRecord {
  const [address, nodeId] = [text(fields["relay"]), text(fields["node"])];
  const keeper = address === undefined || nodeId === undefined ? undefined : { address, nodeId };
  return { state: "sent", ts, id, attempt: number(fields["attempt"]) ?? 1, error: text(fields["error"]), keeper };
}

function remembered(keys: unknown): RememberedRecord | undefined {
  if (!Array.isArray(keys)) return undefined;
  return { state: "remembered", keys: keys.filter((key) => typeof key === "string") };
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
