/**
 * The client side of relays, put together; what each part does stands at its own head.
 *
 * @module
 */
import type { PeerAddress } from "../../contract/mod.ts";
import type { Logger } from "../../log/mod.ts";
import type { Metrics } from "../../metrics/mod.ts";
import type { Clock, Random } from "../../runtime/port.ts";
import type { Scheduler, Task } from "../../scheduler/mod.ts";
import type { Dialler } from "../dialler.ts";
import type { Handshakes } from "../handshakes.ts";
import type { Link } from "../link.ts";
import type { Links } from "../links.ts";
import type { OwnRecord } from "../own-record.ts";
import type { PeerStore } from "../peer-store.ts";
import type { Pings } from "../pings.ts";
import type { Requests } from "../requests.ts";
import type { Voice } from "../voice.ts";
import { Announcer } from "./announcer.ts";
import { ASK_BACK_MS } from "./bounds.ts";
import { RelayCounts } from "./counts.ts";
import { DialBack } from "./dial-back.ts";
import type { Reachability } from "./reachability.ts";
import { Registrations } from "./registrations.ts";
import { RelayLinks } from "./relay-links.ts";
import type { KnownRelayView, Reachable, RelaySource } from "./types.ts";
import { Watch } from "./watch.ts";
import { Ways } from "./ways.ts";

/** What the client side of relays works with. */
export interface RelaysComponents {
  readonly clock: Clock;
  readonly dialler: Dialler;
  readonly handshakes: Handshakes;
  readonly links: Links;
  readonly log: Logger;
  readonly own: OwnRecord;
  readonly pings: Pings;
  readonly random: Random;
  readonly reachability: Reachability;
  readonly requests: Requests;
  readonly scheduler: Pick<Scheduler, "add">;
  readonly store: PeerStore;
  readonly voice: Voice;
}

/** How it works. */
export interface RelaysInit {
  /** Relays at which this node may be found. */
  readonly configured: readonly PeerAddress[];
  /** At how many of them it is. */
  readonly connections: number;
  /** Further ones, whose identity is known. */
  readonly source: RelaySource | undefined;
  readonly requestTimeoutMs: number;
  readonly addressesOf: (nodeId: string) => readonly string[];
  /** As in `WaysInit`. */
  readonly onUnknown: () => void;
}

const TASK_TIMEOUT_MS = 5_000;
const JITTER_RATIO = 0.2;

/** See the module's description. */
export class Relays {
  readonly ways: Ways;
  readonly dialBack: DialBack;
  readonly #components: RelaysComponents;
  readonly #counts = new RelayCounts();
  readonly #relayLinks: RelayLinks;
  readonly #registrations: Registrations;
  readonly #announcer: Announcer;
  #askTask: Task | undefined;

  constructor(components: RelaysComponents, init: RelaysInit) {
    this.#components = components;
    const counts = this.#counts;
    const relayLinks = new RelayLinks({ ...components, counts }, {
      requestTimeoutMs: init.requestTimeoutMs,
      pinnedAt: (address) => this.#registrations.pinnedAt(address),
    });
    this.#relayLinks = relayLinks;
    this.ways = new Ways({ ...components, counts, relayLinks }, init);
    this.dialBack = new DialBack({ ...components, counts });
    this.#announcer = new Announcer({ ...components, ways: this.ways });
    const watch = new Watch(components);
    this.#registrations = new Registrations({ ...components, counts, relayLinks, watch }, {
      configured: init.configured,
      source: init.source,
      wanted: init.connections,
      onChange: (addresses) => this.#foundAt(addresses),
    });
    components.reachability.onChange = () => this.#recordChanged();
  }

  get view(): KnownRelayView[] {
    return this.#registrations.view;
  }

  get reachable(): Reachable {
    return this.#components.reachability.verdict;
  }

  /** @param port the one on which this node listens */
  start(metrics: Metrics, port: number): void {
    this.#counts.register(metrics, () => this.#registrations.size);
    this.#announcer.start();
    this.#registrations.start();
    if (!this.#registrations.isWanted) return;
    this.dialBack.start(port);
    this.#askTask = this.#components.scheduler.add({
      name: "moltcomm_reachable",
      intervalMs: ASK_BACK_MS,
      firstDelayMs: ASK_BACK_MS,
      jitterRatio: JITTER_RATIO,
      timeoutMs: TASK_TIMEOUT_MS,
      run: () => {
        this.#components.reachability.expire();
        this.dialBack.askSomebody();
        return Promise.resolve();
      },
    });
  }

  stop(): void {
    this.#askTask?.remove();
    this.#announcer.stop();
    this.#registrations.stop();
    this.#relayLinks.stop();
    this.ways.stop();
  }

  /** A connection was opened. */
  opened(link: Link): void {
    if (link.relay !== undefined) this.#registrations.opened();
  }

  /** A node shook hands: if we connected to it, it may be asked to dial back, and our record may be another than the one it got. */
  met(nodeId: string): void {
    if (this.#askTask !== undefined) this.dialBack.askSomebody();
    this.#announcer.met(nodeId);
  }

  /** A node said `HELLO`: that shows that it comes to us, or over which way it hears of us. */
  called(link: Link, from: string): void {
    if (link.relay !== undefined) this.ways.calledOverRelay(from);
    else if (link.origin === "accepted") this.#components.reachability.called(link);
  }

  /** A connection is gone, or its far end has ended it. */
  lost(link: Link): void {
    if (link.relay !== undefined) this.#registrations.lost(link);
  }

  #foundAt(addresses: readonly string[]): void {
    this.#components.own.foundAt(addresses);
    this.#announcer.changed();
  }

  #recordChanged(): void {
    this.#components.own.changed();
    this.#announcer.changed();
  }
}
