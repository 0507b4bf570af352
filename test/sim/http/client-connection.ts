/** One connection of a simulated HTTP client, used for one exchange after the other. @module */
import type { ErrorCode } from "../../../src/errors.ts";
import type { Connection, ConnectionHandler } from "../../../src/runtime/port.ts";
import { failure } from "../../../src/runtime/shared/errno.ts";
import { BodySource } from "./body-source.ts";
import { BodyWriter } from "./body-writer.ts";
import { answerFraming, encodeHead, type Framing, type Head, wantsKeepAlive } from "./head.ts";
import { MessageReader, type MessageSink } from "./message-reader.ts";
import { OutgoingBody } from "./outgoing-body.ts";
import { encodeHello, HelloReader, type ServerHello } from "./tls.ts";

const NULL_BODY_STATUSES = [204, 205, 304];

export interface OutgoingRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | Uint8Array | undefined;
  /** For errors: the origin, never the path, which may hold a secret. */
  readonly action: string;
}

interface Exchange {
  readonly request: OutgoingRequest;
  readonly resolve: (response: Response) => void;
  readonly reject: (error: Error) => void;
  body: BodySource | undefined;
  keepsAlive: boolean;
  isSent: boolean;
  isReceived: boolean;
}

export class ClientConnection implements ConnectionHandler, MessageSink {
  /** Called when the exchange is over and the connection can take the next one. */
  onIdle: (() => void) | undefined;
  /** Called once the connection can take no more. */
  onGone: (() => void) | undefined;
  #connection: Connection | undefined;
  #writer: BodyWriter | undefined;
  #reader = new MessageReader(this);
  #exchange: Exchange | undefined;
  #hello: { reader: HelloReader; settle: (hello: ServerHello | undefined) => void } | undefined;
  #isGone = false;

  /** Whether the connection can take no more exchanges. */
  get isGone(): boolean {
    return this.#isGone;
  }

  open(connection: Connection): void {
    this.#connection = connection;
    this.#writer = new BodyWriter(connection);
  }

  /** Says hello and waits for the server's; `undefined` when it speaks no TLS or leaves. */
  greet(certPem: string | undefined): Promise<ServerHello | undefined> {
    return new Promise((resolve) => {
      this.#hello = { reader: new HelloReader(), settle: resolve };
      if (this.#isGone) resolve(undefined);
      this.#connection?.write(encodeHello(certPem === undefined ? {} : { certPem }));
    });
  }

  exchange(request: OutgoingRequest): Promise<Response> {
    return new Promise((resolve, reject) => {
      const exchange: Exchange = {
        request,
        resolve,
        reject,
        body: undefined,
        keepsAlive: false,
        isSent: false,
        isReceived: false,
      };
      this.#exchange = exchange;
      if (this.#isGone) this.fail("CONNECTION_CLOSED");
      else this.#send(exchange).catch(() => this.fail("ABORTED"));
    });
  }

  /** Gives the exchange up, if one runs, and the connection. */
  fail(code: ErrorCode): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#leave();
    if (exchange === undefined) return;
    const error = failure(code, exchange.request.action);
    exchange.reject(error);
    exchange.body?.fail(error);
  }

  onData(data: Uint8Array<ArrayBuffer>): void {
    if (this.#hello === undefined) {
      this.#reader.push(data);
      return;
    }
    const outcome = this.#hello.reader.push(data);
    if (outcome === undefined) return;
    const { settle } = this.#hello;
    this.#hello = undefined;
    settle(outcome === "refused" ? undefined : outcome.hello);
    if (outcome !== "refused" && outcome.rest.length > 0) this.#reader.push(outcome.rest);
  }

  onDrain(): void {
    this.#writer?.drained();
  }

  onEnd(): void {
    this.#hello?.settle(undefined);
    const isRunning = this.#exchange !== undefined;
    if (this.#reader.end() && !isRunning) this.#leave();
    else this.fail("CONNECTION_CLOSED");
  }

  onClose(error?: Error): void {
    this.#hello?.settle(undefined);
    this.fail(error === undefined ? "CONNECTION_CLOSED" : "CONNECTION_RESET");
  }

  onHead({ startLine: [version, statusText, reason], headers }: Head): Framing | undefined {
    const exchange = this.#exchange;
    const status = Number(statusText);
    if (exchange === undefined || !version.startsWith("HTTP/1.") || !(status >= 100 && status <= 599)) return undefined;
    const framing = answerFraming(exchange.request.method, status, headers);
    if (status < 200 || framing === undefined) return framing;
    exchange.keepsAlive = wantsKeepAlive(version, headers) && framing.kind !== "untilClose";
    if (framing.kind !== "none") exchange.body = this.#makeBody();
    const stream = NULL_BODY_STATUSES.includes(status) ? null : exchange.body?.stream ?? new Uint8Array(0);
    exchange.resolve(new Response(stream, { status, statusText: reason, headers }));
    exchange.isReceived = framing.kind === "none";
    return framing;
  }

  onBody(data: Uint8Array<ArrayBuffer>): void {
    this.#exchange?.body?.push(data.slice());
  }

  onComplete(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    // An interim answer (1xx) has told nothing yet.
    if (!exchange.isReceived && exchange.body === undefined) {
      this.#reader.next();
      return;
    }
    exchange.isReceived = true;
    exchange.body?.close();
    this.#exchange = undefined;
    if (!exchange.keepsAlive || !exchange.isSent || this.#isGone) this.#leave();
    else {
      this.#connection?.resume();
      this.#reader = new MessageReader(this);
      this.onIdle?.();
    }
  }

  onMalformed(): void {
    this.fail("CONNECTION_CLOSED");
  }

  #makeBody(): BodySource {
    return new BodySource({
      pause: () => this.#connection?.pause(),
      resume: () => this.#connection?.resume(),
      cancel: () => this.fail("ABORTED"),
    });
  }

  async #send(exchange: Exchange): Promise<void> {
    const { method, target, headers, body } = exchange.request;
    const isWritten = await this.#writer?.write(encodeHead(`${method} ${target} HTTP/1.1`, headers));
    if (body === undefined) exchange.isSent = isWritten === true;
    else if (body instanceof Uint8Array) exchange.isSent = await this.#writer?.write(body) === true;
    else {
      const isChunked = headers.has("transfer-encoding");
      exchange.isSent = await this.#writer?.writeBody(new OutgoingBody(body), isChunked) === true;
    }
  }

  #leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#writer?.closed();
    this.#connection?.destroy();
    this.onGone?.();
  }
}
