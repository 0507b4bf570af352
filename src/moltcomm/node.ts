/**
 * A MoltComm v1 node: listens, dials, shakes hands, passes mail both ways, and learns of other nodes. `assemble.ts` says of which parts.
 *
 * @module
 */
import { BarnacleError } from "../errors.ts";
import type { Listener, SocketAddress } from "../runtime/port.ts";
import { assembleNode, type NodeParts } from "./assemble.ts";
import { STOP_DELIVERIES_MS, STOP_ENDS_MS } from "./bounds.ts";
import type { Link } from "./link.ts";
import { listen } from "./listen.ts";
import type { MoltCommNode, NodeComponents, NodeInit, NodeView } from "./node-types.ts";
import { failure } from "./requests.ts";
import type { AttemptOutcome, Keeper, KeptNews, OutgoingMessage, PeerView } from "./types.ts";

/** Makes a node. It does nothing before `start`. */
export function createNode(components: NodeComponents, init: NodeInit): MoltCommNode {
  return new Node(components, init);
}

class Node implements MoltCommNode {
  readonly #components: NodeComponents;
  readonly #init: NodeInit;
  readonly #parts: NodeParts;
  readonly #reachable = new Set<(nodeId: string) => void>();
  readonly #keptListeners = new Set<(news: KeptNews) => void>();
  #listener: Listener | undefined;
  #stopped: Promise<void> | undefined;
  #onAllClosed: () => void = () => undefined;

