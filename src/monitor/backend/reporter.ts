/**
 * The heartbeat: one task of the loop that sends the newest sample. Source: the Monitor's contract, "The heartbeat".
 *
 * It has no rhythm of its own: each sample asks for it, so that what is sent is fresh. One that failed waits, and is asked for in vain
 * meanwhile.
 *
 * @module
 */
import { type Heartbeat, HEARTBEAT_KEY_HEADER, HEARTBEAT_PATHS } from "../../contract/mod.ts";
import { type BarnacleError, toBarnacleError } from "../../errors.ts";
import { makeCall, type Reply } from "../../http/mod.ts";
import { HEARTBEAT_BACKOFF_MAX_MS } from "../../limits.ts";
import type { Logger, Redactor, Secret } from "../../log/mod.ts";
import type { Counter, Metrics } from "../../metrics/mod.ts";
import type { Clock, HttpClient } from "../../runtime/port.ts";
import type { Scheduler, Task } from "../../scheduler/mod.ts";
import { VERSION } from "../../version.ts";
import { judgeFailure, judgeReply, mayBeOtherPath, oddityOf } from "./outcome.ts";

/** What the reporter works with. */
export interface ReporterComponents {
  readonly clock: Clock;
  /** Never follows redirects, and asks no proxy. */
  readonly fetch: HttpClient["fetch"];
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly redact: Pick<Redactor, "redact">;
  readonly scheduler: Pick<Scheduler, "add">;
}

/** Where to report, and as whom. */
export interface ReporterInit {
  /** An http or https URL without credentials and query. */
  readonly backendUrl: string;
  readonly path: string;
  readonly apiKey: Secret | undefined;
  /** For one attempt, in milliseconds. */
  readonly timeoutMs: number;
}

/** How reporting stands. */
export interface ReporterView {
  readonly state: "waiting" | "reported" | "failing";
  readonly endpoint: string;
  /** Unix milliseconds; `null` before the first success. */
  readonly lastSuccessAtMs: number | null;
  readonly consecutiveFailures: number;
  readonly lastError: BarnacleError | null;
}

/** The name of the task in the loop. */
const HEARTBEAT_TASK = "monitor_heartbeat";

const BACKOFF_INITIAL_MS = 1_000;
/** The call ends itself in time, twice if need be; the loop's own limit is for what hangs in spite of that. */
const TASK_MARGIN_MS = 5_000;
const PROBLEM = "monitor_heartbeat";
const ODD_PROBLEM = "monitor_backend_answer";

/** Reports. Does nothing until `start`. */
export class Reporter {
  readonly #components: ReporterComponents;
  readonly #init: ReporterInit;
  readonly #heartbeat: () => Heartbeat | undefined;
  readonly #sent: Counter;
  #path: string;
  #task: Task | undefined;
  #lastSuccessAtMs: number | null = null;
  #lastError: BarnacleError | null = null;
  #failures = 0;

