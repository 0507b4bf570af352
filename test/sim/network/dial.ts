/**
 * Connecting: name look-up, three packets, a time-out and an abort.
 *
 * @module
 */
import type { ErrorCode } from "../../../src/errors.ts";
import type { Connection, ConnectionHandler, SocketAddress, Timer } from "../../../src/runtime/port.ts";
import { failure } from "../../../src/runtime/shared/errno.ts";
import { drawMs } from "../draw.ts";
import type { SimHost } from "../host.ts";
import type { Resource, SimProcess } from "../process/sim-process.ts";
import { Lane } from "./lane.ts";
import { SimConnection } from "./sim-connection.ts";

const LOOK_UP_MS = [0.5, 20] as const;

interface DialInit {
  readonly address: SocketAddress;
  readonly handler: ConnectionHandler;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** One attempt to connect. */
export class Dial implements Resource {
  readonly keepsAlive = true;
  readonly #process: SimProcess;
  readonly #init: DialInit;
  readonly #action: string;
  #resolve: (connection: Connection) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #isOver = false;
  #timeout: Timer | undefined;
  #lanes: readonly Lane[] = [];
  readonly #onAbort = (): void => this.#fail("ABORTED");

  constructor(process: SimProcess, init: DialInit) {
    this.#process = process;
    this.#init = init;
    this.#action = `Connect to ${init.address.host}:${init.address.port}`;
  }

  start(): Promise<Connection> {
    const { signal, timeoutMs, address } = this.#init;
    this.#process.own(this);
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#timeout = this.#process.after(timeoutMs, () => this.#fail("TIMED_OUT"));
      signal?.addEventListener("abort", this.#onAbort, { once: true });
      if (signal?.aborted === true) {
        this.#process.after(0, this.#onAbort);
        return;
      }
      const lookUpMs = this.#network.isName(address.host) ? drawMs(this.#process.random, LOOK_UP_MS) : 0;
      this.#process.after(lookUpMs, () => this.#lookUp());
    });
  }

  drop(): void {
    this.#end();
  }

  get #network() {
    return this.#process.host.world.network;
  }

  #lookUp(): void {
    if (this.#isOver) return;
    const { host } = this.#process;
    const { address } = this.#init;
    const failed = this.#network.isName(address.host) &&
      this.#network.random.chance(host.world.faults.network.lookUpFailureRate);
    const destination = failed ? undefined : this.#network.resolve(address.host, host);
    if (destination === undefined) this.#fail("HOST_NOT_FOUND");
    else if (destination.host !== host && !host.isPlugged) this.#fail("NETWORK_UNREACHABLE");
    else if (destination.host !== undefined) this.#knock(destination.host, destination.ip);
  }

  /** SYN there, which a router may drop; a refusal or SYN-ACK back; the third packet lets the listener's process know. */
  #knock(target: SimHost, ip: string): void {
    const near = this.#process.host;
    if (!this.#network.letsIn(near, target)) return;
    const there = new Lane(this.#network, near, target);
    const back = new Lane(this.#network, target, near);
    this.#lanes = [there, back];
    const remote = { host: ip, port: this.#init.address.port };
    post(there, () => {
      const listener = target.listeners.find(ip, remote.port);
      if (listener === undefined) post(back, () => this.#fail("CONNECTION_REFUSED"));
      else {
        post(back, () => {
          if (!this.#isOver) this.#connect({ there, back }, remote);
        });
      }
    });
  }

  #connect({ there, back }: { there: Lane; back: Lane }, remote: SocketAddress): void {
    const near = this.#process.host;
    const target = there.to;
    const local = { host: there.isLoopback ? "127.0.0.1" : near.ip, port: near.listeners.freePort() };
    const seen = there.isLoopback ? local : { host: this.#network.sourceIp(near, target), port: local.port };
    const label = `${near.name}:${local.port}>${target.name}:${remote.port}`;
    const connection = new SimConnection({ process: this.#process, label, local, remote, lane: there });
    near.world.note(`net ${label} connected`);
    post(there, () => {
      const listener = target.listeners.find(remote.host, remote.port);
      if (listener === undefined) post(back, () => connection.fail("CONNECTION_RESET"));
      else {
        const init = { process: listener.process, label: `${label} back`, local: remote, remote: seen, lane: back };
        const accepted = new SimConnection(init);
        SimConnection.join(connection, accepted);
        listener.process.enter(() => accepted.attach(listener.accept(accepted)));
      }
    });
    this.#end();
    this.#process.enter(() => this.#resolve(connection));
    connection.attach(this.#init.handler);
  }

  #fail(code: ErrorCode): void {
    if (this.#isOver) return;
    for (const lane of this.#lanes) lane.close();
    this.#end();
    this.#process.enter(() => this.#reject(failure(code, this.#action)));
  }

  #end(): void {
    this.#isOver = true;
    this.#timeout?.cancel();
    this.#init.signal?.removeEventListener("abort", this.#onAbort);
    this.#process.disown(this);
  }
}

/** Sends a packet without data, which nobody gives up but the dialer. */
function post(lane: Lane, arrive: () => void): void {
  lane.send({ sizeBytes: 0, arrive, giveUp: () => undefined });
}
