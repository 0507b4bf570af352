/**
 * From an address to a link whose far end has said who it is.
 *
 * @module
 */
import { formatPeerAddress, type PeerAddress } from "../contract/mod.ts";
import { isBarnacleError, toBarnacleError } from "../errors.ts";
import type { Clock, Connection, Network } from "../runtime/port.ts";
import { RELAY_HELLO_ACK_MS } from "./bounds.ts";
import type { Greeting, Handshakes } from "./handshakes.ts";
import type { Link, RelaySide } from "./link.ts";
import type { Links } from "./links.ts";
import type { Pings } from "./pings.ts";
import { failure, type RequestFailure } from "./requests.ts";
import type { Voice } from "./voice.ts";
import { within } from "./within.ts";

/** What the dialler works with. */
export interface DiallerComponents {
  readonly clock: Pick<Clock, "setTimer">;
  readonly network: Pick<Network, "dial">;
  readonly links: Links;
  readonly handshakes: Handshakes;
  readonly pings: Pings;
  readonly voice: Pick<Voice, "nodeId">;
}

/**
 * A link on which the node that was sought shook hands, or why there is none. `nodeId` is `undefined` for a relay that does not say who it
 * is. `isSelf`: we dialled ourselves.
 */
type Dialled =
  | { readonly link: Link; readonly nodeId: string | undefined }
  | {
    readonly link: undefined;
    readonly failure: RequestFailure;
    readonly isSelf: boolean;
    /** Somebody took the connection. */
    readonly isAnswered: boolean;
  };

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
   * @param relay where a relay is dialled, which `to` names then
   */
  async dial(
    address: PeerAddress,
    to: string | undefined,
    timeoutMs: number,
    relay?: RelaySide,
  ): Promise<Dialled> {
    const { links, handshakes } = this.#components;
    const text = formatPeerAddress(address);
    // A `relay://` address leads to the relay and not to the node: `relays/` knows the way through.
    if (address.scheme === "relay" && relay === undefined) {
      return none("NO_ADDRESS", `${text} is no address to dial directly`);
    }
    if (!links.mayDial()) return none("CONNECTION_LOST", "too many connections are open");
    const link = links.dial(relay);
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
    const greeting = relay === undefined || to !== undefined
      ? await handshakes.greet(link, to)
      : await this.#greetRelay(link);
    if (greeting === "unnamed") return { link, nodeId: undefined };
    if (greeting.isMet) {
      // A relay could play a HELLO that names nobody to another; once one names it, nobody takes our place there by that.
      if (relay !== undefined && to === undefined) handshakes.announce(link, greeting.nodeId).catch(() => undefined);
      return { link, nodeId: greeting.nodeId };
    }
    links.close(link, "no_handshake");
    const { failure: why, isSelf } = greeting;
    return { link: undefined, failure: { ...why, detail: `${text}: ${why.detail}` }, isSelf, isAnswered: true };
  }

  /**
   * A relay need not answer `HELLO`: where it does not, a question to ourselves that it passes back shows that we are registered. Source:
   * MoltComm v1, section 8.
   */
  async #greetRelay(link: Link): Promise<Greeting | "unnamed"> {
    const { clock, handshakes, pings, voice } = this.#components;
    const greeting = handshakes.greet(link, undefined);
    const early = await within(clock, greeting, RELAY_HELLO_ACK_MS);
    if (early !== undefined) return early;
    const echo = await pings.ask(link, voice.nodeId);
    if (echo.outcome === "failed" || !link.isOpen || link.peerId !== undefined) return await greeting;
    link.isProven = true;
    return "unnamed";
  }

  /** Gives up what is being dialled, and dials no more. */
  stop(): void {
    this.#stopping.abort();
  }
}

function none(reason: RequestFailure["reason"], detail: string): Dialled {
  return { link: undefined, failure: failure(reason, detail), isSelf: false, isAnswered: false };
}

function notConnected(thrown: unknown, address: string): Dialled {
  if (isBarnacleError(thrown, "ABORTED")) return none("STOPPED", "the node stops");
  const { code } = toBarnacleError(thrown, `Connect to ${address}`);
  return none(code === "TIMED_OUT" ? "TIMED_OUT" : "CONNECTION_LOST", `${address}: ${code}`);
}
