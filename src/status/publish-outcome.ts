/**
 * What an answer, or the lack of one, means for a publication, and what the operator can do about it. Source: the status contract, "When".
 *
 * @module
 */
import { publishAnswer } from "../contract/mod.ts";
import { BarnacleError, type ErrorCode, toBarnacleError } from "../errors.ts";
import { parseRetryAfter, type Reply } from "../http/mod.ts";
import { ANSWER_BYTES_MAX, PUBLISH_BACKOFF_MAX_MS } from "../limits.ts";

/** What judging needs beside the answer. */
export interface JudgeContext {
  /** The receiver's address, without anything secret in it. */
  readonly endpoint: string;
  /** Unix milliseconds, for a `Retry-After` that names a time. */
  readonly nowMs: number;
  /** Masks secrets: a receiver may send back what we sent it. */
  readonly redact: (text: string) => string;
}

const WORDS_CHARACTERS_MAX = 200;
/** Less than this between two clocks is the time on the way and the whole seconds of a `Date` header. */
const CLOCK_REMARK_MIN_SECONDS = 5;

/** What a status of the receiver means. Those not listed are `REJECTED` (4xx) or `REMOTE_FAILURE` (the rest). */
const STATUS_MEANINGS: Readonly<Record<number, readonly [code: ErrorCode, hint: string]>> = {
  400: ["REJECTED", "the receiver does not take this document; its words name the field"],
  401: ["UNAUTHORIZED", "check OPENCLAW_API_KEY: the receiver does not know this key"],
  403: ["FORBIDDEN", "check OPENCLAW_API_KEY: the receiver knows this key and does not let it publish"],
  404: ["NOT_FOUND", "check OPENCLAW_BASE_URL: there is nothing under it at /openclaw/status"],
  405: ["METHOD_NOT_ALLOWED", "check OPENCLAW_BASE_URL: what answers there takes no publications"],
  408: ["REMOTE_FAILURE", "the receiver waited too long for the request; it is tried again"],
  413: ["BODY_TOO_LARGE", "have fewer or shorter capabilities and tags, or raise the receiver's limit"],
  415: ["CONTENT_TYPE_UNSUPPORTED", "check OPENCLAW_BASE_URL: what answers there takes no JSON"],
  429: ["RATE_LIMITED", "the receiver asks for fewer publications: raise openclaw.intervalSeconds if this stays"],
};

const FAILURE_HINTS: Partial<Readonly<Record<ErrorCode, string>>> = {
  CONNECTION_REFUSED: "check that the receiver runs, and the port in OPENCLAW_BASE_URL; it is tried again",
  CONNECTION_RESET: "the receiver, or something on the way, dropped the connection; it is tried again",
  CONNECTION_CLOSED: "the receiver, or something on the way, closed the connection; it is tried again",
  HOST_NOT_FOUND: "check the host in OPENCLAW_BASE_URL, and this host's name service; it is tried again",
  NETWORK_UNREACHABLE: "check this host's network; it is tried again",
  CERTIFICATE_INVALID: "if the receiver's authority is your own, name its certificate in openclaw.caFile; " +
    "else check the host in OPENCLAW_BASE_URL and this host's clock",
  TIMED_OUT:
    "the receiver is slow or out of reach; it is tried again, and openclaw.timeoutSeconds says how long to wait",
};
const HINT_OTHERWISE = "it is tried again in the background";

/** Failures that wait for a person, not for better weather. */
const CONFIGURATION_CODES: readonly ErrorCode[] = [
  "CERTIFICATE_INVALID",
  "ANSWER_INVALID",
  "ANSWER_TOO_LARGE",
  "REDIRECT_REFUSED",
];

/** Whether somebody has to change something: an error; everything else is a warning, and may pass by itself. */
export function needsPerson(error: BarnacleError): boolean {
  return !error.retryable || CONFIGURATION_CODES.includes(error.code);
}

