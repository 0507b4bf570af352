/**
 * Putting an app on a socket.
 *
 * @module
 */
import { formatAddress, isLoopbackHost } from "../address.ts";
import { BarnacleError, toBarnacleError } from "../errors.ts";
import { HTTP_CONNECTIONS_MAX, HTTP_IDLE_TIMEOUT_MS } from "../limits.ts";
import type { Logger } from "../log/mod.ts";
import type { Http, HttpServer, ServeOptions, SocketAddress } from "../runtime/port.ts";
import type { App } from "./app.ts";

/** Where and as what to listen. */
export interface ListenInit {
  readonly address: SocketAddress;
  readonly tls?: ServeOptions["tls"] | undefined;
  /** `http`, `hub`: stands in the event and in errors. */
  readonly role: string;
  readonly log: Logger;
  /** Done after the port is taken and before the event tells of it: what whoever waits for the event relies on. */
  readonly beforeAnnouncing?: ((url: string) => Promise<void>) | undefined;
}

/**
 * Serves the app and logs the event `listening` with `role`, `address` (`HOST:PORT`, the port that was taken) and
 * `url`.
 *
 * On a loopback address requests must name this host. On any other, every route but the open ones must be guarded.
 * Source: the status contract, "To be asked".
 *
 * @throws `CONFIG_INVALID` for an unguarded app on an address that others reach; `ADDRESS_IN_USE`,
 * `ADDRESS_UNAVAILABLE`, `PERMISSION_DENIED`, `CERTIFICATE_INVALID` with a hint
 */
export async function listen(http: Pick<Http, "serve">, app: App, init: ListenInit): Promise<HttpServer> {
  const onLoopback = isLoopbackHost(init.address.host);
  if (!onLoopback && !app.isGuarded) throw unguarded(init);
  const server = await serve(http, onLoopback ? app.fetchOnLoopback : app.fetch, init);
  const address = formatAddress({ host: init.address.host, port: server.address.port });
  const url = `${init.tls === undefined ? "http" : "https"}://${address}`;
  try {
    await init.beforeAnnouncing?.(url);
  } catch (thrown) {
    await server.stop(0);
    throw thrown;
  }
  init.log.info("listening", { role: init.role, address, url });
  return server;
}

async function serve(
  http: Pick<Http, "serve">,
  handler: ServeOptions["handler"],
  init: ListenInit,
): Promise<HttpServer> {
  try {
    return await http.serve({
      address: init.address,
      ...(init.tls === undefined ? {} : { tls: init.tls }),
      idleTimeoutMs: HTTP_IDLE_TIMEOUT_MS,
      connectionsMax: HTTP_CONNECTIONS_MAX,
      handler,
    });
  } catch (thrown) {
    throw explained(thrown, init);
  }
}

function explained(thrown: unknown, init: ListenInit): BarnacleError {
  const action = `Listen on ${formatAddress(init.address)} (${init.role})`;
  const error = toBarnacleError(thrown, action);
  const hint = hintFor(error, init.address) ?? error.hint;
  return new BarnacleError({
    code: error.code,
    action,
    ...(error.value === undefined ? {} : { value: error.value }),
    ...(error.wanted === undefined ? {} : { wanted: error.wanted }),
    ...(hint === undefined ? {} : { hint }),
    retryable: error.retryable,
    cause: thrown,
  });
}

function hintFor(error: BarnacleError, { host, port }: SocketAddress): string | undefined {
  switch (error.code) {
    case "ADDRESS_IN_USE":
      return `another process listens on port ${port}; to see which: \`ss -ltnp 'sport = :${port}'\` on Linux, ` +
        `\`lsof -nP -iTCP:${port} -sTCP:LISTEN\` on macOS, \`netstat -ano | findstr :${port}\` on Windows; ` +
        "stop it, or choose another port (0 takes a free one)";
    case "ADDRESS_UNAVAILABLE":
      return `no interface of this host has the address ${host}`;
    case "PERMISSION_DENIED":
      return port > 0 && port < 1024 ? `ports below 1024 need a privilege; choose one above` : undefined;
    default:
      return undefined;
  }
}

function unguarded(init: ListenInit): BarnacleError {
  return new BarnacleError({
    code: "CONFIG_INVALID",
    action: `Listen on ${formatAddress(init.address)} (${init.role})`,
    value: "no token",
    wanted: "a token on any address but loopback",
    hint: "set a token, or listen on 127.0.0.1",
  });
}
