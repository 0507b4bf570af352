/**
 * As much of the JetStream API as the mailbox needs. Source: docs.nats.io, "JetStream wire API reference"; streams and consumers as of
 * NATS server 2.9.
 *
 * @module
 */
import { decodeBase64 } from "../../../contract/mod.ts";
import { BarnacleError } from "../../../errors.ts";
import type { NatsConnection, NatsMessage } from "../../../runtime/port.ts";
import { NATS_TIMEOUT_MS } from "./bounds.ts";

/** A message in a stream. */
export interface StreamMessage {
  readonly sequence: number;
  readonly data: Uint8Array;
}

/** What a stream says of itself. */
export interface StreamState {
  readonly messages: number;
  readonly bytes: number;
}

/** An answer of the API, as far as it is looked at. */
interface Answer {
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string };
  readonly seq?: number;
  readonly state?: StreamState;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly message?: { readonly seq: number; readonly data?: string; readonly time: string };
}

const NOT_FOUND = 404;
/** The stream is as full as it may be. */
const STORE_FAILED = 10_077;
const decoder = new TextDecoder();

/** Asks for one thing each. */
export class JetStream {
  readonly #connection: NatsConnection;
  readonly #stream: string;

  constructor(connection: NatsConnection, stream: string) {
    this.#connection = connection;
    this.#stream = stream;
  }

  /** Makes the stream, unless there is one. @returns its configuration */
  async ensure(config: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
    const known = await this.#call(`STREAM.INFO.${this.#stream}`, {}, NOT_FOUND);
    if (known?.config !== undefined) return known.config;
    const made = await this.#call(`STREAM.CREATE.${this.#stream}`, { name: this.#stream, ...config });
    return made?.config ?? {};
  }

  async state(): Promise<StreamState> {
    const answer = await this.#call(`STREAM.INFO.${this.#stream}`, {});
    return answer?.state ?? { messages: 0, bytes: 0 };
  }

  /** Adds a message. @returns its place; `undefined` when the stream is full */
  async publish(subject: string, data: Uint8Array | string): Promise<number | undefined> {
    const answer = this.#read(await this.#connection.request(subject, data, { timeoutMs: NATS_TIMEOUT_MS }), subject);
    if (answer.error?.err_code === STORE_FAILED) return undefined;
    this.#check(answer, subject);
    return answer.seq;
  }

  /** The oldest message of a subject, which may have wildcards, from a place on. */
  async next(subject: string, from: number): Promise<StreamMessage | undefined> {
    return await this.#message({ next_by_subj: subject, seq: from });
  }

  /** When the newest message of a subject came, in Unix milliseconds. */
  async lastAtMs(subject: string): Promise<number | undefined> {
    const answer = await this.#call(`STREAM.MSG.GET.${this.#stream}`, { last_by_subj: subject }, NOT_FOUND);
    return answer?.message === undefined ? undefined : Date.parse(answer.message.time);
  }

  async delete(sequence: number): Promise<void> {
    await this.#call(`STREAM.MSG.DELETE.${this.#stream}`, { seq: sequence, no_erase: true });
  }

  /** Lets the messages of a subject go, up to and with a place. */
  async purge(subject: string, upTo: number): Promise<void> {
    await this.#call(`STREAM.PURGE.${this.#stream}`, { filter: subject, seq: upTo + 1 });
  }

  /** Makes a consumer of a subject, which the server forgets when nobody asks it for some seconds. */
  async consume(name: string, init: { subject: string; from: number; isHeadersOnly: boolean }): Promise<void> {
    await this.#call(`CONSUMER.CREATE.${this.#stream}.${name}.${init.subject}`, {
      stream_name: this.#stream,
      config: {
        name,
        ack_policy: "none",
        deliver_policy: "by_start_sequence",
        opt_start_seq: init.from,
        filter_subject: init.subject,
        replay_policy: "instant",
        headers_only: init.isHeadersOnly,
        inactive_threshold: 10_000_000_000,
        mem_storage: true,
        num_replicas: 1,
      },
    });
  }

  /** Forgets a consumer; one that is gone is fine. */
  async forget(name: string): Promise<void> {
    await this.#call(`CONSUMER.DELETE.${this.#stream}.${name}`, {}, NOT_FOUND);
  }

  /** The next messages of a consumer, without waiting for any that are yet to come. */
  async pull(
    name: string,
    most: { readonly frames: number; readonly bytes: number },
    take: (message: NatsMessage, sequence: number) => void,
  ): Promise<void> {
    let left = most.frames;
    const request = { batch: most.frames, no_wait: true, ...(most.bytes > 0 ? { max_bytes: most.bytes } : {}) };
    await this.#connection.requestMany(`$JS.API.CONSUMER.MSG.NEXT.${this.#stream}.${name}`, JSON.stringify(request), {
      timeoutMs: NATS_TIMEOUT_MS,
      take: (message) => {
        if (message.status >= 400) return false;
        const { sequence, pending } = readPlace(message.reply);
        take(message, sequence);
        return --left > 0 && pending > 0;
      },
    });
  }

  async #message(query: Readonly<Record<string, unknown>>): Promise<StreamMessage | undefined> {
    const answer = await this.#call(`STREAM.MSG.GET.${this.#stream}`, query, NOT_FOUND);
    const message = answer?.message;
    if (message === undefined) return undefined;
    return { sequence: message.seq, data: decodeBase64(message.data ?? "") ?? new Uint8Array() };
  }

  /** @returns `undefined` when the answer is the error that the caller allows */
  async #call(what: string, body: Readonly<Record<string, unknown>>, allowed?: number): Promise<Answer | undefined> {
    const subject = `$JS.API.${what}`;
    const message = await this.#connection.request(subject, JSON.stringify(body), { timeoutMs: NATS_TIMEOUT_MS });
    const answer = this.#read(message, subject);
    if (answer.error !== undefined && answer.error.code === allowed) return undefined;
    this.#check(answer, subject);
    return answer;
  }

  #read(message: NatsMessage, subject: string): Answer {
    try {
      return JSON.parse(decoder.decode(message.data)) as Answer;
    } catch (cause) {
      throw new BarnacleError({ code: "ANSWER_INVALID", action: `Ask NATS for ${subject}`, value: "no JSON", cause });
    }
  }

  #check({ error }: Answer, subject: string): void {
    if (error === undefined) return;
    throw new BarnacleError({
      code: "REMOTE_FAILURE",
      action: `Ask NATS for ${subject}`,
      value: `${error.code} ${error.description ?? ""}`.trim(),
      hint: "JetStream must be enabled at the server, and allowed to this user",
    });
  }
}

/** The place of a message, and how many follow it, from where its acknowledgement would go; newer servers put two words more in front. */
function readPlace(reply: string): { readonly sequence: number; readonly pending: number } {
  const words = reply.split(".");
  const at = words.length > 9 ? 7 : 5;
  return { sequence: Number(words[at]), pending: Number(words[at + 3] ?? 0) };
}
