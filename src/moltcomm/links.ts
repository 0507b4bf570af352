/**
 * All connections of the node: how many there may be, who is at their far ends, and when what was written leaves.
 *
 * @module
 */
import type { Logger } from "../log/mod.ts";
import type { Clock, Connection, ConnectionHandler } from "../runtime/port.ts";
import { CONNECTIONS_PER_ADDRESS_RATIO, DIAL_RESERVE_RATIO } from "./bounds.ts";
import { Link, type LinkOrigin, type LinkOwner, type RelaySide } from "./link.ts";
import { type CloseReason, Traffic } from "./traffic.ts";

/** What the links need. */
export interface LinksComponents {
  readonly clock: Clock;
  readonly log: Logger;
  readonly traffic: Traffic;
}

/** How many links there may be and what each may hold. */
export interface LinksInit {
  readonly connectionsMax: number;
  readonly maxFrameBytes: number;
  readonly paceBurst: number;
  /** A link to a relay brings what many nodes say: it is read so many times as fast. */
  readonly relayPaceFactor: number;
}

/** Who is told of the links' events. */
export interface LinksListener {
  readable(link: Link): void;
  drained(link: Link): void;
  /** A first link after none, or a further one. */
  opened(link: Link): void;
  closed(link: Link): void;
}

/** Takes the events of a connection that nobody wants. */
const DEAF: ConnectionHandler = {
  onData: () => undefined,
  onDrain: () => undefined,
  onEnd: () => undefined,
  onClose: () => undefined,
};

/** See the module's description. */
export class Links implements LinkOwner {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #traffic: Traffic;
  readonly #init: LinksInit;
  readonly #acceptedMax: number;
  readonly #perAddressMax: number;
  readonly #all = new Set<Link>();
  readonly #byNode = new Map<string, Link[]>();
  readonly #byAddress = new Map<string, number>();
  #listener: LinksListener | undefined;
  #isInTurn: () => boolean = () => false;
  #corked: Link[] = [];
  #isFlushAsked = false;
  #dialling = 0;
  #accepted = 0;

  constructor(components: LinksComponents, init: LinksInit) {
    this.#clock = components.clock;
    this.#log = components.log;
    this.#traffic = components.traffic;
    this.#init = init;
    this.#acceptedMax = init.connectionsMax - Math.floor(init.connectionsMax * DIAL_RESERVE_RATIO);
    this.#perAddressMax = Math.max(1, Math.ceil(init.connectionsMax * CONNECTIONS_PER_ADDRESS_RATIO));
  }

  /** Says who is told, and whether a turn is under way, at whose end everything written is flushed. */
  attach(listener: LinksListener, isInTurn: () => boolean): void {
    this.#listener = listener;
    this.#isInTurn = isInTurn;
  }

  /** Every link that is open. */
  get all(): ReadonlySet<Link> {
    return this.#all;
  }

  get acceptedCount(): number {
    return this.#accepted;
  }

  get dialledCount(): number {
    return this.#all.size - this.#accepted;
  }

  /** Nodes that shook hands on a link that is open. */
  get connectedNodes(): Iterable<string> {
    return this.#byNode.keys();
  }

  get connectedNodeCount(): number {
    return this.#byNode.size;
  }

  /** The links on which this node shook hands, the newest last. */
  of(nodeId: string): readonly Link[] {
    return this.#byNode.get(nodeId) ?? [];
  }

  /** Takes a connection that came in; one too many is closed. */
  accept(connection: Connection): ConnectionHandler {
    const link = this.#make("accepted");
    const reason = this.#whyNot(connection, link);
    if (reason !== undefined) {
      this.#noteClosed(reason, `${connection.remote.host}:${connection.remote.port}`);
      connection.destroy();
      return DEAF;
    }
    this.#accepted++;
    this.#opened(link);
    return link;
  }

