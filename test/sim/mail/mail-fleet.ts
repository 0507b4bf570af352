/**
 * A mail fleet: hosts that each run the real command line with mail on and publishing off, some of them behind a proxy
 * that does what networks and hostile relays do.
 *
 * @module
 */
import type { Runtime } from "../../../src/runtime/port.ts";
import { Crew, type Sabotage } from "../fleet/crew.ts";
import type { ProcessRecord, Role } from "../fleet/record.ts";
import { NO_FAULTS, type SeededRandom, type SimHost, SimWorld } from "../mod.ts";
import { Book } from "./book.ts";
import { InboxLedger, MAIL_DIRECTORY } from "./inbox-ledger.ts";
import { type MailOptions, NO_RATES } from "./options.ts";
import "./preload.ts";
import { type HoldingsMax, type MailHost, MailRecord } from "./record.ts";
import { watchMail } from "./tap.ts";

export interface MailFleetInit<Options extends MailOptions = MailOptions> {
  readonly seed: number;
  readonly sabotage?: Sabotage;
  /** In place of what the seed would draw. */
  readonly options?: Partial<Options>;
  /** How many of the last events are kept in words. */
  readonly traceKept?: number;
  /** Told what was drawn before anything runs. */
  readonly onOptions?: (options: Options) => void;
}

export const MAIL_PORT = 9_001;
/** The proxy listens for each host on a port of its own. */
export const PROXY_PORT = 9_101;
export const CONNECTIONS_MAX = 64;
export const PEERS_MAX = 16;
const BUFFERED_BYTES_MAX = 1_500_000;
const HTTP = "127.0.0.1:7410";

export class MailFleet<Options extends MailOptions = MailOptions> extends Crew<MailRecord> {
  readonly options: Options;
  readonly record = new MailRecord();
  readonly proxy: SimHost;
  readonly mallory: SimHost;
  /** Those that write and get mail. */
  readonly writers: readonly SimHost[];
  #mailHosts: readonly MailHost[] = [];

  /** @param draw what a seed makes of it */
  constructor(init: MailFleetInit<Options>, draw: (random: SeededRandom) => Options) {
    const { seed, sabotage, traceKept } = init;
    super({ world: new SimWorld({ seed, ...(traceKept === undefined ? {} : { traceKept }) }), sabotage });
    this.options = { ...draw(this.world.random.fork()), ...init.options };
    init.onOptions?.(this.options);
    this.writers = Array.from({ length: this.options.hostCount }, (_none, index) => this.world.addHost(`host${index}`));
    this.proxy = this.world.addHost("proxy");
    this.mallory = this.world.addHost("mallory");
  }

  override get supervised(): readonly SimHost[] {
    return this.writers;
  }

  override get troubled(): readonly SimHost[] {
    return this.writers;
  }

  /** Whether what lies between two hosts keeps the order of what passes. */
  isHonestBetween(from: MailHost, to: MailHost): boolean {
    const { proxy } = this.options;
    const isHonest = Object.entries(proxy).every(([name, rate]) => rate === Reflect.get(NO_RATES, name));
    return isHonest || !(from.isProxied || to.isProxied);
  }

  /** The most timers of a node: the loop's one, one for all requests, one for the turns, and some that a start or a stop sets. */
  get timersMax(): number {
    return 10;
  }

  /** The most that a process may hold; of a node, what one recipient's whole window weighs, and a half besides. */
  holdingsMaxOf(_one: ProcessRecord): HoldingsMax {
    return {
      connectionsMax: CONNECTIONS_MAX,
      perAddressMax: CONNECTIONS_MAX,
      bufferedBytesMax: BUFFERED_BYTES_MAX,
      bufferedBytesAllMax: Infinity,
    };
  }

  get mailHosts(): readonly MailHost[] {
    return this.#mailHosts;
  }

  /** The mail of a host; `undefined` where it has none. */
  mailOn(host: SimHost): MailHost | undefined {
    return this.#mailHosts.find((each) => each.host === host);
  }

  mailOf(host: SimHost): MailHost {
    const found = this.mailOn(host);
    if (found === undefined) throw new RangeError(`Cannot find the mail of ${host.name}: it has none`);
    return found;
  }

  mailOfNode(nodeId: string): MailHost | undefined {
    return this.#mailHosts.find((each) => each.nodeId === nodeId);
  }

