/** A simulated HTTP client: `fetch` over the simulated network, with connections of its own. @module */
import type { X509Certificate } from "node:crypto";
import type { HttpClient, HttpClientOptions } from "../../../src/runtime/port.ts";
import { failure } from "../../../src/runtime/shared/errno.ts";
import type { SimProcess } from "../process/sim-process.ts";
import { checkPair, readCertificates, whyNotTrusted } from "./certificates.ts";
import { ClientConnection, type OutgoingRequest } from "./client-connection.ts";
import type { HttpComponents } from "./server.ts";

/** As undici's defaults: how long connecting may take, and how long an idle connection is kept. */
const CONNECT_TIMEOUT_MS = 10_000;
const KEPT_IDLE_MS = 4_000;

interface Target {
  readonly origin: string;
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
}

export class SimHttpClient implements HttpClient {
  readonly #process: SimProcess;
  readonly #components: HttpComponents;
  readonly #options: HttpClientOptions;
  readonly #authorities: readonly X509Certificate[];
  readonly #idle = new Map<string, ClientConnection[]>();

  /** @throws `CERTIFICATE_INVALID` */
  constructor(process: SimProcess, components: HttpComponents, options: HttpClientOptions) {
    this.#process = process;
    this.#components = components;
    this.#options = options;
    const { caPem, clientCertificate } = options;
    this.#authorities = caPem === undefined ? [] : readCertificates(caPem, "the authorities");
    if (clientCertificate !== undefined) checkPair(clientCertificate);
  }

  readonly fetch = async (input: Request | URL | string, init?: RequestInit): Promise<Response> => {
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    // The standard's types do not know `duplex`, which a streamed body must have.
    const request = new Request(input, { ...init, duplex: "half" } as RequestInit);
    const target = targetOf(request.url);
    const action = `Call ${target.origin}`;
    if (signal?.aborted === true) throw failure("ABORTED", action);
    const outgoing = await describeRequest(request, init, action);
    const connection = await this.#connect(target, signal ?? undefined);
    const onAbort = (): void => connection.fail("ABORTED");
    signal?.addEventListener("abort", onAbort, { once: true });
    const letGo = (): void => signal?.removeEventListener("abort", onAbort);
    connection.onIdle = () => {
      letGo();
      this.#keep(target.origin, connection);
    };
    connection.onGone = letGo;
    const response = await connection.exchange(outgoing);
    Object.defineProperty(response, "url", { value: request.url });
    return response;
  };

  close(): void {
    const idle = [...this.#idle.values()].flat();
    this.#idle.clear();
    for (const connection of idle) connection.fail("CONNECTION_CLOSED");
  }

  async #connect(target: Target, signal: AbortSignal | undefined): Promise<ClientConnection> {
    const kept = this.#idle.get(target.origin)?.pop();
    if (kept !== undefined && !kept.isGone) return kept;
    const connection = new ClientConnection();
    const options = { timeoutMs: CONNECT_TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
    connection.open(await this.#components.network.dial({ host: target.host, port: target.port }, connection, options));
    if (target.isSecure) await this.#secure(connection, target, signal);
    return connection;
  }

  /** @throws `CERTIFICATE_INVALID`, `ABORTED` */
  async #secure(connection: ClientConnection, target: Target, signal: AbortSignal | undefined): Promise<void> {
    const onAbort = (): void => connection.fail("ABORTED");
    signal?.addEventListener("abort", onAbort, { once: true });
    const hello = await connection.greet(this.#options.clientCertificate?.certPem);
    signal?.removeEventListener("abort", onAbort);
    const reason = hello?.alert ??
      (hello?.certPem === undefined ? "no TLS" : this.#whyNotTrusted(hello.certPem, target));
    if (reason === undefined) return;
    connection.fail("CONNECTION_CLOSED");
    const code = signal?.aborted === true ? "ABORTED" : "CERTIFICATE_INVALID";
    throw failure(code, `Call ${target.origin}`, undefined, reason);
  }

  #whyNotTrusted(certPem: string, { host }: Target): string | undefined {
    const authorities = [...this.#authorities, ...this.#process.host.world.trustedAuthorities];
    const chain = readCertificates(certPem, "the server's certificate");
    return whyNotTrusted(chain, { authorities, atMs: this.#components.clock.wallMs(), host });
  }

  #keep(origin: string, connection: ClientConnection): void {
    const idle = this.#idle.get(origin) ?? [];
    this.#idle.set(origin, idle);
    idle.push(connection);
    const letGo = (): void => {
      const index = idle.indexOf(connection);
      if (index !== -1) idle.splice(index, 1);
    };
    const timer = this.#process.after(KEPT_IDLE_MS, () => {
      if (!idle.includes(connection)) return;
      letGo();
      connection.fail("CONNECTION_CLOSED");
    }, false);
    connection.onGone = () => {
      timer.cancel();
      letGo();
    };
  }
}

function targetOf(url: string): Target {
  const { protocol, hostname, port, origin } = new URL(url);
  const isSecure = protocol === "https:";
  return { origin, host: hostname, port: port === "" ? (isSecure ? 443 : 80) : Number(port), isSecure };
}

async function describeRequest(
  request: Request,
  init: RequestInit | undefined,
  action: string,
): Promise<OutgoingRequest> {
  const { pathname, search, host } = new URL(request.url);
  const headers = new Headers(request.headers);
  headers.set("host", host);
  headers.set("connection", "keep-alive");
  const isStreamed = request.body !== null && (init?.body === undefined || init.body instanceof ReadableStream);
  let body: OutgoingRequest["body"];
  if (isStreamed) {
    headers.set("transfer-encoding", "chunked");
    body = request.body ?? undefined;
  } else if (request.body !== null) {
    body = new Uint8Array(await request.arrayBuffer());
    headers.set("content-length", String(body.length));
  } else if (request.method === "POST" || request.method === "PUT") headers.set("content-length", "0");
  return { method: request.method, target: `${pathname}${search}`, headers, body, action };
}
