/**
 * The dead-man's switch: somebody elsewhere is told while all is well, and notices when nobody tells.
 *
 * The watcher is told that all is well only soon after the status was taken, so that silence means what it should: this host, its
 * network, or its receiver is gone. That the service is degraded is told at once, and as long as it lasts. Draining and gone are told by
 * silence.
 *
 * @module
 */
import type { DeadmanAnswer, HealthStatus } from "../contract/mod.ts";
import { BarnacleError, type ErrorCode, isBarnacleError, toBarnacleError } from "../errors.ts";
import { type CallComponents, makeCall, type Reply } from "../http/mod.ts";
import type { Logger, Redactor, Secret } from "../log/mod.ts";
import type { Counter, Metrics } from "../metrics/mod.ts";
import type { Scheduler, Task } from "../scheduler/mod.ts";
import { VERSION } from "../version.ts";
import { type DeadmanKind, hiddenFault, kindOf, requestOf } from "./conventions.ts";

/** What the switch works with. */
export interface DeadmanComponents extends CallComponents {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly redact: Pick<Redactor, "register">;
  readonly scheduler: Pick<Scheduler, "add">;
}

/** Whom to tell, and what. */
export interface DeadmanInit {
  /** Checked by the configuration: http or https, without credentials. */
  readonly url: Secret;
  readonly kind: DeadmanKind | "auto";
  readonly token?: Secret;
  readonly timeoutMs: number;
  /** From one beat to the next. */
  readonly intervalMs: number;
  /** Where nothing is published the loop itself is the beat. */
  readonly isPublishing: boolean;
  /** The health of now; its reason is one that is published. */
  readonly health: () => { readonly status: HealthStatus; readonly reason?: string };
}

const TASK_MARGIN_MS = 5_000;
const BACKOFF_INITIAL_MS = 2_000;
/** A beat is good for so many intervals: told later, it would say of now what was true then. */
const BEAT_GOOD_FOR_INTERVALS = 2;
const JITTER_RATIO = 0.1;
const PROBLEM_KEY = "deadman";
/** Shorter parts of an address are words, not keys. */
const KEY_CHARACTERS_MIN = 16;

const HINTS: Partial<Readonly<Record<ErrorCode, string>>> = {
  CERTIFICATE_INVALID: "if the watcher's authority is your own, name its certificate in deadman.caFile",
  CONNECTION_REFUSED: "check that the watcher runs, and its port in deadman.url; it is tried again",
  HOST_NOT_FOUND: "check the host in deadman.url, and this host's name service; it is tried again",
  NOT_FOUND: "check deadman.url: the watcher knows no such check",
  UNAUTHORIZED: "check deadman.token: the watcher does not know it",
  REDIRECT_REFUSED: "the address is not sent on to another one; if that is where the watcher is, set deadman.url to it",
  ANSWER_INVALID: "check deadman.url and deadman.kind: what answers there is another watcher, or none",
};
const HINT_OTHERWISE = "it is tried again in the background";

/** Tells the watcher. Does nothing until `start`. */
export class DeadmanSwitch {
  readonly #components: DeadmanComponents;
  readonly #init: DeadmanInit;
  readonly #kind: DeadmanKind;
  readonly #origin: string;
  readonly #requests: Counter;
  #task: Task | undefined;
  #beatAtMs: number | undefined;
  #lastOutcome: DeadmanAnswer["last_outcome"] = null;
  #lastRequestAtMs: number | undefined;
  #failures = 0;
  #lastError: BarnacleError | undefined;

