/**
 * The three calls of the bridge, each bounded, and each wrong answer with its name. Source: the Monitor's contract, "The bridge".
 *
 * @module
 */
import {
  describeIssues,
  formatIssue,
  type OpenClawMetadataPush,
  type ReceivedMonitorHealth,
  receivedMonitorHealth,
  type ReceivedTelemetry,
  receivedTelemetry,
} from "../contract/mod.ts";
import { BarnacleError, type ErrorCode, toBarnacleError } from "../errors.ts";
import { type CallComponents, makeCall, type Reply } from "../http/mod.ts";
import type { Redactor } from "../log/mod.ts";
import { VERSION } from "../version.ts";

/** What a call works with. */
export interface BridgeCallComponents extends CallComponents {
  readonly redact: Pick<Redactor, "redact">;
}

/** Whom to ask. */
export interface BridgeCall {
  /** Without a slash at its end. */
  readonly url: string;
  readonly signal: AbortSignal;
}

/** It is on this host, and answers from memory. */
const TIMEOUT_MS = 2_000;
/** The longest telemetry is a list of sites. */
const ANSWER_BYTES_MAX = 256 * 1024;
const WORDS_CHARACTERS_MAX = 200;
const HINT_OTHER =
  "check monitor.port: what listens there is no Monitor; Prometheus' node exporter has the same default " +
  "port, 9100. Give the Monitor another one, or set monitor.client to off";

/** What a status means, and what to do. Those not listed are `REJECTED` (4xx) or `REMOTE_FAILURE` (the rest). */
const STATUS_MEANINGS: Readonly<Record<number, readonly [code: ErrorCode, hint: string]>> = {
  401: ["UNAUTHORIZED", HINT_OTHER],
  403: ["FORBIDDEN", HINT_OTHER],
  404: ["NOT_FOUND", HINT_OTHER],
  405: ["METHOD_NOT_ALLOWED", HINT_OTHER],
};

const FAILURE_HINTS: Partial<Readonly<Record<ErrorCode, string>>> = {
  CONNECTION_REFUSED: "start a Monitor, or set monitor.client to auto where there may be none; it is looked for again",
  TIMED_OUT: "the Monitor is slow or hangs: look at its log; it is asked again",
};
const HINT_OTHERWISE = "look at the Monitor's log; it is asked again";

/** Where a Monitor of this host listens. */
export function bridgeUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** `GET /health`: any 2xx with a JSON object is a Monitor. @throws as all calls: see {@link failureOf} and {@link judge} */
export async function askHealth(
  components: BridgeCallComponents,
  { url, signal }: BridgeCall,
): Promise<ReceivedMonitorHealth> {
  const answer = await ask(components, { path: "/health", method: "GET", url, signal });
  const health = receivedMonitorHealth.safeParse(answer);
  // Of a stranger's words only those count that make sense: that it answered is what was asked.
  return health.success ? health.data : {};
}

/** `GET /telemetry`; `undefined` from a Monitor that has not measured yet and says 503. */
export async function askTelemetry(
  components: BridgeCallComponents,
  { url, signal }: BridgeCall,
): Promise<ReceivedTelemetry | undefined> {
  const action = `Ask the Monitor at ${url}/telemetry`;
  const answer = await ask(components, {
    path: "/telemetry",
    method: "GET",
    url,
    signal,
    isNotYet: (status) => status === 503,
  });
  if (answer === undefined) return undefined;
  const telemetry = receivedTelemetry.safeParse(answer);
  if (telemetry.success) return telemetry.data;
  const problems = describeIssues(telemetry.error, answer).map((issue) => components.redact.redact(formatIssue(issue)));
  throw new BarnacleError({ code: "ANSWER_INVALID", action, problems, hint: HINT_OTHER, retryable: true });
}

