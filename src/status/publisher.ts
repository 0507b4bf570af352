/**
 * The publisher: one slot for the latest status, one task of the loop that sends it. Source: the status contract, "When" and "Who".
 *
 * A status is state, not a queue. A retry repeats the document that failed, message id and all, until a newer one replaces it: after
 * a change, or after an interval. So a receiver that comes back is told the truth by one beat.
 *
 * @module
 */
import type { StatusDocument } from "../contract/mod.ts";
import { type BarnacleError, toBarnacleError } from "../errors.ts";
import { makeCall, type MessageSigner, type Reply, signMessage } from "../http/mod.ts";
import { PUBLISH_BACKOFF_MAX_MS } from "../limits.ts";
import type { Logger, LogLevel, Redactor, Secret } from "../log/mod.ts";
import type { Counter, Metrics } from "../metrics/mod.ts";
import type { Clock, Crypto, HttpClient } from "../runtime/port.ts";
import type { Scheduler, Task } from "../scheduler/mod.ts";
import { VERSION } from "../version.ts";
import { type EncodedDocument, encodeDocument } from "./document.ts";
import { judgeFailure, judgeReply, needsPerson, newerTimestampMs } from "./publish-outcome.ts";

/** What the publisher works with. */
export interface PublisherComponents {
  readonly clock: Clock;
  readonly crypto: Pick<Crypto, "sha256">;
  /** Never follows redirects; trusts and shows what is configured for the receiver. */
  readonly fetch: HttpClient["fetch"];
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly redact: Pick<Redactor, "redact">;
  readonly scheduler: Pick<Scheduler, "add">;
}

/** Where, how often, and as whom to publish. */
export interface PublisherInit {
  /** An http or https URL without credentials and query; it may have a path, with or without a slash at its end. */
  readonly baseUrl: string;
  readonly apiKey?: Secret;
  readonly intervalMs: number;
  /** For one publication, in milliseconds. */
  readonly timeoutMs: number;
  /** Signs each publication, when given. */
  readonly signer?: MessageSigner;
  /** Called after each publication that was taken. */
  readonly onPublished?: () => void;
}

/** Assembles the status of now. @param notBeforeMs the least timestamp, Unix milliseconds: receivers drop what looks older */
export type Assemble = (notBeforeMs: number) => StatusDocument;

/** How publishing stands. */
export interface PublisherView {
  readonly state: "waiting" | "published" | "failing";
  readonly endpoint: string;
  /** Unix milliseconds; `null` before the first success. */
  readonly lastSuccessAtMs: number | null;
  readonly consecutiveFailures: number;
  readonly lastError: BarnacleError | null;
  /** How long nothing has been taken, in milliseconds; 0 while all is well. */
  readonly failingForMs: number;
  /** How far the receiver's clock is ahead of ours, in milliseconds, by its latest answer; 0 before the first. */
  readonly receiverAheadMs: number;
}

/** The name of the task in the loop. */
export const PUBLISH_TASK = "publish";

const PATH = "/openclaw/status";
/** Start-up comes first: what asks this host about itself should not wait for what this host tells others. */
const FIRST_DELAY_MS = 200;
const JITTER_RATIO = 0.1;
const BACKOFF_INITIAL_MS = 1_000;
/** Changes so close together become one publication. Source: the status contract, "When". */
const MERGE_MS = 2_000;
/** The call ends itself in time; the loop's own limit is for what hangs in spite of that. */
const TASK_MARGIN_MS = 5_000;

interface Slot {
  readonly document: StatusDocument;
  readonly encoded: EncodedDocument;
  readonly assembledAtMs: number;
}

/** Publishes the status. Does nothing until `start`. */
export class StatusPublisher {
  readonly #components: PublisherComponents;
  readonly #init: PublisherInit;
  readonly #assemble: Assemble;
  readonly #url: string;
  readonly #published: Counter;
  #task: Task | undefined;
  #slot: Slot | undefined;
  /** Something changed since the latest document was assembled. */
  #hasNews = false;
  #lastTimestampMs = 0;
  #lastSuccessAtMs: number | null = null;
  #lastError: BarnacleError | null = null;
  #failures = 0;
  #failingSinceMs = 0;
  #receiverAheadMs = 0;

