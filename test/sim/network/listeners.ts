/** Who listens on a simulated host. @module */
import type { Connection, ConnectionHandler, Listener, SocketAddress } from "../../../src/runtime/port.ts";
import { failure } from "../../../src/runtime/shared/errno.ts";
import type { Resource, SimProcess } from "../process/sim-process.ts";

const ANY_ADDRESSES = ["0.0.0.0", "::", ""];
const FIRST_FREE_PORT = 49_152;
const LAST_FREE_PORT = 65_535;

/** One listening socket. */
export interface OpenListener extends Resource {
  readonly process: SimProcess;
  /** The address bound; the empty string for every address of the host. */
  readonly ip: string;
  readonly port: number;
  accept(connection: Connection): ConnectionHandler;
}

export class Listeners {
  readonly #open = new Set<OpenListener>();
  #nextFreePort = FIRST_FREE_PORT;

  /** @throws `ADDRESS_IN_USE`, `ADDRESS_UNAVAILABLE` */
  add(
    process: SimProcess,
    { host, port }: SocketAddress,
    accept: (connection: Connection) => ConnectionHandler,
  ): Listener {
    const action = `Listen on ${host}:${port}`;
    const ip = this.#localIp(process, host, action);
    const listener: OpenListener = {
      process,
      ip,
      port: port === 0 ? this.freePort() : port,
      accept,
      keepsAlive: true,
      drop: () => this.#open.delete(listener),
    };
    if (this.#isTaken(listener)) throw failure("ADDRESS_IN_USE", action);
    this.#open.add(listener);
    process.own(listener);
    return {
      address: { host: ip === "" ? host : ip, port: listener.port },
      close: () =>
        process.operation(0, () => {
          this.#open.delete(listener);
          process.disown(listener);
        }),
    };
  }

  /** The listener that takes a connection to the address. */
  find(ip: string, port: number): OpenListener | undefined {
    for (const listener of this.#open) {
      if (listener.port === port && (listener.ip === "" || listener.ip === ip)) return listener;
    }
    return undefined;
  }

  /** A port for the near end of a connection, or for a listener that does not mind. */
  freePort(): number {
    for (;;) {
      const port = this.#nextFreePort++;
      if (this.#nextFreePort > LAST_FREE_PORT) this.#nextFreePort = FIRST_FREE_PORT;
      if (![...this.#open].some((listener) => listener.port === port)) return port;
    }
  }

  #localIp(process: SimProcess, host: string, action: string): string {
    if (ANY_ADDRESSES.includes(host)) return "";
    const destination = process.host.world.network.resolve(host, process.host);
    if (destination?.host !== process.host) throw failure("ADDRESS_UNAVAILABLE", action);
    return destination.ip;
  }

  #isTaken({ ip, port }: OpenListener): boolean {
    for (const other of this.#open) {
      if (other.port === port && (ip === "" || other.ip === "" || ip === other.ip)) return true;
    }
    return false;
  }
}