  constructor(components: DeadmanComponents, init: DeadmanInit) {
    this.#components = components;
    this.#init = init;
    const address = init.url.reveal();
    this.#kind = init.kind === "auto" ? kindOf(address) : init.kind;
    this.#origin = new URL(address).origin;
    for (const part of new URL(address).pathname.split("/")) {
      // Whatever quotes a part of the address quotes the key in it.
      if (part.length >= KEY_CHARACTERS_MIN) components.redact.register(part);
    }
    this.#requests = components.metrics.counter(
      "barnacle_deadman_requests_total",
      "Requests of the dead-man's switch, by what they said (success, failure) and how they ended.",
      ["said", "outcome"],
    );
  }

  /** Begins to tell. Idempotent. */
  start(): void {
    const { intervalMs, isPublishing, timeoutMs } = this.#init;
    this.#task ??= this.#components.scheduler.add({
      name: "deadman",
      intervalMs: isPublishing ? null : intervalMs,
      jitterRatio: JITTER_RATIO,
      timeoutMs: timeoutMs + TASK_MARGIN_MS,
      backoff: { initialMs: Math.min(BACKOFF_INITIAL_MS, intervalMs), maxMs: intervalMs },
      logsOwnFailures: true,
      run: ({ signal }) => this.#run(signal),
    });
  }

  /** Tells no more. Idempotent. */
  stop(): void {
    this.#task?.remove();
    this.#task = undefined;
  }

  /** The status was taken. */
  beat(): void {
    this.#beatAtMs = this.#components.clock.monotonicMs();
    this.#task?.nudge();
  }

  /** The service has become degraded, whether or not anybody takes its status. */
  degraded(): void {
    this.#task?.nudge();
  }

  /** For `GET /status`. */
  answer(): DeadmanAnswer {
    const error = this.#lastError;
    return {
      kind: this.#kind,
      origin: this.#origin,
      state: error !== undefined ? "failing" : this.#lastOutcome === null ? "waiting" : "requested",
      last_outcome: this.#lastOutcome,
      last_request: this.#lastRequestAtMs === undefined ? null : new Date(this.#lastRequestAtMs).toISOString(),
      consecutive_failures: this.#failures,
      last_error: error === undefined
        ? null
        : { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) },
    };
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { reason, status } = this.#init.health();
    // A plain one is told by silence.
    if (status === "degraded") return this.#kind === "plain" ? undefined : await this.#tell(reason ?? status, signal);
    if (status === "healthy" && this.#hasBeat()) await this.#tell(undefined, signal);
  }

  #hasBeat(): boolean {
    const { intervalMs, isPublishing } = this.#init;
    if (!isPublishing) return true;
    if (this.#beatAtMs === undefined) return false;
    return this.#components.clock.monotonicMs() - this.#beatAtMs <= BEAT_GOOD_FOR_INTERVALS * intervalMs;
  }

  async #tell(reason: string | undefined, signal: AbortSignal): Promise<void> {
    const said = reason === undefined ? "success" : "failure";
    const beatAtMs = this.#beatAtMs;
    try {
      await this.#request(reason, signal);
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      this.#requests.increment({ said, outcome: "failure" });
      throw this.#failed(thrown);
    }
    this.#requests.increment({ said, outcome: "success" });
    // One that came meanwhile is still to be told.
    if (this.#beatAtMs === beatAtMs) this.#beatAtMs = undefined;
    this.#told(said);
  }

  async #request(reason: string | undefined, signal: AbortSignal): Promise<void> {
    const { timeoutMs, token, url } = this.#init;
    const request = requestOf(this.#kind, url.reveal(), reason);
    if (request === undefined) return;
    const reply = await makeCall(this.#components, {
      action: this.#action,
      ...request,
      headers: {
        accept: "*/*",
        "user-agent": `barnacle/${VERSION}`,
        ...(request.body === undefined ? {} : { "content-type": "text/plain; charset=utf-8" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` }),
      },
      timeoutMs,
      signal,
    });
    this.#judge(reply);
  }

  #judge(reply: Reply): void {
    const { status } = reply;
    const refuse = (code: ErrorCode, value: string) =>
      new BarnacleError({
        code,
        action: this.#action,
        value,
        wanted: "200",
        hint: HINTS[code] ?? HINT_OTHERWISE,
        retryable: true,
      });
    if (status < 200 || (status >= 300 && status < 400)) throw refuse("REDIRECT_REFUSED", "a redirect");
    if (status === 401 || status === 403) throw refuse("UNAUTHORIZED", `status ${status}`);
    if (status === 404) throw refuse("NOT_FOUND", `status ${status}`);
    if (status === 429) throw refuse("RATE_LIMITED", `status ${status}`);
    if (status >= 400) throw refuse(status < 500 ? "REJECTED" : "REMOTE_FAILURE", `status ${status}`);
    const fault = hiddenFault(this.#kind, reply.isCut ? "" : reply.text);
    if (fault === undefined) return;
    throw refuse(fault === "not found" ? "NOT_FOUND" : "ANSWER_INVALID", `status ${status}, ${fault}`);
  }

  /** Of what was thrown only the code is told: an error of the network names the address, which is the key. */
  #failed(thrown: unknown): BarnacleError {
    const { code, hint, value } = toBarnacleError(thrown, this.#action);
    const isOurs = isBarnacleError(thrown) && thrown.action === this.#action;
    const error = new BarnacleError({
      code,
      action: this.#action,
      value: isOurs ? value ?? code : code,
      wanted: isOurs ? thrown.wanted ?? "an answer" : "an answer",
      hint: HINTS[code] ?? (isOurs ? hint : undefined) ?? HINT_OTHERWISE,
      retryable: true,
    });
    this.#failures++;
    this.#lastError = error;
    this.#components.log.problem(PROBLEM_KEY, "warn", "deadman_failed", {
      message: error.message,
      error,
      consecutiveFailures: this.#failures,
    });
    return error;
  }

  #told(said: "success" | "failure"): void {
    const { clock, log } = this.#components;
    const isNews = said !== this.#lastOutcome;
    this.#lastOutcome = said;
    this.#lastRequestAtMs = clock.wallMs();
    this.#failures = 0;
    this.#lastError = undefined;
    log.resolve(PROBLEM_KEY, "deadman_recovered");
    log[isNews ? "info" : "debug"]("deadman_requested", { said, origin: this.#origin });
  }

  get #action(): string {
    return `Request the dead-man's switch at ${this.#origin}`;
  }
}
