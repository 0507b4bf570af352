/**
 * Tells others of a new record of ours at once: whoever is connected, and those behind relays to whom mail went lately.
 *
 * @module
 */
import type { Clock } from "../../runtime/port.ts";
import type { Scheduler, Task } from "../../scheduler/mod.ts";
import type { Handshakes } from "../handshakes.ts";
import type { Link } from "../link.ts";
import type { Links } from "../links.ts";
import type { OwnRecord } from "../own-record.ts";
import { TOLD_AT_ONCE, TOLD_PER_TURN } from "./bounds.ts";
import type { Ways } from "./ways.ts";

/** What announcing takes. */
export interface AnnouncerComponents {
  readonly clock: Clock;
  readonly handshakes: Handshakes;
  readonly links: Pick<Links, "all" | "of">;
  readonly own: OwnRecord;
  readonly scheduler: Pick<Scheduler, "add">;
  readonly ways: Ways;
}

const TIMEOUT_MS = 60_000;

/** See the module's description. */
export class Announcer {
  readonly #components: AnnouncerComponents;
  #task: Task | undefined;

  constructor(components: AnnouncerComponents) {
    this.#components = components;
  }

  start(): void {
    this.#task = this.#components.scheduler.add({
      name: "moltcomm_record",
      intervalMs: null,
      timeoutMs: TIMEOUT_MS,
      run: ({ signal }) => this.#tellAll(signal),
    });
  }

  stop(): void {
    this.#task?.remove();
  }

  /** Our record says something else now. */
  changed(): void {
    this.#task?.nudge();
  }

  /** Nobody is told before it has said who it is; until then the record may have changed. */
  met(nodeId: string): void {
    if (this.#components.links.of(nodeId).some((link) => this.#isOutOfDate(link))) this.#task?.nudge();
  }

  async #tellAll(signal: AbortSignal): Promise<void> {
    const { clock, links } = this.#components;
    let told = 0;
    for (const link of links.all) {
      if (signal.aborted) return;
      if (!this.#tell(link) || ++told % TOLD_PER_TURN > 0) continue;
      await new Promise<void>((resolve) => clock.nextTurn(resolve));
    }
    await this.#tellThroughRelays(signal);
  }

  /** @returns whether it took a signature */
  #tell(link: Link): boolean {
    if (!link.isOpen || link.peerId === undefined || link.relay?.isRegistration === false) return false;
    if (!this.#isOutOfDate(link)) return false;
    this.#components.handshakes.announceAnew(link, link.peerId).catch(() => undefined);
    return true;
  }

  /** What the far end was told of us is not so any more. */
  #isOutOfDate(link: Link): boolean {
    return link.toldAddresses !== this.#components.own.for(link).addrs.join(" ");
  }

  /** They cannot find us at a relay that we left, and have nobody else to learn it from. */
  async #tellThroughRelays(signal: AbortSignal): Promise<void> {
    const { links, ways } = this.#components;
    const nodeIds = ways.lateReached.filter((nodeId) => links.of(nodeId).length === 0);
    while (nodeIds.length > 0 && !signal.aborted) {
      await Promise.all(nodeIds.splice(0, TOLD_AT_ONCE).map((nodeId) => ways.tellOverRelay(nodeId)));
    }
  }
}
