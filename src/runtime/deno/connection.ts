/** A TCP connection of Deno's: a loop that reads while it may, and one that writes what is queued. @module */
import { Turns } from "../../turns.ts";
import type { Connection, ConnectionHandler, SocketAddress } from "../port.ts";
import { fromPlatform } from "../shared/errno.ts";
import type { DenoConnection } from "./deno.ts";

const READ_BYTES = 64 * 1024;
/** Queued bytes beyond which `write` asks for a pause. */
const QUEUE_BYTES_HIGH = 64 * 1024;

export class TcpConnection implements Connection {
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
  readonly #connection: DenoConnection;
  readonly #turns = new Turns();
  #handler: ConnectionHandler | undefined;
  #queuedBytes = 0;
  #askedToWait = false;
  #ending = false;
  #ended = false;
  #peerEnded = false;
  #closed = false;
  #failure: Error | undefined;
  #paused = false;
  #resume: (() => void) | undefined;

  constructor(connection: DenoConnection) {
    this.#connection = connection;
    this.remote = { host: connection.remoteAddr.hostname, port: connection.remoteAddr.port };
    this.local = { host: connection.localAddr.hostname, port: connection.localAddr.port };
    connection.setNoDelay(true);
  }

  /** Says who is told of the events, and begins to read. */
  attach(handler: ConnectionHandler): void {
    this.#handler = handler;
    void this.#readAll();
  }

  get bufferedBytes(): number {
    return this.#queuedBytes;
  }

  write(data: Uint8Array): boolean {
    if (this.#ending || this.#closed) return false;
    this.#queuedBytes += data.length;
    void this.#turns.take(() => this.#send(data));
    const goOn = this.#queuedBytes < QUEUE_BYTES_HIGH;
    if (!goOn) this.#askedToWait = true;
    return goOn;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#resume?.();
    this.#resume = undefined;
  }

  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    void this.#turns.take(() => this.#sendEnd());
  }

  destroy(): void {
    this.#close();
  }

  async #send(data: Uint8Array): Promise<void> {
    try {
      for (let sent = 0; sent < data.length && !this.#closed;) {
        const count = await this.#connection.write(data.subarray(sent));
        sent += count;
        this.#queuedBytes -= count;
      }
    } catch (error) {
      this.#fail(error);
    }
    if (this.#queuedBytes > 0 || !this.#askedToWait || this.#closed) return;
    this.#askedToWait = false;
    if (!this.#ending) this.#handler?.onDrain();
  }

  async #sendEnd(): Promise<void> {
    if (this.#closed) return;
    try {
      await this.#connection.closeWrite();
      this.#ended = true;
      if (this.#peerEnded) this.#close();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #readAll(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    try {
      for (;;) {
        const count = await this.#connection.read(buffer);
        if (this.#paused) await new Promise<void>((resolve) => this.#resume = resolve);
        if (this.#closed) return;
        if (count === null) break;
        this.#handler?.onData(buffer.slice(0, count));
      }
      this.#peerEnded = true;
      this.#handler?.onEnd();
      if (this.#ended) this.#close();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(thrown: unknown): void {
    if (this.#closed) return;
    this.#failure = fromPlatform(thrown, "Keep a connection", "CONNECTION_RESET");
    this.#close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queuedBytes = 0;
    this.resume();
    this.#connection.close();
    const handler = this.#handler;
    // Never from within a call of the owner's.
    queueMicrotask(() => handler?.onClose(this.#failure));
  }
}
