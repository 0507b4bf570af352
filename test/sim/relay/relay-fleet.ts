/**
 * A mail fleet most of whose hosts stand behind routers, found at relays: the real one, on hosts of its own, some of which lie.
 *
 * @module
 */
import type { Runtime } from "../../../src/runtime/port.ts";
import type { ProcessRecord, Role } from "../fleet/record.ts";
import { findToken } from "../mail/book.ts";
import { MailFleet, type MailFleetInit } from "../mail/mail-fleet.ts";
import type { HoldingsMax } from "../mail/record.ts";
import { Nat, type SimHost } from "../mod.ts";
import { HostileClients } from "./hostile-clients.ts";
import { Keeping } from "./keeping.ts";
import { Liar } from "./liar.ts";
import { drawRelayOptions, type RelayOptions } from "./options.ts";
import { Peace } from "./peace.ts";
import "./preload.ts";
import { Presence } from "./presence.ts";
import { Publisher, type RelayIdentity } from "./publisher.ts";
import { Sleepers } from "./sleepers.ts";
import { watchAgent, watchRelay } from "./taps.ts";

export type RelayFleetInit = MailFleetInit<RelayOptions>;

export const RELAY_PORT = 9_003;
const HELLOS_MAX = 200;
/** A relay keeps a message for three days unless told otherwise; the clocks of these worlds go on meanwhile. */
const KEPT_MS_MIN = 2 * 86_400_000;
/** Small enough to be met, and far from what the fleet itself needs. */
const RELAY_LIMITS = {
  connectionsMax: 120,
  connectionsPerAddress: 40,
  framesPerSecondPerNode: 500,
  queuedBytesPerNode: 262_144,
  queuedBytesMax: 1_048_576,
} as const;
/** What one hand-over, one read and one frame may add before it is looked whether there is room. */
const AT_ONCE_BYTES = 524_288;

export class RelayFleet extends MailFleet<RelayOptions> {
  readonly presence: Presence;
  readonly honest: readonly SimHost[];
  readonly liars: ReadonlyMap<SimHost, Liar>;
  /** Pairs of nodes of which the first has sent the second something sealed. */
  readonly sealedPairs = new Set<string>();
  /** `HELLO`s that relays have heard, for whoever plays them again. */
  readonly hellos: Uint8Array<ArrayBuffer>[] = [];
  readonly keeping: Keeping;
  readonly peace: Peace;
  readonly #sleepers: Sleepers;
  /** A relay of which no publisher knows. */
  readonly #rogue: SimHost | undefined;
  readonly #publisher: Publisher | undefined;
  readonly #identities = new Map<SimHost, RelayIdentity>();
  readonly #hostileHosts: readonly SimHost[];
  #hostile: HostileClients | undefined;
  sealedMessages = 0;
  plainMessages = 0;

  constructor(init: RelayFleetInit) {
    super(init, drawRelayOptions);
    const { hiddenCount, hostCount, honestCount, liars, routerCount } = this.options;
    const routers = Array.from(
      { length: routerCount },
      (_none, index) => new Nat({ name: `router${index}`, ip: `10.200.0.${index + 1}` }),
    );
    for (const [index, host] of this.writers.slice(hostCount - hiddenCount).entries()) {
      host.nat = routers[index % routerCount];
    }
    this.honest = Array.from({ length: honestCount }, (_none, index) => this.world.addHost(`relay${index}`));
    this.liars = new Map(liars.map((lies, index) => {
      const host = this.world.addHost(`liar${index}`);
      return [host, new Liar(this, host, lies)];
    }));
    this.presence = new Presence(this);
    this.#rogue = this.options.pins ? this.world.addHost("rogue") : undefined;
    this.#publisher = this.options.pins ? new Publisher(this) : undefined;
    this.keeping = new Keeping(this);
    this.peace = new Peace(this);
    this.#sleepers = new Sleepers(this);
    this.world.network.keepsAlive = this.options.keepsAlive;
    const isAnybodyHostile = this.options.hostileActs.length > 0;
    this.#hostileHosts = isAnybodyHostile ? [this.world.addHost("hostile0"), this.world.addHost("hostile1")] : [];
  }

