/**
 * Asks whatever listens on a gateway's port what it is. Nothing is sent but two questions that need no key.
 *
 * @module
 */
import { isBarnacleError } from "../errors.ts";
import { type CallComponents, makeCall, type Reply } from "../http/mod.ts";
import { isRecord } from "./record.ts";
import type { Gateway, Unknown } from "./types.ts";
import { readVersionNumber } from "./version.ts";

/** What was answered. */
export interface ProbeAnswer {
  readonly state: Gateway["state"];
  /** The gateway's own word. */
  readonly version?: string;
  /** It has the question that came with 2026.8.1, or it has not. */
  readonly isRecent?: boolean;
  readonly unknown?: Unknown;
}

const TIMEOUT_MS = 2_000;
const ANSWER_BYTES_MAX = 16 * 1024;

/** Asks `GET /startupz`, which tells the version from 2026.8.1 on, and `GET /healthz` where there is none. */
export async function probe(components: CallComponents, baseUrl: string, signal: AbortSignal): Promise<ProbeAnswer> {
  const ask = async (path: string) => {
    const action = `Ask the gateway at ${baseUrl}`;
    const url = `${baseUrl}${path}`;
    const call = {
      action,
      method: "GET",
      url,
      timeoutMs: TIMEOUT_MS,
      answerBytesMax: ANSWER_BYTES_MAX,
      signal,
    } as const;
    return factsOf(await makeCall(components, call));
  };
  try {
    const startup = await ask("/startupz");
    if (startup !== undefined) return judgeStartup(startup);
    const health = await ask("/healthz");
    if (health !== undefined) return { state: "running", isRecent: false };
    const why = `what answers at ${baseUrl} does not speak as a gateway does`;
    return { state: "unknown", unknown: { what: "gateway", why } };
  } catch (thrown) {
    if (signal.aborted || !isBarnacleError(thrown)) throw thrown;
    if (thrown.code === "CONNECTION_REFUSED") return { state: "stopped" };
    return { state: "unknown", unknown: { what: "gateway", why: `${baseUrl} does not answer (${thrown.code})` } };
  }
}

/** The web page that a gateway shows for every path it does not know comes with 200 too: only its own JSON counts. */
function factsOf(reply: Reply): Readonly<Record<string, unknown>> | undefined {
  if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(reply.headers.get("content-type") ?? "") || reply.isCut) {
    return undefined;
  }
  try {
    const facts: unknown = JSON.parse(reply.text);
    return isRecord(facts) && typeof facts["ok"] === "boolean" && typeof facts["status"] === "string"
      ? facts
      : undefined;
  } catch {
    return undefined;
  }
}

function judgeStartup(facts: Readonly<Record<string, unknown>>): ProbeAnswer {
  const version = readVersionNumber(facts["version"]);
  const state = facts["status"] === "started" ? "running" : "starting";
  return { state, isRecent: true, ...(version === undefined ? {} : { version }) };
}