  /** @param heartbeat the one of now; `undefined` while there is none */
  constructor(components: ReporterComponents, init: ReporterInit, heartbeat: () => Heartbeat | undefined) {
    this.#components = components;
    this.#init = init;
    this.#heartbeat = heartbeat;
    this.#path = init.path;
    this.#sent = components.metrics.counter(
      "barnacle_monitor_heartbeats_total",
      "Heartbeats to the backend, by how they ended.",
      ["outcome"],
    );
  }

  /** Begins to report when asked. Idempotent. */
  start(): void {
    this.#task ??= this.#components.scheduler.add({
      name: HEARTBEAT_TASK,
      intervalMs: null,
      timeoutMs: 2 * this.#init.timeoutMs + TASK_MARGIN_MS,
      backoff: { initialMs: BACKOFF_INITIAL_MS, maxMs: HEARTBEAT_BACKOFF_MAX_MS },
      logsOwnFailures: true,
      run: ({ signal }) => this.#report(signal),
    });
  }

  /** There is a new sample. */
  sampled(): void {
    this.#task?.nudge();
  }

  /** Idempotent. */
  stop(): void {
    this.#task?.remove();
    this.#task = undefined;
  }

  get view(): ReporterView {
    return {
      state: this.#failures > 0 ? "failing" : this.#lastSuccessAtMs === null ? "waiting" : "reported",
      endpoint: this.#url(this.#path),
      lastSuccessAtMs: this.#lastSuccessAtMs,
      consecutiveFailures: this.#failures,
      lastError: this.#lastError,
    };
  }

  async #report(signal: AbortSignal): Promise<void> {
    const heartbeat = this.#heartbeat();
    if (heartbeat === undefined) return;
    let error: BarnacleError | undefined;
    try {
      error = await this.#attempt(JSON.stringify(heartbeat), signal);
    } catch (thrown) {
      // Told to stop, by the loop: neither the backend's failure nor ours.
      if (signal.aborted) throw thrown;
      error = toBarnacleError(thrown, "Report the heartbeat");
    }
    if (error === undefined) return this.#recordSuccess();
    this.#recordFailure(error);
    throw error;
  }

  /** Tries the path that worked last; when the backend does not have it, the other one, once. */
  async #attempt(body: string, signal: AbortSignal): Promise<BarnacleError | undefined> {
    const other = otherPath(this.#path);
    const first = await this.#post(this.#path, body, signal);
    if (other === undefined || first.reply === undefined || !mayBeOtherPath(first.reply)) return first.error;
    const second = await this.#post(other, body, signal);
    // What the other path says counts only when the backend has it.
    if (second.reply === undefined || mayBeOtherPath(second.reply)) return first.error;
    if (second.error === undefined) {
      this.#components.log.info("heartbeat_path_changed", {
        message: `The backend takes heartbeats at ${other}, not at ${this.#path}`,
        path: other,
      });
    }
    this.#path = other;
    return second.error;
  }

  async #post(path: string, body: string, signal: AbortSignal): Promise<{
    readonly reply?: Reply;
    readonly error: BarnacleError | undefined;
  }> {
    const { clock, fetch, redact } = this.#components;
    const { apiKey, timeoutMs } = this.#init;
    const url = this.#url(path);
    const context = { endpoint: url, nowMs: clock.wallMs(), redact: (text: string) => redact.redact(text) };
    let reply: Reply;
    try {
      reply = await makeCall({ clock, fetch }, {
        action: "Report the heartbeat",
        method: "POST",
        url,
        body,
        headers: {
          "user-agent": `barnacle/${VERSION}`,
          ...(apiKey === undefined ? {} : { [HEARTBEAT_KEY_HEADER]: apiKey.reveal() }),
        },
        timeoutMs,
        signal,
      });
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      return { error: judgeFailure(thrown, context) };
    }
    const error = judgeReply(reply, context);
    if (error === undefined) this.#reportOddity(reply, url);
    return { reply, error };
  }

  #url(path: string): string {
    const url = new URL(this.#init.backendUrl);
    url.pathname = url.pathname.replace(/\/+$/, "") + path;
    return url.href;
  }

  #reportOddity(reply: Reply, endpoint: string): void {
    const { log, redact } = this.#components;
    const oddity = oddityOf(reply, (text) => redact.redact(text));
    if (oddity === undefined) return log.resolve(ODD_PROBLEM, "heartbeat_answer_plain");
    log.problem(ODD_PROBLEM, "warn", "heartbeat_answer_odd", {
      message: `The heartbeat was answered with status ${reply.status} and ${oddity}: it counts as taken`,
      hint: "check monitor.backendUrl: what answers there may be no HarborForge backend",
      endpoint,
    });
  }

  #recordSuccess(): void {
    const { clock, log } = this.#components;
    const endpoint = this.#url(this.#path);
    this.#sent.increment({ outcome: "success" });
    if (this.#failures > 0) log.resolve(PROBLEM, "heartbeat_recovered", { endpoint, failures: this.#failures });
    else log[this.#lastSuccessAtMs === null ? "info" : "debug"]("heartbeat_reported", { endpoint });
    this.#lastSuccessAtMs = clock.wallMs();
    this.#lastError = null;
    this.#failures = 0;
  }

  /** What needs a person is an error; what may pass by itself a warning. Both are said once, and then once a while. */
  #recordFailure(error: BarnacleError): void {
    this.#failures++;
    this.#lastError = error;
    this.#sent.increment({ outcome: "failure" });
    const needsPerson = !error.retryable || error.code === "CERTIFICATE_INVALID";
    this.#components.log.problem(PROBLEM, needsPerson ? "error" : "warn", "heartbeat_failed", {
      message: error.message,
      error,
      consecutiveFailures: this.#failures,
    });
  }
}

/** The other of the two known paths; a path that an operator made up has none. */
function otherPath(path: string): string | undefined {
  const [plain, second] = HEARTBEAT_PATHS;
  return path === plain ? second : path === second ? plain : undefined;
}