  get relays(): readonly SimHost[] {
    return [...this.listed, ...this.#rogue === undefined ? [] : [this.#rogue]];
  }

  /** Those that everybody may know. */
  get listed(): readonly SimHost[] {
    return [...this.honest, ...this.liars.keys()];
  }

  /** Those that each manifest names. */
  get alwaysListed(): readonly SimHost[] {
    return [...this.honest.slice(0, 1), ...[...this.liars.keys()].slice(0, 1)];
  }

  get publisher(): Publisher | undefined {
    return this.#publisher;
  }

  identityOf(relay: SimHost): RelayIdentity {
    const identity = this.#identities.get(relay);
    if (identity === undefined) throw new RangeError(`Cannot find who ${relay.name} is: it was not asked`);
    return identity;
  }

  override get supervised(): readonly SimHost[] {
    return [...this.relays, ...this.writers];
  }

  override get troubled(): readonly SimHost[] {
    return [...this.writers, ...this.relays];
  }

  /** Each recipient that is being sought has some more: the next way's start, the search's end, and what an answer may take. */
  override get timersMax(): number {
    return super.timersMax + 4 * (this.writers.length - 1);
  }

  /**
   * A relay that lies drops one message and passes on the next, and nobody can mend their order; a box that is full lets the oldest go, as
   * it should, and so does one by whose clock the oldest has been there for too long.
   */
  override isHonestBetween(): boolean {
    const { editsMax, jumpMsMax, mailbox, troubles } = this.options;
    if (this.liars.size > 0) return false;
    if (mailbox === undefined) return true;
    const isTooOld = troubles.includes("jumpWall") && jumpMsMax >= KEPT_MS_MIN;
    return !isTooOld && mailbox.framesPerNode >= editsMax * 4;
  }

  override async start(): Promise<void> {
    await super.start();
    this.presence.start();
    if (this.options.sleeps) this.#sleepers.start();
    if (this.#hostileHosts.length === 0) return;
    this.#hostile = new HostileClients(this, this.#hostileHosts);
    this.#hostile.start();
  }

  override calm(): void {
    super.calm();
    this.#publisher?.calm();
    this.#sleepers.end();
    this.#hostile?.end();
    if (!this.options.liesToTheEnd) { for (const liar of this.liars.values()) liar.isHonest = true; }
  }

  override checkOften(): void {
    super.checkOften();
    this.presence.check();
  }

  override async checkStores(): Promise<void> {
    for (const relay of this.relays) await this.keeping.checkStore(relay);
  }

  /** A relay heard a `HELLO`. */
  heard(frame: Uint8Array<ArrayBuffer>): void {
    if (this.#hostileHosts.length > 0 && this.hellos.length < HELLOS_MAX) this.hellos.push(frame);
  }

  /** Looks how much relays hold for nodes to read; every second. */
  measure(): void {
    for (const relay of this.relays) {
      const one = this.currentOn(relay);
      const holdings = one === undefined ? undefined : this.record.holdings.get(one);
      if (holdings === undefined) continue;
      let bytes = 0;
      for (const { bufferedBytes } of holdings.open) bytes += bufferedBytes;
      holdings.bufferedBytesAllMax = Math.max(holdings.bufferedBytesAllMax, bytes);
    }
  }

  override holdingsMaxOf(one: ProcessRecord): HoldingsMax {
    if (one.role !== "relay") return super.holdingsMaxOf(one);
    const { connectionsMax, connectionsPerAddress, queuedBytesMax, queuedBytesPerNode } = RELAY_LIMITS;
    return {
      connectionsMax,
      perAddressMax: connectionsPerAddress,
      bufferedBytesMax: queuedBytesPerNode + AT_ONCE_BYTES,
      bufferedBytesAllMax: queuedBytesMax + AT_ONCE_BYTES,
    };
  }

  protected override async prepare(): Promise<void> {
    if (this.#publisher === undefined) return;
    for (const relay of this.relays) {
      const { node_id: nodeId, pub } = JSON.parse(
        await this.command(relay, ["relay", "info", "--json", "--dir", "/work"]),
      );
      this.#identities.set(relay, { nodeId, pub });
    }
    this.#publisher.start();
  }

  protected override contactAddresses(host: SimHost, index: number): readonly string[] {
    if (this.options.knowsRelays) return this.#relayAddresses();
    return host.nat === undefined ? super.contactAddresses(host, index) : [];
  }

  protected override bootstrapsOf(host: SimHost): readonly SimHost[] {
    return super.bootstrapsOf(host).filter(({ nat }) => nat === undefined);
  }

  protected override advertised(host: SimHost): readonly string[] {
    return host.nat === undefined ? super.advertised(host) : [];
  }

  protected override commandOf(host: SimHost): { readonly role: Role; readonly words: readonly string[] } {
    if (!this.relays.includes(host)) return super.commandOf(host);
    const words = ["relay", "--dir", "/work", "--listen", `0.0.0.0:${RELAY_PORT}`, "--log", "json"];
    words.push("--log-level", this.options.logLevel);
    return { role: "relay", words };
  }

  protected override environmentOf(host: SimHost): Readonly<Record<string, string>> {
    if (this.relays.includes(host)) return this.#relayEnvironment();
    return {
      ...super.environmentOf(host),
      ...this.#publisher?.environment ?? { BARNACLE_MOLTCOMM_RELAYS: this.#relayAddresses().join(",") },
      BARNACLE_MOLTCOMM_RELAY_CONNECTIONS: String(this.options.relayConnections),
      BARNACLE_MOLTCOMM_SEALING: this.options.sealing,
    };
  }

  protected override instrument(platform: Runtime, one: ProcessRecord): Runtime {
    const watched = super.instrument(platform, one);
    if (one.role === "agent") return { ...watched, network: watchAgent(watched.network, one, this) };
    if (one.role !== "relay") return watched;
    const { host } = one.process;
    const lying = this.liars.get(host)?.change(watched) ?? watched.network;
    return { ...watched, network: watchRelay(lying, one, this) };
  }

  /** A relay is trusted with nothing, so it has nothing to tell. */
  protected override onText(one: ProcessRecord, text: string): void {
    const token = one.role === "relay" ? findToken(text) : undefined;
    if (token !== undefined) {
      this.record.violate("sealed", this.nowMs, `${one.process.label} told of ${token}: ${text}`);
    }
  }

  #relayEnvironment(): Record<string, string> {
    const { mailbox } = this.options;
    const environment: Record<string, string> = {
      BARNACLE_RELAY_CONNECTIONS_MAX: String(RELAY_LIMITS.connectionsMax),
      BARNACLE_RELAY_CONNECTIONS_PER_ADDRESS: String(RELAY_LIMITS.connectionsPerAddress),
      BARNACLE_RELAY_FRAMES_PER_SECOND_PER_NODE: String(RELAY_LIMITS.framesPerSecondPerNode),
      BARNACLE_RELAY_QUEUED_BYTES_PER_NODE: String(RELAY_LIMITS.queuedBytesPerNode),
      BARNACLE_RELAY_QUEUED_BYTES_MAX: String(RELAY_LIMITS.queuedBytesMax),
    };
    if (mailbox === undefined) return environment;
    return {
      ...environment,
      BARNACLE_RELAY_MAILBOX_ENABLED: "true",
      BARNACLE_RELAY_MAILBOX_FRAMES_PER_NODE: String(mailbox.framesPerNode),
    };
  }

  #relayAddresses(): string[] {
    return this.listed.map(({ name }) => `relay://${name}:${RELAY_PORT}`);
  }
}
