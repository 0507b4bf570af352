/** A server and raw requests for the cases of HTTP serving. @module */
import type { HttpServer, Runtime, ServeOptions, SocketAddress } from "../../src/runtime/port.ts";

/** Answers a request. */
export type Handler = ServeOptions["handler"];

/** Serves on a free port of this host. */
export function serve(runtime: Runtime, handler: Handler, options: Partial<ServeOptions> = {}): Promise<HttpServer> {
  const address: SocketAddress = { host: "127.0.0.1", port: 0 };
  return runtime.http.serve({ address, idleTimeoutMs: 30_000, connectionsMax: 1_000, handler, ...options });
}

/** A URL of the server. */
export function urlOf(server: HttpServer, path = "/"): string {
  return `http://127.0.0.1:${server.address.port}${path}`;
}

/** A request in HTTP/1.1 bytes. */
export function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}