  /** `GET` at the host's own agent. */
  askAgent(host: SimHost, path: string, timeoutMs: number): Promise<string | undefined> {
    return this.ask(host, `http://${HTTP}${path}`, "", timeoutMs);
  }

  /** Prepares the hosts, starts everything and the supervisor; faults begin once all of it listens. */
  async start(): Promise<void> {
    const mailHosts: MailHost[] = [];
    for (const [index, host] of this.writers.entries()) {
      await this.command(host, ["init", "--dir", "/work"]);
      const { node_id: nodeId } = JSON.parse(await this.command(host, ["id", "--json", "--dir", "/work"]));
      mailHosts.push({
        host,
        nodeId,
        name: host.name,
        isProxied: index < this.options.proxiedCount,
        ledger: new InboxLedger(host, this.record),
        book: new Book(),
      });
    }
    this.#mailHosts = mailHosts;
    for (const own of mailHosts) this.#writeContacts(own);
    await this.prepare();
    await this.startAll();
    this.world.faults = this.options.faults;
  }

  /** Where a host is reached. */
  addressOf(host: SimHost): string {
    const index = this.writers.indexOf(host);
    const isProxied = index < this.options.proxiedCount;
    return isProxied ? `tcp://proxy:${PROXY_PORT + index}` : `tcp://${host.name}:${MAIL_PORT}`;
  }

  /** Ends every fault, of this fleet's own kind as well. */
  calm(): void {
    this.makeRoom();
    this.world.calm();
    this.world.faults = NO_FAULTS;
  }

  protected override commandOf(host: SimHost): { readonly role: Role; readonly words: readonly string[] } {
    const words = ["run", "--dir", "/work", "--http", HTTP, "--log", "json", "--log-level", this.options.logLevel];
    words.push("--listen", `tcp://0.0.0.0:${MAIL_PORT}`);
    for (const address of this.advertised(host)) words.push("--advertise", address);
    for (const other of this.bootstrapsOf(host)) words.push("--bootstrap", this.addressOf(other));
    return { role: "agent", words };
  }

  /** The addresses that a host is told to tell others. */
  protected advertised(host: SimHost): readonly string[] {
    return [this.addressOf(host)];
  }

  /** Looks at what has to be so at any time. */
  checkOften(): void {
    for (const { ledger } of this.#mailHosts) ledger.check();
  }

  /** What else has to be there before anything starts. */
  protected prepare(): Promise<void> {
    return Promise.resolve();
  }

  /** Looks at what has to be on disks, whoever ended meanwhile. */
  checkStores(): Promise<void> {
    return Promise.resolve();
  }

  protected override environmentOf(_host: SimHost): Readonly<Record<string, string>> {
    return {
      BARNACLE_MOLTCOMM_CONNECTIONS_MAX: String(CONNECTIONS_MAX),
      BARNACLE_MOLTCOMM_PEERS_MAX: String(PEERS_MAX),
      BARNACLE_MAILBOX_UNREAD_PER_SENDER_MAX: String(this.options.unreadPerSenderMax),
    };
  }

  protected override instrument(platform: Runtime, one: ProcessRecord): Runtime {
    return watchMail(platform, one, this);
  }

  /** The first, from which the others are learnt, and the next one. */
  protected bootstrapsOf(host: SimHost): readonly SimHost[] {
    const next = this.writers[(this.writers.indexOf(host) + 1) % this.writers.length];
    return [...new Set([this.writers[0], next])].filter((other) => other !== undefined && other !== host) as SimHost[];
  }

  /** A node that ends without having written its state is as one that is killed. */
  protected override onEnded(one: ProcessRecord): void {
    const isUnsaved = one.events.has("inbox_state_unsaved") || one.events.has("mail_stop_incomplete");
    if (one.role === "agent" && isUnsaved) this.mailOf(one.process.host).ledger.crashed();
  }

  /** The addresses that a contact list has of a host. @param index its place in the list */
  protected contactAddresses(host: SimHost, index: number): readonly string[] {
    return index % 2 === 0 ? [this.addressOf(host)] : [];
  }

  /** Everybody knows everybody's name; some know an address as well. */
  #writeContacts(own: MailHost): void {
    const contacts = this.#mailHosts.filter((other) => other !== own).map(({ host, name, nodeId }, index) => ({
      name,
      node_id: nodeId,
      addresses: this.contactAddresses(host, index),
    }));
    own.host.disk.put(`${MAIL_DIRECTORY}/contacts.json`, JSON.stringify({ contacts }));
  }
}