/** `POST /openclaw`. A Monitor may answer with anything JSON, or with nothing. */
export async function pushMetadata(
  components: BridgeCallComponents,
  { url, signal }: BridgeCall,
  metadata: OpenClawMetadataPush,
): Promise<void> {
  await ask(components, { path: "/openclaw", method: "POST", url, signal, body: JSON.stringify(metadata) });
}

interface Question extends BridgeCall {
  readonly path: string;
  readonly method: "GET" | "POST";
  readonly body?: string;
  /** Statuses that mean "nothing to tell yet". */
  readonly isNotYet?: (status: number) => boolean;
}

async function ask(components: BridgeCallComponents, question: Question): Promise<unknown> {
  const { body, isNotYet, method, path, signal } = question;
  const url = `${question.url}${path}`;
  const action = `Ask the Monitor at ${url}`;
  let reply: Reply;
  try {
    reply = await makeCall(components, {
      action,
      method,
      url,
      headers: { "user-agent": `barnacle/${VERSION}` },
      ...(body === undefined ? {} : { body }),
      timeoutMs: TIMEOUT_MS,
      answerBytesMax: ANSWER_BYTES_MAX,
      signal,
    });
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    throw failureOf(thrown, action);
  }
  if (isNotYet?.(reply.status) === true) return undefined;
  return judge(reply, { action, mayBeEmpty: method === "POST", redact: (text) => components.redact.redact(text) });
}

/** The lack of an answer, with a hint. */
function failureOf(thrown: unknown, action: string): BarnacleError {
  const { code, hint, value, wanted } = toBarnacleError(thrown, action);
  return new BarnacleError({
    code,
    action,
    value: value ?? code,
    wanted: wanted ?? "an answer",
    hint: FAILURE_HINTS[code] ?? hint ?? HINT_OTHERWISE,
    retryable: true,
    cause: thrown,
  });
}

interface Judging {
  readonly action: string;
  readonly mayBeEmpty: boolean;
  readonly redact: (text: string) => string;
}

/** The object of a good answer; of any other the error. */
function judge(reply: Reply, judging: Judging): unknown {
  const { action, mayBeEmpty, redact } = judging;
  const refuse = (code: ErrorCode, value: string, hint: string, wanted = "200 with a JSON object") =>
    new BarnacleError({ code, action, value, wanted, hint, retryable: true });
  const { status } = reply;
  if (status < 200 || (status >= 300 && status < 400)) throw refuse("REDIRECT_REFUSED", "a redirect", HINT_OTHER);
  if (status >= 400) {
    const [code, hint] = STATUS_MEANINGS[status] ??
      (status < 500 ? ["REJECTED", HINT_OTHERWISE] as const : ["REMOTE_FAILURE", HINT_OTHERWISE] as const);
    throw refuse(code, `status ${status}${quote(reply, redact)}`, hint);
  }
  if (reply.isCut) {
    throw refuse("ANSWER_TOO_LARGE", `more than ${ANSWER_BYTES_MAX} bytes`, HINT_OTHER, "a short JSON object");
  }
  if (mayBeEmpty && reply.text.trim() === "") return {};
  const answer = parse(reply.text);
  if (typeof answer === "object" && answer !== null && !Array.isArray(answer)) return answer;
  const type = printable(redact(reply.headers.get("content-type") ?? "no content type"));
  throw refuse("ANSWER_INVALID", `status ${status} with ${type} that is no JSON object`, HINT_OTHER);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The far end's own words; of a page none, and of an answer that was cut none either. */
function quote({ isCut, text }: Reply, redact: (text: string) => string): string {
  const words = isCut || text.trimStart().startsWith("<") ? "" : printable(redact(text));
  return words === "" ? "" : `, "${words}"`;
}

function printable(text: string): string {
  const line = text.replaceAll(/[\p{C}\s]+/gu, " ").trim();
  return line.length <= WORDS_CHARACTERS_MAX ? line : `${line.slice(0, WORDS_CHARACTERS_MAX)}…`;
}
