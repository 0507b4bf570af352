/**
 * The peers of a node: the store, its file, and what is shown of it.
 *
 * @module
 */
import type { Logger } from "../log/mod.ts";
import type { Metrics } from "../metrics/mod.ts";
import type { Clock, Files, Random } from "../runtime/port.ts";
import type { Scheduler, Task } from "../scheduler/mod.ts";
import { PEERS_SAVE_MS } from "./bounds.ts";
import type { Links } from "./links.ts";
import { PeerFile } from "./peer-file.ts";
import type { KnownPeer } from "./peer-roll.ts";
import { PeerStore, type PeerStoreInit } from "./peer-store.ts";
import type { PeerView } from "./types.ts";

/** What they work with. */
export interface NodePeersComponents {
  readonly clock: Clock;
  readonly files: Files;
  readonly links: Links;
  readonly log: Logger;
  readonly random: Random;
  readonly scheduler: Pick<Scheduler, "add">;
}

const SAVE_TIMEOUT_MS = 30_000;

/** See the module's description. */
export class NodePeers {
  readonly store: PeerStore;
  readonly #components: NodePeersComponents;
  readonly #file: PeerFile;
  #task: Task | undefined;

  constructor(components: NodePeersComponents, init: PeerStoreInit & { readonly directory: string }) {
    this.#components = components;
    this.store = new PeerStore(components, init);
    this.#file = new PeerFile(components, init);
  }

  /** Reads what was known. A file that cannot be read costs what was known, and no start. */
  async load(): Promise<void> {
    try {
      for (const peer of await this.#file.load()) this.store.restore(peer);
    } catch (thrown) {
      this.#components.log.warn("peers_unreadable", { error: thrown });
    }
  }

  start(metrics: Metrics): void {
    const { links, scheduler } = this.#components;
    this.#task = scheduler.add({
      name: "moltcomm_peers",
      intervalMs: PEERS_SAVE_MS,
      firstDelayMs: PEERS_SAVE_MS,
      toleranceMs: PEERS_SAVE_MS / 2,
      timeoutMs: SAVE_TIMEOUT_MS,
      run: async () => {
        this.store.expire();
        await this.#save();
      },
    });
    metrics.observed("barnacle_moltcomm_peers", "gauge", "Nodes known, and of them connected.", () => [
      { labels: { state: "known" }, value: this.store.size },
      { labels: { state: "connected" }, value: links.connectedNodeCount },
    ]);
    metrics.observed("barnacle_moltcomm_connections", "gauge", "Connections open, by who opened them.", () => [
      { labels: { origin: "accepted" }, value: links.acceptedCount },
      { labels: { origin: "dialled" }, value: links.dialledCount },
    ]);
  }

  /** Writes what is known, at the end. */
  async stop(): Promise<void> {
    this.#task?.remove();
    try {
      await this.#save();
    } catch (thrown) {
      this.#components.log.warn("peers_not_saved", { error: thrown });
    }
  }

  /** Those connected first. @param relayTo the relay over which mail to a node goes now */
  view(relayTo: (nodeId: string) => string | undefined): PeerView[] {
    const { links } = this.#components;
    const views: PeerView[] = [];
    for (const nodeId of links.connectedNodes) {
      const link = links.of(nodeId).at(-1);
      const known = this.store.get(nodeId);
      const record = known?.record ?? link?.record;
      if (record === undefined) continue;
      views.push(
        viewOf({ record, metAtMs: known?.metAtMs, agent: known?.agent ?? link?.agent }, true, relayTo(nodeId)),
      );
    }
    for (const known of this.store.all()) {
      if (links.of(known.record.peer_id).length === 0) views.push(viewOf(known, false, relayTo(known.record.peer_id)));
    }
    return views;
  }

  async #save(): Promise<void> {
    if (!this.store.takeChange()) return;
    try {
      await this.#file.save(this.store.all());
    } catch (thrown) {
      this.store.putChangeBack();
      throw thrown;
    }
  }
}

function viewOf({ record, metAtMs, agent }: KnownPeer, connected: boolean, relay: string | undefined): PeerView {
  return {
    nodeId: record.peer_id,
    addresses: record.addrs,
    ...(agent === undefined ? {} : { agent }),
    connected,
    ...(relay === undefined ? {} : { relay }),
    lastHandshakeAtMs: metAtMs ?? null,
    recordExpiresAtMs: record.expires,
  };
}