  constructor(components: PublisherComponents, init: PublisherInit, assemble: Assemble) {
    this.#components = components;
    this.#init = init;
    this.#assemble = assemble;
    this.#url = endpointOf(init.baseUrl);
    this.#published = components.metrics.counter(
      "barnacle_publish_total",
      "Publications of the status, by how they ended.",
      ["outcome"],
    );
  }

  /** Begins to publish. Idempotent. */
  start(): void {
    this.#task ??= this.#components.scheduler.add({
      name: PUBLISH_TASK,
      intervalMs: this.#init.intervalMs,
      firstDelayMs: FIRST_DELAY_MS,
      jitterRatio: JITTER_RATIO,
      timeoutMs: this.#init.timeoutMs + TASK_MARGIN_MS,
      backoff: { initialMs: BACKOFF_INITIAL_MS, maxMs: PUBLISH_BACKOFF_MAX_MS },
      logsOwnFailures: true,
      // A beat of the same moment may have told the news already.
      run: ({ reason, signal }) => reason === "nudge" && !this.#hasNews ? Promise.resolve() : this.#publish(signal),
    });
  }

  /** The status changed in a way that readers should know soon. A failing publisher keeps its wait, and then sends the newer status. */
  changed(): void {
    this.#slot = undefined;
    this.#hasNews = true;
    this.#task?.nudge({ withinMs: MERGE_MS });
  }

  /** Publishes the status of now, once, as a closing act. A failure is reported, not thrown: nobody could do anything about it. */
  async publishLast(signal: AbortSignal): Promise<void> {
    this.#slot = undefined;
    try {
      await this.#publish(signal);
    } catch (thrown) {
      if (signal.aborted) this.#recordFailure(judgeFailure(thrown, this.#judgeContext()));
    }
  }

  /** The latest attempt failed. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  get view(): PublisherView {
    const { isFailing } = this;
    return {
      state: isFailing ? "failing" : this.#lastSuccessAtMs === null ? "waiting" : "published",
      endpoint: this.#url,
      lastSuccessAtMs: this.#lastSuccessAtMs,
      consecutiveFailures: this.#failures,
      lastError: this.#lastError,
      failingForMs: isFailing ? this.#components.clock.monotonicMs() - this.#failingSinceMs : 0,
      receiverAheadMs: this.#receiverAheadMs,
    };
  }

  async #publish(signal: AbortSignal): Promise<void> {
    let error: BarnacleError | undefined;
    try {
      error = await this.#attempt(this.#fillSlot(), signal);
    } catch (thrown) {
      // Told to stop, by the loop: neither the receiver's failure nor ours.
      if (signal.aborted) throw thrown;
      error = toBarnacleError(thrown, "Publish the status");
    }
    if (error === undefined) return this.#recordSuccess();
    this.#recordFailure(error);
    throw error;
  }

  #fillSlot(): Slot {
    this.#hasNews = false;
    const assembledAtMs = this.#components.clock.monotonicMs();
    if (this.#slot !== undefined && assembledAtMs - this.#slot.assembledAtMs < this.#init.intervalMs) return this.#slot;
    const document = this.#assemble(this.#lastTimestampMs + 1);
    const encoded = encodeDocument(document);
    this.#reportDropped(encoded);
    this.#slot = { document, encoded, assembledAtMs };
    return this.#slot;
  }

  async #attempt(slot: Slot, signal: AbortSignal): Promise<BarnacleError | undefined> {
    const { clock, fetch } = this.#components;
    const sentAtMs = clock.wallMs();
    let reply: Reply;
    try {
      reply = await makeCall({ clock, fetch }, {
        action: "Publish the status",
        method: "POST",
        url: this.#url,
        body: slot.encoded.text,
        headers: this.#headers(slot.encoded.bytes),
        timeoutMs: this.#init.timeoutMs,
        signal,
      });
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      return judgeFailure(thrown, this.#judgeContext());
    }
    this.#compareClocks(reply, sentAtMs);
    const error = judgeReply(reply, this.#judgeContext());
    this.#learnFrom(slot, reply, error);
    return error;
  }

  /**
   * What the receiver has taken bounds the timestamps to come; what it refused does not, or a clock that was ahead for a moment would
   * keep us ahead, and refused, for as long as it was.
   */
  #learnFrom(slot: Slot, reply: Reply, error: BarnacleError | undefined): void {
    const newerKnownMs = newerTimestampMs(reply);
    if (error === undefined) this.#lastTimestampMs = Date.parse(slot.document.timestamp);
    else if (newerKnownMs !== undefined) this.#lastTimestampMs = newerKnownMs;
    else if (reply.status >= 400 && reply.status < 500) this.#lastTimestampMs = 0;
    const isSettled = error === undefined || newerKnownMs !== undefined;
    if (isSettled && this.#slot === slot) this.#slot = undefined;
  }

  #headers(body: Uint8Array): Record<string, string> {
    const { apiKey, signer } = this.#init;
    const { clock, crypto } = this.#components;
    return {
      "user-agent": `barnacle/${VERSION}`,
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey.reveal()}` }),
      ...(signer === undefined ? {} : signMessage({ clock, crypto }, { method: "POST", url: this.#url, body }, signer)),
    };
  }

  /** The receiver's `Date` has whole seconds and is from somewhere within the call: good enough to find a clock that is minutes off. */
  #compareClocks(reply: Reply, sentAtMs: number): void {
    const receiverAtMs = Date.parse(reply.headers.get("date") ?? "");
    if (Number.isNaN(receiverAtMs)) return;
    const halfwayMs = (sentAtMs + this.#components.clock.wallMs()) / 2;
    this.#receiverAheadMs = Math.round(receiverAtMs + 500 - halfwayMs);
  }

  /** Each success is one event: at info when it is news, else at debug. */
  #recordSuccess(): void {
    const { clock, log } = this.#components;
    this.#published.increment({ outcome: "success" });
    if (this.#failures > 0) {
      const failingForSeconds = Math.round((clock.monotonicMs() - this.#failingSinceMs) / 1_000);
      const message = `Published again after ${this.#failures} failures in ${failingForSeconds} s`;
      log.info("publish_recovered", { message, endpoint: this.#url, failures: this.#failures, failingForSeconds });
    } else {
      log[this.#lastSuccessAtMs === null ? "info" : "debug"]("publish_succeeded", { endpoint: this.#url });
    }
    this.#lastSuccessAtMs = clock.wallMs();
    this.#lastError = null;
    this.#failures = 0;
    this.#init.onPublished?.();
  }

  /** Each failure is one event: what needs a person is an error once, and is repeated at debug; the rest are warnings. */
  #recordFailure(error: BarnacleError): void {
    const isRepeated = this.#lastError?.code === error.code && this.#failures > 0;
    if (this.#failures === 0) this.#failingSinceMs = this.#components.clock.monotonicMs();
    this.#failures++;
    this.#lastError = error;
    this.#published.increment({ outcome: "failure" });
    const level: LogLevel = needsPerson(error) ? (isRepeated ? "debug" : "error") : "warn";
    this.#components.log[level]("publish_failed", {
      message: error.message,
      error,
      consecutiveFailures: this.#failures,
    });
  }

  #reportDropped(encoded: EncodedDocument): void {
    const { log } = this.#components;
    if (encoded.dropped.length === 0) return log.resolve("status_document_size", "status_document_fits");
    log.problem("status_document_size", "warn", "status_document_cut", {
      message: `The status document was too large: published without its ${encoded.dropped.join(" and ")}`,
      dropped: encoded.dropped,
    });
  }

  #judgeContext() {
    const { clock, redact } = this.#components;
    return { endpoint: this.#url, nowMs: clock.wallMs(), redact: (text: string) => redact.redact(text) };
  }
}

/** The receiver's address under the base: `https://host/base/` and `https://host/base` mean the same. */
function endpointOf(baseUrl: string): string {
  const url = new URL(baseUrl);
  url.pathname = url.pathname.replace(/\/+$/, "") + PATH;
  return url.href;
}
