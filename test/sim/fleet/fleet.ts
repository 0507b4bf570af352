/**
 * A fleet: one hub and some agents, each a process running the real command line on a host of its own.
 *
 * @module
 */
import type { Runtime } from "../../../src/runtime/port.ts";
import { type SimHost, SimWorld } from "../mod.ts";
import { Crew, type Sabotage } from "./crew.ts";
import { noteHubStop } from "./durability-probe.ts";
import { instrument } from "./instruments.ts";
import { drawFleetOptions, type FleetOptions } from "./options.ts";
import { FleetRecord, type ProcessRecord, type Role } from "./record.ts";

export interface FleetInit {
  readonly seed: number;
  readonly sabotage?: Sabotage;
  /** In place of what the seed would draw. */
  readonly options?: Partial<FleetOptions>;
  /** Told what was drawn before anything runs. */
  readonly onOptions?: (options: FleetOptions) => void;
}

const HUB_PORT = 7411;
const AGENT_URL = "http://127.0.0.1:7410";
/** Each agent's own HTTP face wants it. */
const TOKEN = "token-of-the-agents-4711-do-not-tell";

export class Fleet extends Crew<FleetRecord> {
  readonly options: FleetOptions;
  readonly record = new FleetRecord();
  readonly hub: SimHost;
  readonly agents: readonly SimHost[];
  /** Each of them is found in no output. */
  readonly secrets: string[] = [TOKEN];
  /** A killed hub's database is being looked at. */
  isVerifying = false;
  readonly #environments = new Map<SimHost, Readonly<Record<string, string>>>();
  #hubKey = "";

  constructor(init: FleetInit) {
    super({ world: new SimWorld({ seed: init.seed }), sabotage: init.sabotage });
    this.options = { ...drawFleetOptions(this.world.random.fork()), ...init.options };
    init.onOptions?.(this.options);
    this.hub = this.world.addHost("hub");
    this.agents = Array.from(
      { length: this.options.agentCount },
      (_none, index) => this.world.addHost(`agent${index}`),
    );
  }

  override get supervised(): readonly SimHost[] {
    return [this.hub, ...this.agents];
  }

  get hubUrl(): string {
    return `http://hub:${HUB_PORT}`;
  }

  get agentUrl(): string {
    return AGENT_URL;
  }

  /** The key that may ask the hub. */
  get hubKey(): string {
    return this.#hubKey;
  }

  get token(): string {
    return TOKEN;
  }

  /** Makes the keys, starts everything and the supervisor; faults begin once all of it listens. */
  async start(): Promise<void> {
    this.#hubKey = await this.#addKey("reader");
    for (const agent of this.agents) this.#environments.set(agent, await this.#agentEnvironment(agent));
    await this.startAll();
    this.world.faults = this.options.faults;
  }

  protected override commandOf(host: SimHost): { readonly role: Role; readonly words: readonly string[] } {
    const words = host === this.hub
      ? ["hub", "--dir", "/work", "--listen", `${host.ip}:${HUB_PORT}`, "--log", "json"]
      : ["run", "--dir", "/work", "--http", "127.0.0.1:7410", "--log", "json"];
    words.push("--log-level", this.options.logLevel);
    return { role: host === this.hub ? "hub" : "agent", words };
  }

  protected override environmentOf(host: SimHost): Readonly<Record<string, string>> {
    return this.#environments.get(host) ?? {};
  }

  protected override instrument(platform: Runtime, one: ProcessRecord): Runtime {
    return instrument(platform, { record: one, fleet: this.record, nowMs: () => this.nowMs });
  }

  protected override onText(one: ProcessRecord, text: string, stream: "output" | "error"): void {
    const isNewKey = stream === "output" && one.role === "command" && one.process.options.arguments?.[1] === "keys";
    if (!isNewKey) this.#searchText(`the output of ${one.process.label}`, text);
  }

  protected override onAnswer(url: string, text: string): void {
    this.#searchText(`an answer of ${url}`, text);
  }

  protected override onEnded(one: ProcessRecord): void {
    if (one.role === "hub" && !one.isKilled && one.endedAtMs !== undefined) noteHubStop(this.record, one.endedAtMs);
  }

  #searchText(place: string, text: string): void {
    for (const [index, secret] of this.secrets.entries()) {
      if (text.includes(secret)) this.record.violate("secrets", this.nowMs, `secret ${index} is in ${place}`);
    }
  }

  async #addKey(name: string): Promise<string> {
    const key = (await this.command(this.hub, ["hub", "keys", "add", name, "--dir", "/work"])).trim();
    if (!key.startsWith("bk_")) throw new Error(`No key from "hub keys add": ${key}`);
    this.secrets.push(key);
    return key;
  }

  async #agentEnvironment(agent: SimHost): Promise<Readonly<Record<string, string>>> {
    return {
      OPENCLAW_BASE_URL: this.hubUrl,
      OPENCLAW_API_KEY: await this.#addKey(agent.name),
      BARNACLE_OPENCLAW_ALLOW_PLAIN_HTTP: "true",
      BARNACLE_OPENCLAW_INTERVAL_SECONDS: String(this.options.intervalSeconds),
      BARNACLE_OPENCLAW_SIGN_REQUESTS: String(this.options.signsRequests),
      BARNACLE_HTTP_TOKEN: TOKEN,
    };
  }
}
