/**
 * Watching a node from its platform: what it sends and acknowledges, and how much it holds.
 *
 * @module
 */
import type { Connection, ConnectionHandler, Network, Runtime } from "../../../src/runtime/port.ts";
import { countTimers } from "../fleet/instruments.ts";
import type { ProcessRecord } from "../fleet/record.ts";
import { Frames, readFrame } from "./frames.ts";
import type { MailFleet } from "./mail-fleet.ts";
import type { Holdings } from "./record.ts";

/** The runtime, watched. */
export function watchMail(runtime: Runtime, one: ProcessRecord, fleet: MailFleet): Runtime {
  const watched = { ...runtime, clock: countTimers(runtime.clock, one) };
  return one.role === "agent" || one.role === "relay"
    ? { ...watched, network: watchNetwork(runtime.network, one, fleet) }
    : watched;
}

function watchNetwork(network: Network, one: ProcessRecord, fleet: MailFleet): Network {
  const holdings: Holdings = {
    connections: 0,
    connectionsMax: 0,
    perAddressMax: 0,
    bufferedBytesMax: 0,
    bufferedBytesAllMax: 0,
    open: new Set(),
  };
  const perAddress = new Map<string, number>();
  fleet.record.holdings.set(one, holdings);
  const open = (host: string): () => void => {
    holdings.connections++;
    holdings.connectionsMax = Math.max(holdings.connectionsMax, holdings.connections);
    const ofAddress = (perAddress.get(host) ?? 0) + 1;
    perAddress.set(host, ofAddress);
    holdings.perAddressMax = Math.max(holdings.perAddressMax, ofAddress);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      holdings.connections--;
      perAddress.set(host, (perAddress.get(host) ?? 0) - 1);
    };
  };
  const tap = (connection: Connection, closed: () => void): Connection =>
    new TappedConnection(connection, { one, fleet, holdings, closed });
  return {
    listen: (address, accept) =>
      network.listen(address, (connection) => {
        const closed = open(connection.remote.host);
        return watchHandler(accept(tap(connection, closed)), closed);
      }),
    dial: async (address, handler, options) => {
      const closed = open(address.host);
      try {
        return tap(await network.dial(address, watchHandler(handler, closed), options), closed);
      } catch (thrown) {
        closed();
        throw thrown;
      }
    },
  };
}

function watchHandler(handler: ConnectionHandler, closed: () => void): ConnectionHandler {
  return {
    onData: (data) => handler.onData(data),
    onDrain: () => handler.onDrain(),
    onEnd: () => handler.onEnd(),
    onClose: (error) => {
      closed();
      if (error === undefined) handler.onClose();
      else handler.onClose(error);
    },
  };
}

interface TapContext {
  readonly one: ProcessRecord;
  readonly fleet: MailFleet;
  readonly holdings: Holdings;
  /** It counts no more. */
  readonly closed: () => void;
}

class TappedConnection implements Connection {
  readonly #connection: Connection;
  readonly #context: TapContext;
  readonly #frames = new Frames();

  constructor(connection: Connection, context: TapContext) {
    this.#connection = connection;
    this.#context = context;
    if (context.one.role === "relay") context.holdings.open.add(this);
  }

  get remote() {
    return this.#connection.remote;
  }

  get local() {
    return this.#connection.local;
  }

  get bufferedBytes(): number {
    return this.#connection.bufferedBytes;
  }

  write(data: Uint8Array): boolean {
    const { holdings, one } = this.#context;
    if (one.role === "agent" && one.process.isRunning) {
      for (const frame of this.#frames.push(data)) {
        this.#note(frame);
      }
    }
    const goesOn = this.#connection.write(data);
    holdings.bufferedBytesMax = Math.max(holdings.bufferedBytesMax, this.#connection.bufferedBytes);
    return goesOn;
  }

  keepAlive(idleMs: number): boolean {
    return this.#connection.keepAlive?.(idleMs) === true;
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  end(): void {
    this.#connection.end();
  }

  destroy(): void {
    this.#context.closed();
    this.#context.holdings.open.delete(this);
    this.#connection.destroy();
  }

  /** In the moment in which it leaves the node, before anything of it has left the host. */
  #note(frame: Uint8Array): void {
    const { fleet, one } = this.#context;
    const { record } = fleet;
    const message = readFrame(frame);
    if (message === undefined) return;
    const { body, from, id, t, to } = message;
    if (t === "DIRECT" && to !== undefined) record.sent.set(id, { from, to });
    const isAcknowledgement = t === "ACK" || (t === "ERROR" && body["code"] === "REPLAY");
    const ref = body["ref"];
    if (!isAcknowledgement || typeof ref !== "string" || to === undefined) return;
    // `REPLAY` is said of other types as well.
    if (t === "ERROR" && record.sent.get(ref)?.from !== to) return;
    record.acknowledged++;
    fleet.mailOf(one.process.host).ledger.acknowledged({ from: to, id: ref });
  }
}