/**
 * Judges an answer.
 *
 * @returns `undefined` for success. Else the error: retryable ones with the receiver's `Retry-After`, if any; those that will not mend
 *   themselves with the longest backoff as the least wait
 */
export function judgeReply(reply: Reply, context: JudgeContext): BarnacleError | undefined {
  if (reply.status >= 200 && reply.status < 300) return judgeAcceptance(reply, context);
  // A platform that hides the redirect it did not follow gives the status 0.
  if (reply.status < 200 || (reply.status >= 300 && reply.status < 400)) return redirectError(reply, context);
  const [code, hint] = STATUS_MEANINGS[reply.status] ??
    (reply.status < 500
      ? ["REJECTED", "the receiver refuses this publication; see its words"] as const
      : ["REMOTE_FAILURE", "the receiver has a fault of its own; it is tried again"] as const);
  const isRetryable = reply.status >= 500 || reply.status === 408 || reply.status === 429;
  const askedMs = isRetryable ? parseRetryAfter(reply.headers.get("retry-after"), context.nowMs) : undefined;
  const retryAfterMs = isRetryable ? askedMs : PUBLISH_BACKOFF_MAX_MS;
  return new BarnacleError({
    code,
    action: `Publish the status to ${context.endpoint}`,
    value: `status ${reply.status}${quoteWords(reply, context)}`,
    wanted: "202",
    hint,
    retryable: isRetryable,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs: Math.min(retryAfterMs, PUBLISH_BACKOFF_MAX_MS) }),
  });
}

/** Puts the lack of an answer into the same form. */
export function judgeFailure(thrown: unknown, context: JudgeContext): BarnacleError {
  const error = toBarnacleError(thrown, "Publish the status");
  return new BarnacleError({
    code: error.code,
    action: `Publish the status to ${context.endpoint}`,
    value: printable(context.redact(error.value ?? error.message)),
    wanted: error.wanted ?? "an answer",
    hint: FAILURE_HINTS[error.code] ?? error.hint ?? HINT_OTHERWISE,
    retryable: true,
    cause: thrown,
  });
}

/** A stranger's receiver may say nothing at all with its 2xx. What is no JSON comes from something else: a page, a proxy. */
function judgeAcceptance(reply: Reply, context: JudgeContext): BarnacleError | undefined {
  if (reply.isCut) return oversizedError(context);
  if (reply.text.trim() === "") return undefined;
  let answer: unknown;
  try {
    answer = JSON.parse(reply.text);
  } catch {
    return notJsonError(reply, context);
  }
  if (typeof answer !== "object" || answer === null) return undefined;
  if ("stale" in answer && answer.stale === true) return staleError(reply, context);
  if (!("accepted" in answer) || answer.accepted !== false) return undefined;
  return new BarnacleError({
    code: "REJECTED",
    action: `Publish the status to ${context.endpoint}`,
    value: `status ${reply.status} with "accepted": false`,
    wanted: '"accepted": true',
    hint: "ask the receiver's operator why it does not accept this instance",
    retryable: false,
    retryAfterMs: PUBLISH_BACKOFF_MAX_MS,
  });
}

/**
 * A Barnacle hub's extension of the answer: it knows a newer document of this instance and threw ours away. It passes by itself once our
 * time has reached that of the newer document, so it is tried again as often as any failure.
 */
function staleError(reply: Reply, context: JudgeContext): BarnacleError {
  const aheadSeconds = Math.round((Date.parse(reply.headers.get("date") ?? "") - context.nowMs) / 1_000);
  const clock = aheadSeconds > CLOCK_REMARK_MIN_SECONDS ? `, from a clock ${aheadSeconds} s ahead of ours` : "";
  return new BarnacleError({
    code: "REJECTED",
    action: `Publish the status to ${context.endpoint}`,
    value: `status ${reply.status} with "stale": true${clock}`,
    wanted: "a receiver that knows nothing newer of this instance",
    hint: "this host's clock was set back, or another process publishes under this instance_id: check both; " +
      "it is tried again",
    retryable: true,
  });
}