  /** Whether one more may be dialled; where all places are taken, a dialled one without use makes room. */
  mayDial(): boolean {
    if (this.#all.size + this.#dialling < this.#init.connectionsMax) return true;
    for (const link of this.#all) {
      if (link.origin !== "dialled" || link.isKept || link.owed > 0 || link.deliveries > 0) continue;
      this.close(link, "unused");
      return true;
    }
    return false;
  }

  /** A link that is being dialled. It counts until `dialled` or `notDialled`. @param relay given where a relay is dialled */
  dial(relay?: RelaySide): Link {
    this.#dialling++;
    return this.#make("dialled", relay);
  }

  dialled(link: Link, connection: Connection): void {
    this.#dialling--;
    link.open(connection);
    if (!link.isClosed) this.#opened(link);
  }

  notDialled(): void {
    this.#dialling--;
  }

  /**
   * Notes who shook hands on the link. The first one stays: later ones are answered, but not sought there. A relay is no node that is
   * written to: it is not found by `of`.
   */
  identify(link: Link, nodeId: string): void {
    if (link.peerId !== undefined || link.isClosed) return;
    link.peerId = nodeId;
    if (link.relay !== undefined) return;
    const links = this.#byNode.get(nodeId);
    if (links === undefined) this.#byNode.set(nodeId, [link]);
    else links.push(link);
  }

  /** Drops a link, counted under the reason. */
  close(link: Link, reason: CloseReason): void {
    if (link.isClosed) return;
    this.#noteClosed(reason, link.remote);
    link.drop();
  }

  /** Ends a link in order: what is queued leaves first. */
  end(link: Link, reason: CloseReason | undefined): void {
    if (!link.isOpen) return;
    if (reason !== undefined) this.#noteClosed(reason, link.remote);
    link.end(this.#clock.monotonicMs());
  }

  /** Writes all that is corked. */
  flush(): void {
    this.#isFlushAsked = false;
    const corked = this.#corked;
    this.#corked = [];
    for (const link of corked) link.flush();
  }

  onReadable(link: Link): void {
    this.#listener?.readable(link);
  }

  onDrained(link: Link): void {
    this.#listener?.drained(link);
  }

  onCorked(link: Link): void {
    this.#corked.push(link);
    if (this.#isFlushAsked || this.#isInTurn()) return;
    this.#isFlushAsked = true;
    queueMicrotask(() => this.flush());
  }

  onClosed(link: Link): void {
    if (!this.#all.delete(link)) return;
    if (link.origin === "accepted") this.#accepted--;
    this.#leaveAddress(link);
    this.#leaveNode(link);
    this.#listener?.closed(link);
  }

  #make(origin: LinkOrigin, relay?: RelaySide): Link {
    const { maxFrameBytes, paceBurst, relayPaceFactor } = this.#init;
    const paceFactor = relay === undefined ? 1 : relayPaceFactor;
    return new Link(this, { origin, nowMs: this.#clock.monotonicMs(), maxFrameBytes, paceBurst, paceFactor, relay });
  }

  #opened(link: Link): void {
    this.#all.add(link);
    this.#byAddress.set(link.remoteKey, (this.#byAddress.get(link.remoteKey) ?? 0) + 1);
    this.#listener?.opened(link);
  }

  #whyNot(connection: Connection, link: Link): CloseReason | undefined {
    const isFull = this.#accepted >= this.#acceptedMax || this.#all.size + this.#dialling >= this.#init.connectionsMax;
    if (isFull) return "connections_max";
    link.open(connection);
    return (this.#byAddress.get(link.remoteKey) ?? 0) >= this.#perAddressMax ? "address_connections_max" : undefined;
  }

  #leaveAddress(link: Link): void {
    const left = (this.#byAddress.get(link.remoteKey) ?? 1) - 1;
    if (left > 0) this.#byAddress.set(link.remoteKey, left);
    else this.#byAddress.delete(link.remoteKey);
  }

  #leaveNode(link: Link): void {
    if (link.peerId === undefined || link.relay !== undefined) return;
    const others = this.of(link.peerId).filter((other) => other !== link);
    if (others.length > 0) this.#byNode.set(link.peerId, others);
    else this.#byNode.delete(link.peerId);
  }

  #noteClosed(reason: CloseReason, remote: string): void {
    Traffic.count(this.#traffic.closed, reason);
    if (reason === "unused" || reason === "stopped" || reason === "silent") {
      this.#log.debug("connection_closed", { reason, remote });
    } else {
      this.#log.problem(`moltcomm_closed:${reason}`, "warn", "connection_closed", { reason, remote });
    }
  }
}
