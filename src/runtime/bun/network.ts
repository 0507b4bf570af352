/** TCP on `Bun.listen` and `Bun.connect`; `node:net` would cost about 4 ms at start. @module */
import type { Connection, ConnectionHandler, Listener, Network, SocketAddress } from "../port.ts";
import { withinDeadline } from "../shared/deadline.ts";
import { fromListen, fromPlatform } from "../shared/errno.ts";
import { promiseOf } from "../shared/promise-of.ts";
import { bun, type BunSocket } from "./bun.ts";
import { BunConnection, socketHandlers } from "./connection.ts";

function listen(address: SocketAddress, accept: (connection: Connection) => ConnectionHandler): Listener {
  const socket = socketHandlers((opened) => {
    const connection = new BunConnection(opened);
    opened.data = connection;
    connection.attach(accept(connection));
  });
  try {
    const listener = bun.listen({ hostname: address.host, port: address.port, allowHalfOpen: true, socket });
    return {
      address: { host: listener.hostname, port: listener.port },
      close: () => promiseOf(() => listener.stop(false)),
    };
  } catch (error) {
    throw fromListen(error, `Listen on ${address.host}:${address.port}`);
  }
}

async function connect(address: SocketAddress, handler: ConnectionHandler, action: string): Promise<BunSocket> {
  const handlers = socketHandlers((opened) => {
    const connection = new BunConnection(opened);
    opened.data = connection;
    connection.attach(handler);
  });
  // Without a `connectError` of its own Bun takes a refusal for an uncaught error besides rejecting.
  const socket = { ...handlers, connectError: () => undefined };
  try {
    return await bun.connect({ hostname: address.host, port: address.port, allowHalfOpen: true, socket });
  } catch (error) {
    throw fromPlatform(error, action, "CONNECTION_REFUSED");
  }
}

/** A handler that is deaf until the connection is its caller's: what a late connection does is nobody's concern. */
function silenced(handler: ConnectionHandler, isOver: () => boolean): ConnectionHandler {
  return {
    onData: (data) => isOver() || handler.onData(data),
    onDrain: () => isOver() || handler.onDrain(),
    onEnd: () => isOver() || handler.onEnd(),
    onClose: (error) => isOver() || handler.onClose(error),
  };
}

/** TCP for Bun. */
export function createNetwork(): Network {
  return {
    listen: (address, accept) => promiseOf(() => listen(address, accept)),
    async dial(address, handler, options) {
      const action = `Connect to ${address.host}:${address.port}`;
      let over = false;
      const socket = await withinDeadline(
        action,
        options,
        (signal) => {
          // Bun's connect cannot be ended; a connection that comes too late is dropped.
          signal.addEventListener("abort", () => over = true, { once: true });
          return connect(address, silenced(handler, () => over), action);
        },
        (late) => late.terminate(),
      );
      return socket.data as BunConnection;
    },
  };
}
