/** One connection of a simulated HTTP server. @module */
import type { Clock, Connection, ConnectionHandler, Timer } from "../../../src/runtime/port.ts";
import { failure } from "../../../src/runtime/shared/errno.ts";
import { BodySource } from "./body-source.ts";
import { BodyWriter } from "./body-writer.ts";
import { encodeHead, type Framing, type Head, requestFraming, wantsKeepAlive } from "./head.ts";
import { MessageReader, type MessageSink } from "./message-reader.ts";
import { OutgoingBody } from "./outgoing-body.ts";

/** How long a connection that we have ended may take in what the client still sends, so that it can read our answer. */
const LINGER_MS = 1_000;
/** What may wait for its turn behind a running request. */
const PIPELINED_BYTES_MAX = 64 * 1024;
const VERSION = /^HTTP\/1\.[01]$/;

export interface ServerConnectionInit {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly idleTimeoutMs: number;
  readonly scheme: "http" | "https";
  answer(request: Request): Promise<Response>;
  onClosed(): void;
}

interface Exchange {
  readonly abort: AbortController;
  readonly body: BodySource | undefined;
  readonly method: string;
  readonly keepsAlive: boolean;
  isReceived: boolean;
}

export class ServerConnection implements ConnectionHandler, MessageSink {
  readonly #init: ServerConnectionInit;
  readonly #reader = new MessageReader(this);
  readonly #writer: BodyWriter;
  #exchange: Exchange | undefined;
  #lastMovedMs: number;
  #timer: Timer;
  #isStopping = false;
  #isLeaving = false;

  constructor(init: ServerConnectionInit) {
    this.#init = init;
    this.#writer = new BodyWriter(init.connection);
    this.#lastMovedMs = init.clock.monotonicMs();
    this.#timer = init.clock.setTimer(init.idleTimeoutMs, () => this.#checkIdle());
  }

  /** Ends the connection now when no request runs, else once the running one is answered. */
  stop(): void {
    this.#isStopping = true;
    if (this.#exchange === undefined) this.#destroy();
  }

  /** Drops the connection, whatever runs. */
  destroy(): void {
    this.#destroy();
  }

  onData(data: Uint8Array<ArrayBuffer>): void {
    this.#moved();
    if (this.#isLeaving) return;
    this.#reader.push(data);
    if (this.#reader.waitingBytes > PIPELINED_BYTES_MAX) this.#init.connection.pause();
  }

  onDrain(): void {
    this.#moved();
    this.#writer.drained();
  }

  /** A client that ends its side has left, as Node's server sees it. */
  onEnd(): void {
    if (this.#exchange !== undefined) this.#destroy();
    else this.#init.connection.end();
  }

  onClose(): void {
    this.#timer.cancel();
    this.#writer.closed();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.body?.fail(failure("CONNECTION_CLOSED", "Read the request's body"));
    exchange?.abort.abort();
    this.#init.onClosed();
  }

  onHead({ startLine: [method, target, version], headers }: Head): Framing | undefined {
    const framing = requestFraming(headers);
    const host = headers.get("host");
    if (framing === undefined || host === null || !VERSION.test(version)) return undefined;
    const hasBody = framing.kind !== "none" && method !== "GET" && method !== "HEAD";
    const exchange: Exchange = {
      abort: new AbortController(),
      body: hasBody ? this.#makeBody() : undefined,
      method,
      keepsAlive: wantsKeepAlive(version, headers),
      isReceived: false,
    };
    const url = `${this.#init.scheme}://${host}${target}`;
    const request = makeRequest(url, { method, headers, signal: exchange.abort.signal }, exchange.body?.stream);
    if (request === undefined) return undefined;
    this.#exchange = exchange;
    this.#run(exchange, request).catch(() => this.#destroy());
    return framing;
  }

  onBody(data: Uint8Array<ArrayBuffer>): void {
    this.#exchange?.body?.push(data.slice());
  }

  onComplete(): void {
    if (this.#exchange === undefined) return;
    this.#exchange.isReceived = true;
    this.#exchange.body?.close();
  }

  onMalformed(): void {
    const refusal = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    this.#init.connection.write(new TextEncoder().encode(refusal));
    this.#leave();
  }

  #makeBody(): BodySource {
    const { connection } = this.#init;
    return new BodySource({
      pause: () => connection.pause(),
      resume: () => connection.resume(),
      // What still comes is thrown away once the answer is out.
      cancel: () => undefined,
    });
  }

  async #run(exchange: Exchange, request: Request): Promise<void> {
    const response = await this.#init.answer(request);
    if (this.#exchange !== exchange) {
      await response.body?.cancel();
      return;
    }
    const keepsAlive = exchange.keepsAlive && exchange.isReceived && !this.#isStopping;
    const isWhole = await this.#send(exchange, response, keepsAlive);
    if (this.#exchange !== exchange) return;
    if (!isWhole) return this.#destroy();
    this.#exchange = undefined;
    if (!keepsAlive || this.#isStopping) this.#leave();
    else {
      this.#init.connection.resume();
      this.#reader.next();
    }
  }

  async #send({ method }: Exchange, response: Response, keepsAlive: boolean): Promise<boolean> {
    const { status, statusText } = response;
    const headers = new Headers(response.headers);
    if (!headers.has("date")) headers.set("date", new Date(this.#init.clock.wallMs()).toUTCString());
    headers.set("connection", keepsAlive ? "keep-alive" : "close");
    const allowsBody = method !== "HEAD" && status !== 204 && status !== 304;
    const body = response.body === null ? undefined : new OutgoingBody(response.body);
    if (allowsBody) await body?.gather(this.#init.clock);
    const lengthBytes = body === undefined ? 0 : body.lengthBytes;
    const isChunked = allowsBody && lengthBytes === undefined && !headers.has("content-length");
    if (isChunked) headers.set("transfer-encoding", "chunked");
    else if (allowsBody && lengthBytes !== undefined) headers.set("content-length", String(lengthBytes));
    const isOut = await this.#writer.write(encodeHead(`HTTP/1.1 ${status} ${statusText}`, headers));
    if (isOut && allowsBody && body !== undefined) return await this.#writer.writeBody(body, isChunked);
    await body?.cancel();
    return isOut;
  }

  #moved(): void {
    this.#lastMovedMs = this.#init.clock.monotonicMs();
  }

  #checkIdle(): void {
    const leftMs = this.#lastMovedMs + this.#init.idleTimeoutMs - this.#init.clock.monotonicMs();
    if (leftMs <= 0) this.#destroy();
    else this.#timer = this.#init.clock.setTimer(leftMs, () => this.#checkIdle());
  }

  /** Ends our side and takes in what still comes, for a while. */
  #leave(): void {
    this.#isLeaving = true;
    this.#init.connection.end();
    this.#init.connection.resume();
    this.#timer.cancel();
    this.#timer = this.#init.clock.setTimer(LINGER_MS, () => this.#destroy());
  }

  #destroy(): void {
    this.#timer.cancel();
    this.#init.connection.destroy();
  }
}

/** The standard's Request refuses some methods and URLs; such a request is malformed. */
function makeRequest(
  url: string,
  init: { readonly method: string; readonly headers: Headers; readonly signal: AbortSignal },
  body: ReadableStream<Uint8Array<ArrayBuffer>> | undefined,
): Request | undefined {
  try {
    // The standard's types do not know `duplex`, which streams must have.
    return new Request(url, body === undefined ? init : { ...init, body, duplex: "half" } as RequestInit);
  } catch {
    return undefined;
  }
}
