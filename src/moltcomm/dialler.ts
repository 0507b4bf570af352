/**
 * From an address to a link whose far end has said who it is.
 *
 * @module
 */
import { formatPeerAddress, type PeerAddress } from "../contract/mod.ts";
import { isBarnacleError, toBarnacleError } from "../errors.ts";
import type { Connection, Network } from "../runtime/port.ts";
import type { Handshakes } from "./handshakes.ts";
import type { Link } from "./link.ts";
import type { Links } from "./links.ts";
import { failure, type RequestFailure } from "./requests.ts";

/** What the dialler works with. */
export interface DiallerComponents {
  readonly network: Pick<Network, "dial">;
  readonly links: Links;
  readonly handshakes: Handshakes;
}

/** A link on which the node that was sought shook hands, or why there is none. `isSelf`: we dialled ourselves. */
export type Dialled =
  | { readonly link: Link; readonly nodeId: string }
  | { readonly link: undefined; readonly failure: RequestFailure; readonly isSelf: boolean };

/** See the module's description. */
export class Dialler {
  readonly #components: DiallerComponents;
  readonly #stopping = new AbortController();

  constructor(components: DiallerComponents) {
    this.#components = components;
  }

  /**
   * Connects, and shakes hands.
   *
   * @param to who must answer; `undefined` where nobody is known to be there
   * @param timeoutMs of the connecting; the handshake has the time of a request
   */
  async dial(address: PeerAddress, to: string | undefined, timeoutMs: number): Promise<Dialled> {
    const { links, handshakes } = this.#components;
    const text = formatPeerAddress(address);
    // A `relay://` address leads to the relay and not to the node: links over relays have a way of their own.
    if (address.scheme !== "tcp") return none("NO_ADDRESS", `${text} is no address to dial directly`);
    if (!links.mayDial()) return none("CONNECTION_LOST", "too many connections are open");
    const link = links.dial();
    const { host, port } = address;
    const { signal } = this.#stopping;
    let connection: Connection;
    try {
      connection = await this.#components.network.dial({ host, port }, link, { timeoutMs, signal });
    } catch (thrown) {
      links.notDialled();
      return notConnected(thrown, text);
    }
    links.dialled(link, connection);
    const greeting = await handshakes.greet(link, to);
    if (greeting.isMet) return { link, nodeId: greeting.nodeId };
    links.close(link, "no_handshake");
    const { failure: why, isSelf } = greeting;
    return { link: undefined, failure: { ...why, detail: `${text}: ${why.detail}` }, isSelf };
  }

  /** Gives up what is being dialled, and dials no more. */
  stop(): void {
    this.#stopping.abort();
  }
}

function none(reason: RequestFailure["reason"], detail: string): Dialled {
  return { link: undefined, failure: failure(reason, detail), isSelf: false };
}

function notConnected(thrown: unknown, address: string): Dialled {
  if (isBarnacleError(thrown, "ABORTED")) return none("STOPPED", "the node stops");
  const { code } = toBarnacleError(thrown, `Connect to ${address}`);
  return none(code === "TIMED_OUT" ? "TIMED_OUT" : "CONNECTION_LOST", `${address}: ${code}`);
}
