/** TCP on `node:net`. @module */
import type { Server, Socket } from "node:net";
import type { Connection, ConnectionHandler, Listener, Network, SocketAddress } from "../port.ts";
import { withinDeadline } from "../shared/deadline.ts";
import { fromListen, fromPlatform } from "../shared/errno.ts";
import { promiseOf } from "../shared/promise-of.ts";

class NodeConnection implements Connection {
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.remote = { host: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
    this.local = { host: socket.localAddress ?? "", port: socket.localPort ?? 0 };
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  write(data: Uint8Array): boolean {
    return this.#socket.writable && this.#socket.write(data);
  }

  keepAlive(idleMs: number): boolean {
    // Elsewhere the pace of what follows is the system's own, most often minutes.
    if (process.platform !== "linux") return false;
    this.#socket.setKeepAlive(true, idleMs);
    return true;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** Hands the socket's events to the handler, and reads from now on. */
function attach(socket: Socket, handler: ConnectionHandler): void {
  let failure: Error | undefined;
  socket.on(
    "data",
    (data: Buffer) => handler.onData(new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.length)),
  );
  socket.on("drain", () => handler.onDrain());
  socket.on("end", () => handler.onEnd());
  socket.on("error", (error) => failure = fromPlatform(error, "Keep a connection", "CONNECTION_RESET"));
  socket.on("close", () => handler.onClose(failure));
}

function listen(address: SocketAddress, accept: (connection: Connection) => ConnectionHandler): Promise<Listener> {
  const net = process.getBuiltinModule("node:net");
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    attach(socket, accept(new NodeConnection(socket)));
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(fromListen(error, `Listen on ${address.host}:${address.port}`)));
    server.listen(address.port, address.host, () => resolve(toListener(server)));
  });
}

function toListener(server: Server): Listener {
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new TypeError("A TCP listener has an address and a port");
  return {
    address: { host: bound.address, port: bound.port },
    // The server's own `close` event waits for its connections, which are to stay.
    close: () => promiseOf(() => void server.close()),
  };
}

function connect(address: SocketAddress, signal: AbortSignal, action: string): Promise<Socket> {
  const net = process.getBuiltinModule("node:net");
  return new Promise((resolve, reject) => {
    const socket = net.connect({ ...address, allowHalfOpen: true, noDelay: true });
    const fail = (error: Error) => reject(fromPlatform(error, action, "CONNECTION_REFUSED"));
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.off("error", fail);
      resolve(socket);
    });
    signal.addEventListener("abort", () => socket.destroy(), { once: true });
  });
}

/** TCP for Node. */
export function createNetwork(): Network {
  return {
    listen,
    async dial(address, handler, options) {
      const action = `Connect to ${address.host}:${address.port}`;
      const socket = await withinDeadline(
        action,
        options,
        (signal) => connect(address, signal, action),
        (late) => late.destroy(),
      );
      attach(socket, handler);
      return new NodeConnection(socket);
    },
  };
}
