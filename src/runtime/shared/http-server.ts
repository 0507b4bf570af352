/**
 * The HTTP server on `node:http`, for Node and Deno; `@hono/node-server` turns its requests into the standard's.
 *
 * Deno has a server of its own, but that one never closes a connection that sends nothing and cannot bound how many are open
 * (measured with Deno 2.9.6), which the port promises. Everything is loaded on the first `serve`.
 *
 * @module
 */
import type { HttpBindings } from "@hono/node-server";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { HttpServer, ServeOptions } from "../port.ts";
import { fromListen } from "./errno.ts";
import { HttpConnections } from "./http-connections.ts";
import { checkKeyPair } from "./trust.ts";

/** How often Node looks for requests whose headers do not come to an end. */
const CHECK_INTERVAL_MS_MAX = 5_000;
/** An IPv4 address seen through a socket of both families. */
const MAPPED_PREFIX = "::ffff:";

/** Starts serving. @throws `ADDRESS_IN_USE`, `ADDRESS_UNAVAILABLE`, `PERMISSION_DENIED`, `CERTIFICATE_INVALID` */
export async function serveByNode(options: ServeOptions): Promise<HttpServer> {
  const connections = new HttpConnections(options.connectionsMax);
  const server = await createServer(options);
  connections.follow(server);
  await listen(server, options.address);
  const { address, port } = server.address() as AddressInfo;
  let stopped: Promise<void> | undefined;
  return {
    address: { host: address, port },
    stop: (graceMs) => stopped ??= stop(server, connections, graceMs),
  };
}

async function createServer(options: ServeOptions): Promise<Server> {
  const { idleTimeoutMs, tls } = options;
  const { getRequestListener } = await import("@hono/node-server");
  const limits = {
    headersTimeout: idleTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    // How long a body may take is the application's to say: it answers, where the platform would only hang up.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS_MAX, Math.ceil(idleTimeoutMs / 2)),
  };
  const listener = getRequestListener((request, bindings) => answer(options, request, bindings as HttpBindings), {
    // The adapter changes no global of the process.
    overrideGlobalObjects: false,
  });
  if (tls !== undefined) checkKeyPair(tls, "the server's certificate");
  const server = tls === undefined
    ? process.getBuiltinModule("node:http").createServer(limits)
    : process.getBuiltinModule("node:https").createServer({ ...limits, cert: tls.certPem, key: tls.keyPem });
  server.on("request", (request, response) => void listener(request, response));
  server.timeout = idleTimeoutMs;
  return server;
}

async function answer(options: ServeOptions, request: Request, bindings: HttpBindings): Promise<Response> {
  const remote = bindings.incoming.socket.remoteAddress ?? "";
  const remoteHost = remote.startsWith(MAPPED_PREFIX) ? remote.slice(MAPPED_PREFIX.length) : remote;
  try {
    return await options.handler(request, { remoteHost });
  } catch {
    // The port asks that handlers never throw; who does gets a bare 500, with nothing told to the stranger.
    return new Response(null, { status: 500 });
  }
}

function listen(server: Server, address: ServeOptions["address"]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(fromListen(error, `Listen on ${address.host}:${address.port}`)));
    server.listen(address.port, address.host, () => resolve());
  });
}

async function stop(server: Server, connections: HttpConnections, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const grace = setTimeout(() => connections.destroyAll(), graceMs);
  await connections.closeIdle();
  await closed;
  clearTimeout(grace);
}