  constructor(components: NodeComponents, init: NodeInit) {
    this.#components = components;
    this.#init = init;
    this.#parts = assembleNode(components, init, {
      met: (met) => {
        const { nodeId, record, agent } = met;
        this.#parts.peers.store.met(record, agent);
        this.#parts.sealing.met(met);
        this.#parts.relays.met(nodeId);
        this.#isReachable(nodeId);
      },
      newAddress: (nodeId) => this.#isReachable(nodeId),
      kept: (news) => this.#tell(this.#keptListeners, news),
      closed: (link) => this.#closed(link),
      tooLarge: (link) => this.#tooLarge(link),
      finished: (link) => this.#finished(link),
      failed: (link, thrown) => this.#failed(link, thrown),
    });
  }

  async start(): Promise<{ readonly address: SocketAddress }> {
    const { log, metrics, network } = this.#components;
    const { listen: address, isListenDefault: isDefault } = this.#init;
    const { bootstraps, links, own, peers, relays, sealing, traffic, upkeep } = this.#parts;
    await Promise.all([peers.load(), sealing.load()]);
    const listener = await listen(network, (connection) => links.accept(connection), { address, isDefault, log });
    this.#listener = listener;
    own.listensOn({ ...address, port: listener.address.port });
    traffic.register(metrics);
    peers.start(metrics);
    sealing.start();
    upkeep.start();
    relays.start(metrics, listener.address.port);
    bootstraps.start();
    return { address: listener.address };
  }

  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  attempt(message: OutgoingMessage, keptBy?: Keeper): Promise<AttemptOutcome> {
    return this.#parts.carrier.attempt(message, keptBy);
  }

  leave(message: OutgoingMessage, keeper: Keeper): Promise<AttemptOutcome> {
    return this.#parts.carrier.leave(message, keeper);
  }

  prepare(message: OutgoingMessage): void {
    this.#parts.carrier.prepare(message);
  }

  onReachable(listener: (nodeId: string) => void): () => void {
    this.#reachable.add(listener);
    return () => void this.#reachable.delete(listener);
  }

  onKept(listener: (news: KeptNews) => void): () => void {
    this.#keptListeners.add(listener);
    return () => void this.#keptListeners.delete(listener);
  }

  peers(): PeerView[] {
    const { carrier, peers } = this.#parts;
    return peers.view((nodeId) => carrier.relayTo(nodeId));
  }

  async ping(to: string): Promise<{ readonly roundTripMs: number }> {
    const { carrier, pings } = this.#parts;
    const link = await carrier.reach(to);
    const answer = "outcome" in link ? link : await pings.ask(link, to);
    if (answer.outcome === "answered") return { roundTripMs: answer.roundTripMs };
    throw new BarnacleError({
      code: answer.reason === "TIMED_OUT" ? "TIMED_OUT" : "UNAVAILABLE",
      action: `Ping ${to}`,
      value: `${answer.reason}: ${answer.detail}`,
      wanted: "its PONG",
      retryable: true,
    });
  }

  get view(): NodeView {
    const { bootstraps, directs, links, peers, relays, requests, traffic } = this.#parts;
    return {
      address: this.#listener?.address,
      connections: { accepted: links.acceptedCount, dialled: links.dialledCount },
      peers: { known: peers.store.size, connected: links.connectedNodeCount },
      requestsOpen: requests.size,
      deliveriesOpen: directs.underWay,
      refusals: Object.fromEntries(traffic.refused),
      bootstraps: bootstraps.view,
      relays: relays.view,
      reachable: relays.reachable,
    };
  }

  #isReachable(nodeId: string): void {
    this.#tell(this.#reachable, nodeId);
  }

  #tell<News>(listeners: Iterable<(news: News) => void>, news: News): void {
    for (const listener of listeners) {
      try {
        listener(news);
      } catch (thrown) {
        this.#failed(undefined, thrown);
      }
    }
  }

  #closed(link: Link): void {
    const { bootstraps, carrier, links, reading, relays, requests } = this.#parts;
    reading.closed(link);
    requests.failOf(link, failure("CONNECTION_LOST", "the connection was lost"));
    carrier.closed(link);
    bootstraps.closed(link);
    relays.lost(link);
    if (links.all.size === 0) this.#onAllClosed();
  }

  /** Nothing that follows on this connection can be read: it is told why, and ends. */
  #tooLarge(link: Link): void {
    const { links, refusals, traffic } = this.#parts;
    const { maxFrameBytes } = this.#init.limits;
    traffic.framesIn.OTHER++;
    refusals.refuse(link, { code: "BAD_FRAME", detail: `the frame is longer than ${maxFrameBytes} bytes` });
    links.end(link, "frame_too_large");
  }

  /** The peer will say no more, so what it owes will not come; what it was owed has been said. */
  #finished(link: Link): void {
    const { links, relays, requests } = this.#parts;
    requests.failOf(link, failure("CONNECTION_LOST", "the peer ended the connection"));
    links.end(link, undefined);
    relays.lost(link);
  }

  /** Our own mistake: one connection at most pays for it. */
  #failed(link: Link | undefined, thrown: unknown): void {
    this.#components.log.problem("moltcomm_fault", "error", "moltcomm_fault", { error: thrown });
    if (link !== undefined) this.#parts.links.close(link, "fault");
  }

  async #stop(): Promise<void> {
    const { bootstraps, carrier, dialler, directs, links, peers, relays, requests, sealing, turns, upkeep } =
      this.#parts;
    await this.#listener?.close();
    upkeep.stop();
    relays.stop();
    bootstraps.stop();
    dialler.stop();
    carrier.stop();
    requests.failAll(failure("STOPPED", "the node stops"));
    // From now on no frame is read; messages that are being written still get their answers.
    turns.stop();
    await this.#within(STOP_DELIVERIES_MS, (callback) => directs.whenIdle(callback));
    for (const link of links.all) links.end(link, "stopped");
    if (links.all.size > 0) await this.#within(STOP_ENDS_MS, (callback) => this.#onAllClosed = callback);
    for (const link of links.all) links.close(link, "stopped");
    await Promise.all([peers.stop(), sealing.stop()]);
  }

  /** Waits until `isOver` calls back, but no longer than so long. */
  #within(timeoutMs: number, isOver: (callback: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#components.clock.setTimer(timeoutMs, resolve);
      isOver(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}
