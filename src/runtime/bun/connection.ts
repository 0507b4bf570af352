/**
 * A TCP connection of Bun's: its sockets take what the kernel takes and leave the rest to us, so the queue is here.
 *
 * @module
 */
import type { Connection, ConnectionHandler, SocketAddress } from "../port.ts";
import { failure, fromPlatform } from "../shared/errno.ts";
import type { BunSocket, BunSocketHandlers } from "./bun.ts";

/** What `write` was given and the kernel has not taken. */
class SendQueue {
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** Gives chunks to `send` until it takes less than all of one. */
  flush(send: (chunk: Uint8Array) => number): void {
    let done = 0;
    for (const chunk of this.#chunks) {
      const taken = Math.max(0, send(chunk));
      this.#bytes -= taken;
      if (taken < chunk.length) {
        this.#chunks[done] = chunk.subarray(taken);
        break;
      }
      done += 1;
    }
    this.#chunks.splice(0, done);
  }

  clear(): void {
    this.#chunks = [];
    this.#bytes = 0;
  }
}

export class BunConnection implements Connection {
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
  readonly #socket: BunSocket;
  readonly #queue = new SendQueue();
  #handler: ConnectionHandler | undefined;
  #state: "open" | "ending" | "ended" | "closed" = "open";
  #peerEnded = false;
  #destroyed = false;
  #paused = false;
  #failure: Error | undefined;
  /** What arrived after `pause`: Bun may have read it already. */
  #held: Uint8Array<ArrayBuffer>[] = [];

  constructor(socket: BunSocket) {
    this.#socket = socket;
    this.remote = { host: socket.remoteAddress, port: socket.remotePort };
    this.local = { host: socket.localAddress, port: socket.localPort };
    socket.setNoDelay(true);
  }

  /** Says who is told of the events. */
  attach(handler: ConnectionHandler): void {
    this.#handler = handler;
  }

  get bufferedBytes(): number {
    return this.#queue.bytes;
  }

  write(data: Uint8Array): boolean {
    if (this.#state !== "open") return false;
    this.#queue.push(data);
    this.#flush();
    return this.#queue.bytes === 0;
  }

  keepAlive(idleMs: number): boolean {
    // Elsewhere the pace of what follows is the system's own, most often minutes.
    return process.platform === "linux" && this.#socket.setKeepAlive(true, idleMs);
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    // What takes the first piece may pause again: the rest stays held.
    while (!this.#paused) {
      const data = this.#held.shift();
      if (data === undefined) return this.#socket.resume();
      this.#handler?.onData(data);
    }
  }

  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ending";
    this.#flush();
  }

  destroy(): void {
    if (this.#state === "closed") return;
    this.#destroyed = true;
    this.#socket.terminate();
  }

  receive(data: Uint8Array<ArrayBuffer>): void {
    if (this.#paused) this.#held.push(data);
    else this.#handler?.onData(data);
  }

  drain(): void {
    if (this.#queue.bytes === 0) return;
    this.#flush();
    if (this.#queue.bytes === 0 && this.#state === "open") this.#handler?.onDrain();
  }

  receiveEnd(): void {
    if (this.#peerEnded) return;
    this.#peerEnded = true;
    this.#handler?.onEnd();
    this.#closeIfBothEnded();
  }

  fail(error: Error): void {
    this.#failure ??= fromPlatform(error, "Keep a connection", "CONNECTION_RESET");
  }

  closed(error?: Error): void {
    if (this.#state === "closed") return;
    if (error !== undefined) this.fail(error);
    // When we ended first, Bun closes at the peer's end without a call of `end`.
    if (this.#state === "ended" && this.#failure === undefined && !this.#destroyed) this.receiveEnd();
    const orderly = this.#destroyed || (this.#peerEnded && this.#state === "ended");
    this.#state = "closed";
    this.#queue.clear();
    this.#handler?.onClose(orderly ? undefined : this.#failure);
  }

  #flush(): void {
    this.#queue.flush((chunk) => this.#send(chunk));
    if (this.#state !== "ending" || this.#queue.bytes > 0) return;
    this.#state = "ended";
    this.#socket.shutdown();
    this.#closeIfBothEnded();
  }

  /** Bun tells of a reset that a write meets by the write's result only. */
  #send(chunk: Uint8Array): number {
    const taken = this.#socket.write(chunk);
    if (taken < 0) this.#failure ??= failure("CONNECTION_RESET", "Keep a connection");
    return taken;
  }

  /** With `allowHalfOpen` Bun leaves closing to us. */
  #closeIfBothEnded(): void {
    if (this.#peerEnded && this.#state === "ended") this.#socket.end();
  }
}

/** Events of Bun's sockets, passed on to the connection that each socket carries. */
export function socketHandlers(open: (socket: BunSocket) => void): BunSocketHandlers {
  const of = (socket: BunSocket) => socket.data instanceof BunConnection ? socket.data : undefined;
  return {
    binaryType: "uint8array",
    open,
    data: (socket, data) => of(socket)?.receive(data),
    drain: (socket) => of(socket)?.drain(),
    end: (socket) => of(socket)?.receiveEnd(),
    close: (socket, error) => of(socket)?.closed(error),
    error: (socket, error) => of(socket)?.fail(error),
  };
}
