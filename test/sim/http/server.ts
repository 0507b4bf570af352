/** A simulated HTTP server. @module */
import type { X509Certificate } from "node:crypto";
import type {
  Clock,
  Connection,
  ConnectionHandler,
  HttpServer,
  Listener,
  Network,
  RequestPeer,
  ServeOptions,
} from "../../../src/runtime/port.ts";
import type { SimProcess } from "../process/sim-process.ts";
import { checkPair, readCertificates, whyNotTrusted } from "./certificates.ts";
import { ServerConnection } from "./server-connection.ts";
import { encodeHello, HelloReader, type ServerHello } from "./tls.ts";

/** What a simulated handler is told beside the request. */
export interface SimRequestPeer extends RequestPeer {
  /** The client's certificate, where one was demanded. */
  readonly clientCertPem?: string;
}

/** The port's options, and what a scenario's server may want besides. */
export interface SimServeOptions extends Omit<ServeOptions, "handler"> {
  /** Demands a client certificate of this authority. */
  readonly clientAuthorityPem?: string;
  handler(request: Request, peer: SimRequestPeer): Response | Promise<Response>;
}

export interface HttpComponents {
  readonly clock: Clock;
  readonly network: Network;
}

const SILENT: ConnectionHandler = {
  onData: () => undefined,
  onDrain: () => undefined,
  onEnd: () => undefined,
  onClose: () => undefined,
};

export async function startServer(
  process: SimProcess,
  components: HttpComponents,
  options: SimServeOptions,
): Promise<HttpServer> {
  if (options.tls !== undefined) checkPair(options.tls);
  const server = new Server(process, components, options);
  await server.start();
  return server;
}

class Server implements HttpServer {
  readonly #process: SimProcess;
  readonly #components: HttpComponents;
  readonly #options: SimServeOptions;
  readonly #clientAuthorities: readonly X509Certificate[];
  readonly #connections = new Set<ServerConnection>();
  #listener: Listener | undefined;
  #stopped: Promise<void> | undefined;
  #onEmpty: (() => void) | undefined;

  constructor(process: SimProcess, components: HttpComponents, options: SimServeOptions) {
    this.#process = process;
    this.#components = components;
    this.#options = options;
    const { clientAuthorityPem } = options;
    this.#clientAuthorities = clientAuthorityPem === undefined
      ? []
      : readCertificates(clientAuthorityPem, "the clients' authority");
  }

  get address() {
    return this.#listener?.address ?? this.#options.address;
  }

  async start(): Promise<void> {
    const accept = (connection: Connection): ConnectionHandler => this.#accept(connection);
    this.#listener = await this.#components.network.listen(this.#options.address, accept);
  }

  stop(graceMs: number): Promise<void> {
    this.#stopped ??= this.#stop(graceMs);
    return this.#stopped;
  }

  async #stop(graceMs: number): Promise<void> {
    await this.#listener?.close();
    for (const connection of this.#connections) connection.stop();
    if (this.#connections.size === 0) return;
    const grace = this.#components.clock.setTimer(graceMs, () => {
      for (const connection of this.#connections) connection.destroy();
    });
    await new Promise<void>((resolve) => this.#onEmpty = resolve);
    grace.cancel();
  }

  #accept(connection: Connection): ConnectionHandler {
    if (this.#connections.size >= this.#options.connectionsMax) {
      connection.destroy();
      return SILENT;
    }
    const isSecure = this.#options.tls !== undefined;
    let peer: SimRequestPeer = { remoteHost: connection.remote.host };
    const served = new ServerConnection({
      connection,
      clock: this.#components.clock,
      idleTimeoutMs: this.#options.idleTimeoutMs,
      scheme: isSecure ? "https" : "http",
      answer: (request) => this.#answer(request, peer),
      onClosed: () => {
        this.#connections.delete(served);
        if (this.#connections.size === 0) this.#onEmpty?.();
      },
    });
    this.#connections.add(served);
    if (!isSecure) return served;
    return this.#secure(connection, served, (clientCertPem) => peer = { ...peer, clientCertPem });
  }

  /** Puts the modelled handshake before the first request. */
  #secure(connection: Connection, served: ServerConnection, onClient: (certPem: string) => void): ConnectionHandler {
    const hello = new HelloReader();
    let isOpen = false;
    return {
      onData: (data) => {
        if (isOpen) return served.onData(data);
        const outcome = hello.push(data);
        if (outcome === "refused") connection.destroy();
        if (outcome === "refused" || outcome === undefined) return;
        const { certPem } = outcome.hello;
        const answer = this.#greet(certPem);
        connection.write(encodeHello(answer));
        if (answer.alert !== undefined) return connection.end();
        isOpen = true;
        if (certPem !== undefined) onClient(certPem);
        if (outcome.rest.length > 0) served.onData(outcome.rest);
      },
      onDrain: () => served.onDrain(),
      onEnd: () => served.onEnd(),
      onClose: () => served.onClose(),
    };
  }

  #greet(clientCertPem: string | undefined): ServerHello {
    const { clientAuthorityPem, tls } = this.#options;
    if (clientAuthorityPem !== undefined) {
      const chain = clientCertPem === undefined ? [] : readCertificates(clientCertPem, "a client's certificate");
      const atMs = this.#components.clock.wallMs();
      const alert = whyNotTrusted(chain, { authorities: this.#clientAuthorities, atMs });
      if (alert !== undefined) return { alert };
    }
    return tls === undefined ? {} : { certPem: tls.certPem };
  }

  async #answer(request: Request, peer: SimRequestPeer): Promise<Response> {
    try {
      return await this.#options.handler(request, peer);
    } catch (error) {
      this.#process.host.world.note(`${this.#process.label} http handler threw ${String(error)}`);
      return new Response("Internal Server Error", { status: 500 });
    }
  }
}
