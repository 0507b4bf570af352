/** TCP on `Deno.listen` and `Deno.connect`. @module */
import type { Connection, ConnectionHandler, Listener, Network, SocketAddress } from "../port.ts";
import { withinDeadline } from "../shared/deadline.ts";
import { fromListen, fromPlatform } from "../shared/errno.ts";
import { promiseOf } from "../shared/promise-of.ts";
import { TcpConnection } from "./connection.ts";
import { deno, type DenoConnection, type DenoListener } from "./deno.ts";

async function acceptAll(
  listener: DenoListener,
  accept: (connection: Connection) => ConnectionHandler,
): Promise<void> {
  // The iteration ends when the listener is closed, and passes over connections that broke before they were accepted.
  for await (const accepted of listener) {
    const connection = new TcpConnection(accepted);
    connection.attach(accept(connection));
  }
}

function listen(address: SocketAddress, accept: (connection: Connection) => ConnectionHandler): Listener {
  let listener: DenoListener;
  try {
    listener = deno.listen({ hostname: address.host, port: address.port });
  } catch (error) {
    throw fromListen(error, `Listen on ${address.host}:${address.port}`);
  }
  const accepting = acceptAll(listener, accept);
  let open = true;
  return {
    address: { host: listener.addr.hostname, port: listener.addr.port },
    async close() {
      if (open) listener.close();
      open = false;
      // The kernel goes on taking connections until the accept that is under way has been given up.
      await accepting;
    },
  };
}

async function connect(address: SocketAddress, signal: AbortSignal, action: string): Promise<DenoConnection> {
  try {
    return await deno.connect({ hostname: address.host, port: address.port, signal });
  } catch (error) {
    throw connectFailure(error, action);
  }
}

/** Maps what `Deno.connect` threw. The failed look-up of a name is its only error without a code. */
export function connectFailure(thrown: unknown, action: string) {
  return fromPlatform(thrown, action, "HOST_NOT_FOUND");
}

/** TCP for Deno. */
export function createNetwork(): Network {
  return {
    listen: (address, accept) => promiseOf(() => listen(address, accept)),
    async dial(address, handler, options) {
      const action = `Connect to ${address.host}:${address.port}`;
      const opened = await withinDeadline(
        action,
        options,
        (signal) => connect(address, signal, action),
        (late) => late.close(),
      );
      const connection = new TcpConnection(opened);
      connection.attach(handler);
      return connection;
    },
  };
}
