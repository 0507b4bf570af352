/** HTTP on `Bun.serve` and Bun's `fetch`. @module */
import type { Http, HttpClient, HttpClientOptions, HttpServer, RequestPeer, ServeOptions } from "../port.ts";
import { fromListen } from "../shared/errno.ts";
import { guardFetch } from "../shared/fetch.ts";
import { promiseOf } from "../shared/promise-of.ts";
import { authoritiesWith, checkClientOptions, checkKeyPair } from "../shared/trust.ts";
import { bun, type BunFetchInit, type BunServer } from "./bun.ts";

/** The longest time-out Bun takes. */
const IDLE_TIMEOUT_SECONDS_MAX = 255;
const MS_PER_SECOND = 1_000;

function idleTimeoutSeconds(idleTimeoutMs: number): number {
  return Math.min(IDLE_TIMEOUT_SECONDS_MAX, Math.max(1, Math.ceil(idleTimeoutMs / MS_PER_SECOND)));
}

function bareFailure(): Response {
  return new Response(null, { status: 500 });
}

/** Statuses that answer a body before its end: too large, too slow. */
const CUT_SHORT = [408, 413];

/**
 * A body that nobody reads to its end would keep arriving after the answer until the idle time-out; closing the connection
 * with the answer ends it, as the other adapters do.
 */
function closeAfterUnreadBody(request: Request, response: Response): Response {
  const announced = request.headers.get("content-length") ?? "0";
  if (announced === "0" && !request.headers.has("transfer-encoding")) return response;
  if (request.bodyUsed && !CUT_SHORT.includes(response.status)) return response;
  const headers = new Headers(response.headers);
  headers.set("connection", "close");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

/** Asks the kernel for the address only when somebody wants to know it: the question costs as much as a short answer. */
class Peer implements RequestPeer {
  readonly #server: BunServer;
  readonly #request: Request;

  constructor(server: BunServer, request: Request) {
    this.#server = server;
    this.#request = request;
  }

  get remoteHost(): string {
    return this.#server.requestIP(this.#request)?.address ?? "";
  }
}

function start(options: ServeOptions): BunServer {
  const { address, tls } = options;
  return bun.serve({
    hostname: address.host,
    port: address.port,
    ...(tls === undefined ? {} : { tls: { cert: tls.certPem, key: tls.keyPem } }),
    idleTimeout: idleTimeoutSeconds(options.idleTimeoutMs),
    // The application bounds bodies by itself, and says why it refuses one.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
    // Without `development` Bun shares the port with whoever else asks for it, unless told not to.
    reusePort: false,
    fetch(request, server) {
      const answer = options.handler(request, new Peer(server, request));
      return answer instanceof Promise
        ? answer.then((response) => closeAfterUnreadBody(request, response))
        : closeAfterUnreadBody(request, answer);
    },
    error: bareFailure,
  });
}

async function stop(server: BunServer, graceMs: number): Promise<void> {
  const { promise: graceOver, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, graceMs);
  // Idle connections are closed at once, the others with their answer.
  await Promise.race([server.stop(false), graceOver]);
  clearTimeout(timer);
  await server.stop(true);
}

function serve(options: ServeOptions): HttpServer {
  const { address, tls } = options;
  if (tls !== undefined) checkKeyPair(tls, "the server's certificate");
  let server: BunServer;
  try {
    server = start(options);
  } catch (error) {
    throw fromListen(error, `Listen on ${address.host}:${address.port}`);
  }
  let stopped: Promise<void> | undefined;
  return {
    address: { host: server.hostname ?? address.host, port: server.port ?? address.port },
    stop: (graceMs) => stopped ??= stop(server, graceMs),
  };
}

/** Bun keeps one pool of connections for the whole process, told apart by their trust, and closes idle ones by itself. */
function client(options: HttpClientOptions): HttpClient {
  checkClientOptions(options);
  const { caPem, clientCertificate } = options;
  const tls = {
    ...(caPem === undefined ? {} : { ca: authoritiesWith(caPem) }),
    ...(clientCertificate === undefined ? {} : { cert: clientCertificate.certPem, key: clientCertificate.keyPem }),
  };
  // A proxy named in the environment would be given the request with its key, even one to loopback.
  const trust: BunFetchInit = { proxy: false, ...(Object.keys(tls).length === 0 ? {} : { tls }) };
  return {
    fetch: guardFetch((url, init) => fetch(url, { ...init, ...trust })),
    close: () => undefined,
  };
}

/** HTTP for Bun. */
export function createHttp(): Http {
  return { serve: (options) => promiseOf(() => serve(options)), client };
}
