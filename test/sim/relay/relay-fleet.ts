/**
 * A mail fleet most of whose hosts stand behind routers, found at relays: the real one, on hosts of its own, some of which lie.
 *
 * @module
 */
import type { Runtime } from "../../../src/runtime/port.ts";
import type { ProcessRecord, Role } from "../fleet/record.ts";
import { findToken } from "../mail/book.ts";
import { MailFleet, type MailFleetInit } from "../mail/mail-fleet.ts";
import { Nat, type SimHost } from "../mod.ts";
import { Liar } from "./liar.ts";
import { drawRelayOptions, type RelayOptions } from "./options.ts";
import "./preload.ts";
import { Presence } from "./presence.ts";
import { watchAgent, watchRelay } from "./taps.ts";

export type RelayFleetInit = MailFleetInit<RelayOptions>;

export const RELAY_PORT = 9_003;

export class RelayFleet extends MailFleet<RelayOptions> {
  readonly presence: Presence;
  readonly honest: readonly SimHost[];
  readonly liars: ReadonlyMap<SimHost, Liar>;
  /** Pairs of nodes of which the first has sent the second something sealed. */
  readonly sealedPairs = new Set<string>();
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
  }

  get relays(): readonly SimHost[] {
    return [...this.honest, ...this.liars.keys()];
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

  /** A relay that lies drops one message and passes on the next, and nobody can mend their order. */
  override isHonestBetween(): boolean {
    return this.liars.size === 0;
  }

  override async start(): Promise<void> {
    await super.start();
    this.presence.start();
  }

  override calm(): void {
    super.calm();
    if (!this.options.liesToTheEnd) { for (const liar of this.liars.values()) liar.isHonest = true; }
  }

  override checkOften(): void {
    super.checkOften();
    this.presence.check();
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
    if (this.relays.includes(host)) return {};
    return {
      ...super.environmentOf(host),
      BARNACLE_MOLTCOMM_RELAYS: this.#relayAddresses().join(","),
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

  #relayAddresses(): string[] {
    return this.relays.map(({ name }) => `relay://${name}:${RELAY_PORT}`);
  }
}
