/**
 * Asking a running agent or hub, with answers checked against the contract.
 *
 * @module
 */
import type * as z from "zod/mini";
import {
  archiveAnswer,
  describeIssues,
  errorAnswer,
  formatIssue,
  instancesAnswer,
  peersAnswer,
  pingAnswer,
  reportAnswer,
  statusAnswer,
} from "../contract/mod.ts";
import type {
  ArchiveAnswer,
  InstancesAnswer,
  PeersAnswer,
  PingAnswer,
  ReportAnswer,
  StatusAnswer,
  WorkReport,
} from "../contract/mod.ts";
import { BarnacleError, isBarnacleError } from "../errors.ts";
import { ANSWER_BYTES_MAX, INSTANCES_PAGE_MAX, STATUS_DOCUMENT_BYTES_MAX } from "../limits.ts";
import type { Clock, HttpClient } from "../runtime/port.ts";
import { callHttp } from "./http-call.ts";
import type { CallAnswer } from "./http-call.ts";

/** Whom to ask, and as whom. */
export interface Peer {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly token: string | undefined;
  /** Whose mail is asked about, where the daemon carries that of several; its own without one. */
  readonly agentId?: string | undefined;
  /** What to do when nobody answers there. */
  readonly hintUnreachable: string;
  /** What to do when it refuses our token or key. */
  readonly hintRefused: string;
}

/** How long one call may take in all: everything that is asked answers from memory. */
export const CALL_TIMEOUT_MS = 5_000;

/** A page of instances, each with a document of usual size; the hub's page limit bounds the rest. */
const INSTANCES_BYTES_MAX = INSTANCES_PAGE_MAX * STATUS_DOCUMENT_BYTES_MAX;
/** As many peers as may be configured, each with a record of usual size. */
const PEERS_BYTES_MAX = 512 * 1024 * 1024;
/** `GET /status` carries one status document, the tasks and the publisher's state beside it. */
const STATUS_BYTES_MAX = STATUS_DOCUMENT_BYTES_MAX + ANSWER_BYTES_MAX;

/** A client of one agent or hub. Nothing is connected before the first call. */
export class AgentClient {
  readonly peer: Peer;
  readonly #parts: { readonly client: HttpClient; readonly clock: Clock };

  constructor(parts: { readonly client: HttpClient; readonly clock: Clock }, peer: Peer) {
    this.#parts = parts;
    this.peer = peer;
  }

  /** `GET /status`. @throws the network's codes, `UNAUTHORIZED`, `ANSWER_INVALID`, `REMOTE_FAILURE` */
  async status(): Promise<StatusAnswer> {
    return await this.#ask(statusAnswer, "GET", "/status", STATUS_BYTES_MAX);
  }

  /**
   * `POST /report`.
   *
   * @param timeoutMs for the whole call.
   * @throws as `status`, and `REJECTED` when the agent finds the report wrong
   */
  async report(report: WorkReport, timeoutMs: number = CALL_TIMEOUT_MS): Promise<ReportAnswer> {
    return await this.#ask(reportAnswer, "POST", "/report", ANSWER_BYTES_MAX, { body: report, timeoutMs });
  }

  /** The first page of `GET /v1/instances`. @param query its parameters @throws as `status` */
  async instances(query: Readonly<Record<string, string>> = {}): Promise<InstancesAnswer> {
    const search = new URLSearchParams(query).toString();
    const path = search === "" ? "/v1/instances" : `/v1/instances?${search}`;
    return await this.#ask(instancesAnswer, "GET", path, INSTANCES_BYTES_MAX);
  }

  /** `GET /mail/peers`. @throws as `status` */
  async peers(): Promise<PeersAnswer> {
    return await this.#ask(peersAnswer, "GET", this.#ofAgent("/mail/peers"), PEERS_BYTES_MAX);
  }

