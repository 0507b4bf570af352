/** A connection's handler which writes down what it is told. @module */
import assert from "node:assert/strict";
import type { Clock, Connection, ConnectionHandler, Listener, Runtime, SocketAddress } from "../../src/runtime/port.ts";
import { until, WAIT_MS } from "./helpers.ts";

/** Records the events of one connection. */
export class Recorder implements ConnectionHandler {
  readonly #clock: Clock;
  readonly #decoder = new TextDecoder();
  text = "";
  receivedBytes = 0;
  drains = 0;
  ends = 0;
  closes = 0;
  closeError: Error | undefined;
  /** Called with each part, instead of keeping its text. */
  take: ((data: Uint8Array) => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  onData(data: Uint8Array<ArrayBuffer>): void {
    assert.equal(this.closes, 0, "nothing comes after onClose");
    this.receivedBytes += data.length;
    if (this.take === undefined) this.text += this.#decoder.decode(data, { stream: true });
    else this.take(data);
  }

  onDrain(): void {
    this.drains += 1;
  }

  onEnd(): void {
    this.ends += 1;
  }

  onClose(error?: Error): void {
    this.closes += 1;
    this.closeError = error;
  }

  received(text: string): Promise<void> {
    return until(this.#clock, WAIT_MS, `"${text}" arrives`, () => this.text === text);
  }

  ended(): Promise<void> {
    return until(this.#clock, WAIT_MS, "the peer's end arrives", () => this.ends > 0);
  }

  closed(): Promise<void> {
    return until(this.#clock, WAIT_MS, "the connection is closed", () => this.closes > 0);
  }
}

/** One side of a connection. */
export interface Side {
  readonly connection: Connection;
  readonly events: Recorder;
}

/** A listener of our own and both sides of a connection to it. */
export interface Pair {
  readonly listener: Listener;
  readonly client: Side;
  readonly server: Side;
  readonly close: () => Promise<void>;
}

/** Listens on a free port and connects to it. */
export async function connectPair(runtime: Runtime): Promise<Pair> {
  const accepted: Side[] = [];
  const listener = await runtime.network.listen({ host: "127.0.0.1", port: 0 }, (connection) => {
    const events = new Recorder(runtime.clock);
    accepted.push({ connection, events });
    return events;
  });
  const client = await dialRecorded(runtime, listener.address);
  await until(runtime.clock, WAIT_MS, "the connection is accepted", () => accepted.length > 0);
  const server = accepted[0];
  assert.ok(server !== undefined);
  return {
    listener,
    client,
    server,
    async close() {
      client.connection.destroy();
      server.connection.destroy();
      await listener.close();
    },
  };
}

/** Connects and records. */
export async function dialRecorded(runtime: Runtime, address: SocketAddress): Promise<Side> {
  const events = new Recorder(runtime.clock);
  const connection = await runtime.network.dial(address, events, { timeoutMs: WAIT_MS });
  return { connection, events };
}

/** A conversation in HTTP/1.1 bytes. */
export async function speakHttp(runtime: Runtime, address: SocketAddress, request: string): Promise<Side> {
  const side = await dialRecorded(runtime, address);
  side.connection.write(new TextEncoder().encode(request));
  return side;
}
