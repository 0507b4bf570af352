/**
 * Where each node is registered, as both ends of its connections have said it, and for how long it could have been: no node
 * stays registered at nobody while an honest relay of its list can be reached.
 *
 * What counts as registered: the node was told so on a connection that it has open, by a liar; or by an honest relay whose end
 * is open, too. A liar is believed until it is found out, so it costs what goes over it, and no more.
 *
 * @module
 */
import type { ProcessRecord } from "../fleet/record.ts";
import type { MailHost } from "../mail/record.ts";
import type { SimHost } from "../mod.ts";
import type { RelayFleet } from "./relay-fleet.ts";

/**
 * A loss is noticed within 30 s; a relay that failed often is dialled again after 84 s at most, a look-up and a time-out of a
 * request may fall in between, twice.
 */
export const FOUND_WITHIN_MS = 180_000;
const LOOK_MS = 1_000;
/** Less than the 10 minutes by which clocks may differ. */
const CLOCKS_MS = 9 * 60_000;
/** Half of the shortest life of a manifest. */
const MANIFEST_CLOCKS_MS = 3 * 60_000;
/** Beyond these, attempts fail that nothing is wrong with. */
const LATENCY_MS_MAX = 1_000;

export class Presence {
  readonly #fleet: RelayFleet;
  /** Of each process when its node, or its relay, listened. */
  readonly #up = new Set<ProcessRecord>();
  /** Open ends by process and the other's name, counted. */
  readonly #told = new Map<ProcessRecord, Map<string, number>>();
  readonly #registered = new Map<ProcessRecord, Map<string, number>>();
  /** Since when a node has been registered nowhere though it could be at a relay. */
  readonly #sinceMs = new Map<string, number>();
  longestMs = 0;

  constructor(fleet: RelayFleet) {
    this.#fleet = fleet;
  }

  /** Looks every second from now on. */
  start(): void {
    this.#fleet.world.after(LOOK_MS, () => {
      this.check();
      this.start();
    });
  }

  isUp(one: ProcessRecord): void {
    this.#up.add(one);
  }

  /** A node was told by a relay that it is registered there, or the connection is gone. */
  told(one: ProcessRecord, relayName: string, isOpen: boolean): void {
    count(this.#told, one, relayName, isOpen);
  }

  /** A relay said to a node that it is registered, or the connection is gone. */
  registered(one: ProcessRecord, nodeId: string, isOpen: boolean): void {
    count(this.#registered, one, nodeId, isOpen);
  }

  /** Whether the node is registered somewhere. */
  isFound(own: MailHost): boolean {
    return this.#fleet.relays.some((relay) => this.isAt(own, relay));
  }

  /** Whether the node is registered at a relay. */
  isAt({ host, nodeId }: MailHost, relay: SimHost): boolean {
    const fleet = this.#fleet;
    const [node, one] = [fleet.currentOn(host), fleet.currentOn(relay)];
    if (node === undefined || (this.#told.get(node)?.get(relay.name) ?? 0) === 0) return false;
    return fleet.liars.has(relay) || (one !== undefined && (this.#registered.get(one)?.get(nodeId) ?? 0) > 0);
  }

  check(): void {
    const { honest, mailHosts, nowMs, record } = this.#fleet;
    this.#fleet.keeping.check();
    this.#fleet.peace.check();
    this.#fleet.measure();
    for (const own of mailHosts) {
      const isFound = this.isFound(own);
      for (const relay of honest) {
        const key = `${own.name} ${relay.name}`;
        if (isFound || !this.canMeet(own.host, relay)) {
          this.#sinceMs.delete(key);
          continue;
        }
        const sinceMs = this.#sinceMs.get(key) ?? nowMs;
        this.#sinceMs.set(key, sinceMs);
        this.longestMs = Math.max(this.longestMs, nowMs - sinceMs);
        if (nowMs - sinceMs < FOUND_WITHIN_MS) continue;
        this.#sinceMs.delete(key);
        record.violate(
          "found",
          nowMs,
          `${own.name} is registered nowhere for ${nowMs - sinceMs} ms; ${relay.name} is there`,
        );
      }
    }
  }

  /** Whether nothing keeps a node from being registered at a relay. */
  canMeet(host: SimHost, relay: SimHost): boolean {
    const { options, record, world: { faults, network } } = this.#fleet;
    if (!this.#isAwake(host) || !this.#isAwake(relay) || !this.#isListed(host, relay)) return false;
    if (!network.isOpen(host, relay) || !network.isOpen(relay, host)) return false;
    if (Math.abs(host.wallMs() - relay.wallMs()) > CLOCKS_MS) return false;
    const { latencyMs, lookUpFailureRate, resetRate } = faults.network;
    const isSound = latencyMs[1] <= LATENCY_MS_MAX && lookUpFailureRate === 0 && resetRate === 0;
    // Routers that forget again and again may do so each time something is sent.
    return record.calmAtMs !== undefined || (isSound && !options.troubles.includes("router"));
  }

  /** Whether the node has a manifest that names the relay, where it needs one. */
  #isListed(host: SimHost, relay: SimHost): boolean {
    const { alwaysListed, options, world } = this.#fleet;
    if (!options.pins) return true;
    return alwaysListed.includes(relay) && Math.abs(host.wallMs() - world.clock.wallMs()) <= MANIFEST_CLOCKS_MS;
  }

  #isAwake(host: SimHost): boolean {
    const one = this.#fleet.currentOn(host);
    return one !== undefined && this.#up.has(one) && one.process.canRun && one.stop === undefined;
  }
}

function count(
  counts: Map<ProcessRecord, Map<string, number>>,
  one: ProcessRecord,
  name: string,
  isOpen: boolean,
): void {
  const byName = counts.get(one) ?? new Map<string, number>();
  counts.set(one, byName);
  byName.set(name, Math.max(0, (byName.get(name) ?? 0) + (isOpen ? 1 : -1)));
}