  /**
   * `POST /mail/ping`.
   *
   * @param timeoutMs for the whole call, which lasts as long as the peer takes
   * @throws as `status`; `REMOTE_FAILURE` when the peer does not answer, `REJECTED` when nothing is known of it
   */
  async ping(peer: string, timeoutMs: number): Promise<PingAnswer> {
    return await this.#ask(pingAnswer, "POST", this.#ofAgent("/mail/ping"), ANSWER_BYTES_MAX, {
      body: { peer },
      timeoutMs,
    });
  }

  /** `POST /mail/archive`. @throws as `status` */
  async archiveInbox(): Promise<ArchiveAnswer> {
    return await this.#ask(archiveAnswer, "POST", this.#ofAgent("/mail/archive"), ANSWER_BYTES_MAX);
  }

  /** Closes idle connections. Idempotent. */
  close(): void {
    this.#parts.client.close();
  }

  #ofAgent(path: string): string {
    const { agentId } = this.peer;
    return agentId === undefined ? path : `${path}?agent=${encodeURIComponent(agentId)}`;
  }

  async #ask<Answer>(
    schema: z.ZodMiniType<Answer>,
    method: "GET" | "POST",
    path: string,
    answerBytesMax: number,
    options: { readonly body?: unknown; readonly timeoutMs?: number } = {},
  ): Promise<Answer> {
    const { baseUrl, token } = this.peer;
    const action = `Ask ${baseUrl}${path}`;
    const call = {
      method,
      url: `${baseUrl}${path}`,
      token,
      body: options.body,
      timeoutMs: options.timeoutMs ?? CALL_TIMEOUT_MS,
      answerBytesMax,
    };
    let answer: CallAnswer;
    try {
      answer = await callHttp(this.#parts, call);
    } catch (thrown) {
      throw this.#withHint(thrown, action);
    }
    if (answer.status !== 200 && answer.status !== 202) throw this.#refusal(action, answer);
    const value = parseJson(answer.text);
    const checked = schema.safeParse(value);
    if (checked.success) return checked.data;
    const [issue] = describeIssues(checked.error, value, 1);
    throw strange(
      action,
      value === undefined || issue === undefined ? "an answer that is no JSON" : formatIssue(issue),
    );
  }

  #withHint(thrown: unknown, action: string): unknown {
    if (!isBarnacleError(thrown) || thrown.code === "ANSWER_TOO_LARGE" || thrown.code === "INTERNAL") return thrown;
    return new BarnacleError({
      code: thrown.code,
      action,
      value: WORDS_BY_CODE[thrown.code] ?? thrown.value ?? thrown.code,
      wanted: thrown.wanted ?? "an answer",
      hint: thrown.code === "CERTIFICATE_INVALID" ? thrown.hint ?? HINT_CERTIFICATE : this.peer.hintUnreachable,
      retryable: thrown.retryable,
      cause: thrown,
    });
  }

  #refusal(action: string, answer: CallAnswer): BarnacleError {
    const told = errorAnswer.safeParse(parseJson(answer.text));
    const value = `HTTP ${answer.status}${told.success ? ` (${told.data.error.message})` : ""}`;
    if (answer.status === 401 || answer.status === 403) {
      const code = answer.status === 401 ? "UNAUTHORIZED" : "FORBIDDEN";
      return new BarnacleError({ code, action, value, hint: this.peer.hintRefused });
    }
    if (!told.success) return strange(action, value);
    const { hint } = told.data.error;
    const code = answer.status >= 500 ? "REMOTE_FAILURE" : "REJECTED";
    return new BarnacleError({ code, action, value, ...(hint === undefined ? {} : { hint }) });
  }
}

const HINT_CERTIFICATE = "barnacle doctor says what is wrong with the certificate";

const WORDS_BY_CODE: Readonly<Record<string, string>> = {
  CONNECTION_REFUSED: "nobody listening there",
  CONNECTION_RESET: "a connection that broke off",
  CONNECTION_CLOSED: "a connection that broke off",
  HOST_NOT_FOUND: "no such host",
  NETWORK_UNREACHABLE: "no way to that network",
  CERTIFICATE_INVALID: "a certificate that cannot be trusted",
};

function strange(action: string, value: string): BarnacleError {
  return new BarnacleError({
    code: "ANSWER_INVALID",
    action,
    value,
    wanted: "the answer of barnacle",
    hint: "something else may listen on this address",
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Anything may answer on a port; what is no JSON fails the schema like any other strange answer.
    return undefined;
  }
}
