/**
 * What a backend's answer, or the lack of one, means, and what the operator can do. Source: the Monitor's contract, "The heartbeat".
 *
 * @module
 */
import { BarnacleError, type ErrorCode, toBarnacleError } from "../../errors.ts";
import { parseRetryAfter, type Reply } from "../../http/mod.ts";
import { HEARTBEAT_BACKOFF_MAX_MS } from "../../limits.ts";

/** What judging needs beside the answer. */
export interface JudgeContext {
  /** The backend's address, without anything secret in it. */
  readonly endpoint: string;
  /** Unix milliseconds, for a `Retry-After` that names a time. */
  readonly nowMs: number;
  /** Masks secrets: a backend may send back what we sent it. */
  readonly redact: (text: string) => string;
}

const ACTION = "Report the heartbeat";
const WORDS_CHARACTERS_MAX = 200;

const STATUS_MEANINGS: Readonly<Record<number, readonly [code: ErrorCode, hint: string]>> = {
  400: ["REJECTED", "the backend does not take this heartbeat; its words name the field"],
  401: ["UNAUTHORIZED", "check HF_MONITER_API_KEY: the backend does not know this key"],
  403: ["FORBIDDEN", "check HF_MONITER_API_KEY: the backend knows this key and does not let it report this identifier"],
  404: ["NOT_FOUND", "check monitor.backendUrl: it takes heartbeats at neither path, or does not know this identifier"],
  405: ["METHOD_NOT_ALLOWED", "check monitor.backendUrl: what answers there takes no heartbeats"],
  413: ["BODY_TOO_LARGE", "push fewer or smaller agents, or raise the backend's limit"],
  422: ["REJECTED", "the backend does not take this heartbeat; its words name the field"],
  429: ["RATE_LIMITED", "the backend asks for fewer heartbeats: raise monitor.reportIntervalSec if this stays"],
};

const FAILURE_HINTS: Partial<Readonly<Record<ErrorCode, string>>> = {
  CONNECTION_REFUSED: "check that the backend runs, and the port in monitor.backendUrl; it is tried again",
  HOST_NOT_FOUND: "check the host in monitor.backendUrl, and this host's name service; it is tried again",
  CERTIFICATE_INVALID: "if the backend's authority is your own, name its certificate in monitor.caFile; " +
    "else check the host in monitor.backendUrl and this host's clock",
  TIMED_OUT: "the backend is slow or out of reach; it is tried again, and monitor.timeoutSec says how long to wait",
};

/** Whether the path may be the wrong one of the two. */
export function mayBeOtherPath(reply: Reply): boolean {
  return reply.status === 404 || reply.status === 405;
}

/** @returns `undefined` for success: any 2xx. All else is tried again, what will not mend itself only at the longest backoff */
export function judgeReply(reply: Reply, context: JudgeContext): BarnacleError | undefined {
  const { status } = reply;
  if (status >= 200 && status < 300) return undefined;
  // A platform that hides the redirect it did not follow gives the status 0.
  if (status < 200 || (status >= 300 && status < 400)) return redirectError(reply, context);
  const [code, hint] = STATUS_MEANINGS[status] ??
    (status < 500
      ? ["REJECTED", "the backend does not take this heartbeat; see its words"] as const
      : ["REMOTE_FAILURE", "the backend has a fault of its own; it is tried again"] as const);
  const retryable = status >= 500 || status === 408 || status === 429;
  const askedMs = retryable
    ? parseRetryAfter(reply.headers.get("retry-after"), context.nowMs)
    : HEARTBEAT_BACKOFF_MAX_MS;
  return new BarnacleError({
    code,
    action: `${ACTION} to ${context.endpoint}`,
    value: `status ${status}${quoteWords(reply, context)}`,
    wanted: "2xx",
    hint,
    retryable,
    ...(askedMs === undefined ? {} : { retryAfterMs: Math.min(askedMs, HEARTBEAT_BACKOFF_MAX_MS) }),
  });
}

/** Puts the lack of an answer into the same form. */
export function judgeFailure(thrown: unknown, context: JudgeContext): BarnacleError {
  const error = toBarnacleError(thrown, ACTION);
  return new BarnacleError({
    code: error.code,
    action: `${ACTION} to ${context.endpoint}`,
    value: printable(context.redact(error.value ?? error.message)),
    wanted: error.wanted ?? "an answer",
    hint: FAILURE_HINTS[error.code] ?? error.hint ?? "it is tried again in the background",
    retryable: true,
    cause: thrown,
  });
}

/**
 * A 2xx is a success whatever is in it; what is in it may still show that something else answers there.
 *
 * @returns what is odd about it, in words; `undefined` for JSON, or nothing
 */
export function oddityOf(reply: Reply, redact: (text: string) => string): string | undefined {
  if (reply.isCut) return `an answer of more than ${reply.text.length} characters`;
  if (reply.text.trim() === "") return undefined;
  try {
    JSON.parse(reply.text);
    return undefined;
  } catch {
    return `${printable(redact(reply.headers.get("content-type") ?? "no content type"))} that is no JSON`;
  }
}

function redirectError(reply: Reply, context: JudgeContext): BarnacleError {
  const location = reply.headers.get("location") ?? "";
  const target = URL.canParse(location, context.endpoint) ? new URL(location, context.endpoint).origin : "";
  return new BarnacleError({
    code: "REDIRECT_REFUSED",
    action: `${ACTION} to ${context.endpoint}`,
    value: target === "" ? "a redirect" : `a redirect to ${printable(context.redact(target))}`,
    wanted: "2xx",
    hint: "the key is not sent on to another address; if that is where the backend is, set monitor.backendUrl to it",
    retryable: false,
    retryAfterMs: HEARTBEAT_BACKOFF_MAX_MS,
  });
}

/** The backend's own words, unless they are a page, or cut: their end may be half a secret. */
function quoteWords(reply: Reply, context: JudgeContext): string {
  if (reply.isCut || reply.text.trimStart().startsWith("<")) return "";
  const words = printable(context.redact(reply.text));
  return words === "" ? "" : `, ${words}`;
}

function printable(text: string): string {
  const line = text.replaceAll(/[\p{C}\s]+/gu, " ").trim();
  return line.length <= WORDS_CHARACTERS_MAX ? line : `${line.slice(0, WORDS_CHARACTERS_MAX)}…`;
}
