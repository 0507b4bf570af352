/** Outgoing HTTP under Node: undici, whose agents have connections and trust of their own. Loaded on the first request. @module */
import type { Agent, RequestInit as UndiciInit } from "undici";
import type { BarnacleError } from "../../errors.ts";
import type { HttpClient, HttpClientOptions } from "../port.ts";
import { fromPlatform } from "../shared/errno.ts";
import { guardFetch } from "../shared/fetch.ts";
import { authoritiesWith, checkClientOptions } from "../shared/trust.ts";

/** Pauses between an answer's parts; how long a call may take in all is its caller's to say. */
const SILENCE_MS_MAX = 60_000;

interface Engine {
  readonly agent: Agent;
  readonly fetch: typeof import("undici").fetch;
}

/** The connect options of `node:tls` for the wanted trust. */
function tlsOptions(options: HttpClientOptions) {
  return {
    ...(options.caPem === undefined ? {} : { ca: authoritiesWith(options.caPem) }),
    ...(options.clientCertificate === undefined
      ? {}
      : { cert: options.clientCertificate.certPem, key: options.clientCertificate.keyPem }),
  };
}

class NodeHttpClient implements HttpClient {
  readonly #options: HttpClientOptions;
  readonly fetch: HttpClient["fetch"];
  #engine: Promise<Engine> | undefined;
  /**
   * What TLS said on a socket, by local port. A far end that misses our certificate says so after the handshake; undici tells
   * only that the socket closed.
   */
  readonly #tlsFailures = new Map<number, Error>();

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.fetch = guardFetch(
      (url, init) => this.#send(url, init),
      (_url, thrown, action) => this.#explain(thrown, action),
    );
  }

  close(): void {
    const engine = this.#engine;
    this.#engine = undefined;
    void engine?.then(({ agent }) => agent.close(), () => undefined);
  }

  async #send(url: string, init: RequestInit): Promise<Response> {
    this.#engine ??= this.#start();
    const { agent, fetch } = await this.#engine;
    // The types of undici and of the standard library name the same things twice.
    const answer = await fetch(url, { ...init, dispatcher: agent } as UndiciInit);
    return answer as unknown as Response;
  }

  async #start(): Promise<Engine> {
    const { Agent, buildConnector, fetch } = await import("undici");
    const connector = buildConnector(tlsOptions(this.#options));
    const agent = new Agent({
      headersTimeout: SILENCE_MS_MAX,
      bodyTimeout: SILENCE_MS_MAX,
      connect: (target, callback) =>
        connector(target, (...result) => {
          const [error, socket] = result;
          if (error === null && socket !== null) this.#watchTls(socket);
          callback(...result);
        }),
    });
    return { agent, fetch };
  }

  #watchTls(socket: import("node:net").Socket): void {
    const port = socket.localPort ?? 0;
    socket.prependListener("error", (error: Error) => {
      if (!this.#tlsFailures.has(port)) this.#tlsFailures.set(port, error);
    });
    // A moment later, so that whoever waits for the request can still ask.
    socket.once("close", () => setTimeout(() => this.#tlsFailures.delete(port), 0));
  }

  #explain(thrown: unknown, action: string): BarnacleError {
    const cause = thrown instanceof Error
      ? (thrown.cause as { readonly socket?: { readonly localPort?: number } })
      : undefined;
    const port = cause?.socket?.localPort;
    const onSocket = port === undefined ? undefined : this.#tlsFailures.get(port);
    return fromPlatform(onSocket ?? thrown, action, "CONNECTION_CLOSED");
  }
}

/** An outgoing client. @throws `CERTIFICATE_INVALID` when what it is given cannot be read */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  checkClientOptions(options);
  return new NodeHttpClient(options);
}