/** The timestamp of the newer document that a Barnacle hub knows of this instance, Unix milliseconds; `undefined` when it said of none. */
export function newerTimestampMs(reply: Pick<Reply, "status" | "text">): number | undefined {
  if (reply.status < 200 || reply.status > 299 || !reply.text.includes('"stale"')) return undefined;
  try {
    const answer = publishAnswer.safeParse(JSON.parse(reply.text));
    if (!answer.success || answer.data.stale !== true) return undefined;
    const { known_timestamp: known } = answer.data;
    return known === undefined ? undefined : Date.parse(known);
  } catch {
    // No JSON, so no hub of ours.
    return undefined;
  }
}

function notJsonError(reply: Reply, context: JudgeContext): BarnacleError {
  const type = printable(reply.headers.get("content-type") ?? "no content type");
  return new BarnacleError({
    code: "ANSWER_INVALID",
    action: `Publish the status to ${context.endpoint}`,
    value: `status ${reply.status} with ${context.redact(type)} that is no JSON`,
    wanted: "a JSON answer",
    hint:
      "check OPENCLAW_BASE_URL: what answers there is not a status receiver (a stock OpenClaw gateway answers every " +
      "path with its web page); point it at the receiver, for example a Barnacle hub",
    retryable: true,
  });
}

function oversizedError(context: JudgeContext): BarnacleError {
  return new BarnacleError({
    code: "ANSWER_TOO_LARGE",
    action: `Publish the status to ${context.endpoint}`,
    value: `an answer of more than ${ANSWER_BYTES_MAX} bytes`,
    wanted: "a short JSON answer",
    hint: "check OPENCLAW_BASE_URL: what answers there is hardly a status receiver",
    retryable: true,
  });
}

function redirectError(reply: Reply, context: JudgeContext): BarnacleError {
  const location = reply.headers.get("location");
  const target = location === null ? "" : ` to ${originOf(location, context)}`;
  return new BarnacleError({
    code: "REDIRECT_REFUSED",
    action: `Publish the status to ${context.endpoint}`,
    value: `a redirect${target}`,
    wanted: "202",
    hint: "the key is not sent on to another address; if that is where the receiver is, set OPENCLAW_BASE_URL to it",
    retryable: false,
    retryAfterMs: PUBLISH_BACKOFF_MAX_MS,
  });
}

/** Path and query of a redirect may carry what was sent; where it leads to is enough to know. */
function originOf(location: string, context: JudgeContext): string {
  const target = URL.canParse(location, context.endpoint) ? new URL(location, context.endpoint).origin : location;
  return printable(context.redact(target));
}

/**
 * The receiver's own words: of our error form its message and field, else what it wrote, cut and without control characters. An answer
 * that was cut has none to show: its end may be half a secret.
 */
function quoteWords(reply: Reply, context: JudgeContext): string {
  if (reply.isCut) return "";
  // Masked twice: taking the words out of the JSON may undo an escaping.
  const words = printable(context.redact(errorWords(context.redact(reply.text))));
  return words === "" ? "" : `, "${words}"`;
}

function errorWords(text: string): string {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return text.trimStart().startsWith("<") ? "" : text;
  }
  const error = typeof answer === "object" && answer !== null && "error" in answer ? answer.error : undefined;
  if (typeof error === "string") return error;
  if (typeof error !== "object" || error === null || !("message" in error)) return text;
  const field = "field" in error && typeof error.field === "string" ? `${error.field}: ` : "";
  return `${field}${String(error.message)}`;
}

function printable(text: string): string {
  const line = text.replaceAll(/[\p{C}\s]+/gu, " ").trim();
  return line.length <= WORDS_CHARACTERS_MAX ? line : `${line.slice(0, WORDS_CHARACTERS_MAX)}…`;
}
