/**
 * A fleet: one hub and some agents, each a process running the real command line on a host of its own, and the
 * supervisor that starts again what ended, as an init system would.
 *
 * @module
 */
import { startHost } from "../../../src/agent.ts";
import { runCommandLine } from "../../../src/cli/mod.ts";
import type { Runtime } from "../../../src/runtime/port.ts";
import { type SimHost, SimWorld } from "../mod.ts";
import { noteHubStop } from "./durability-probe.ts";
import { instrument, noteEvents } from "./instruments.ts";
import { drawFleetOptions, type FleetOptions } from "./options.ts";
import "./preload.ts";
import { FleetRecord, type ProcessRecord, type Role } from "./record.ts";

/** Changes the platform of one process so that Barnacle on it is a broken build; for canaries. */
export type Sabotage = (runtime: Runtime, role: Role) => Runtime;

export interface FleetInit {
  readonly seed: number;
  readonly sabotage?: Sabotage;
  /** In place of what the seed would draw. */
  readonly options?: Partial<FleetOptions>;
  /** Told what was drawn before anything runs. */
  readonly onOptions?: (options: FleetOptions) => void;
}

const SUPERVISE_MS = 2_000;
const HUB_PORT = 7411;
const AGENT_URL = "http://127.0.0.1:7410";
/** Each agent's own HTTP face wants it. */
const TOKEN = "token-of-the-agents-4711-do-not-tell";
/** More than any disk here holds. */
const DISK_BYTES = 2 ** 39;

export class Fleet {
  readonly world: SimWorld;
  readonly options: FleetOptions;
  readonly record = new FleetRecord();
  readonly hub: SimHost;
  readonly agents: readonly SimHost[];
  /** Each of them is found in no output. */
  readonly secrets: string[] = [TOKEN];
  /** A killed hub's database is being looked at. */
  isVerifying = false;
  readonly #sabotage: Sabotage;
  readonly #environments = new Map<SimHost, Readonly<Record<string, string>>>();
  readonly #current = new Map<SimHost, ProcessRecord>();
  /** Hosts whose process is not started again. */
  readonly #held = new Set<SimHost>();
  #hubKey = "";

  constructor(init: FleetInit) {
    this.world = new SimWorld({ seed: init.seed });
    this.options = { ...drawFleetOptions(this.world.random.fork()), ...init.options };
    init.onOptions?.(this.options);
    this.#sabotage = init.sabotage ?? ((runtime) => runtime);
    this.hub = this.world.addHost("hub");
    this.agents = Array.from(
      { length: this.options.agentCount },
      (_none, index) => this.world.addHost(`agent${index}`),
    );
  }

  get nowMs(): number {
    return this.world.clock.monotonicMs();
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
    for (const host of [this.hub, ...this.agents]) this.startOn(host);
    await this.world.until(() => [this.hub, ...this.agents].every((host) => this.isListening(host)));
    this.#supervise();
    this.world.faults = this.options.faults;
  }

  /** The hub's or agent's process that was last started on the host. */
  currentOn(host: SimHost): ProcessRecord | undefined {
    return this.#current.get(host);
  }

  isListening(host: SimHost): boolean {
    const current = this.#current.get(host);
    return current?.listeningAtMs !== undefined && current.endedAtMs === undefined;
  }

  /** Keeps the supervisor from starting the host's process again, or lets it. */
  hold(host: SimHost, isHeld: boolean): void {
    if (isHeld) this.#held.add(host);
    else this.#held.delete(host);
  }

  /** Starts the host's own process unless it runs, is held, or the host is down. */
  startOn(host: SimHost): void {
    const current = this.#current.get(host);
    const isRunning = current !== undefined && current.endedAtMs === undefined;
    if (isRunning || this.#held.has(host) || !host.isUp || host.isSuspended) return;
    const words = host === this.hub
      ? ["hub", "--dir", "/work", "--listen", `${host.ip}:${HUB_PORT}`, "--log", "json"]
      : ["run", "--dir", "/work", "--http", "127.0.0.1:7410", "--log", "json"];
    words.push("--log-level", this.options.logLevel);
    this.#current.set(host, this.spawn(host, host === this.hub ? "hub" : "agent", words));
  }

  /** Runs a command line as a process of the host. */
  spawn(host: SimHost, role: Role, words: readonly string[]): ProcessRecord {
    const { record, world } = this;
    const made: Omit<ProcessRecord, "process"> = {
      role,
      hostName: host.name,
      startedAtMs: this.nowMs,
      listeningAtMs: undefined,
      endedAtMs: undefined,
      end: undefined,
      isKilled: false,
      stop: undefined,
      uncaught: [],
      events: new Map(),
      attempts: [],
      pendingTimers: 0,
      pendingTimersMax: 0,
      taskCountMax: 0,
    };
    const one = made as ProcessRecord;
    const instruments = { record: one, fleet: record, nowMs: () => this.nowMs };
    one.process = host.start((platform) => {
      const runtime = this.#sabotage(instrument(platform, instruments), role);
      return runCommandLine({
        runtime,
        startHost: (loaded, parts) => startHost(runtime, loaded, parts),
        licences: () => Promise.resolve(undefined),
      });
    }, { name: role, arguments: words, environment: this.#environments.get(host) ?? {} });
    record.processes.push(one);
    one.process.standardError.onText = (text) => {
      noteEvents(instruments, text);
      this.#searchSecrets(one, text);
    };
    one.process.standardOutput.onText = (text) => {
      if (role !== "command" || words[1] !== "keys") this.#searchSecrets(one, text);
    };
    one.process.ended.then((end) => {
      one.endedAtMs = world.clock.monotonicMs();
      one.end = end;
      if (role === "hub" && !one.isKilled) noteHubStop(record, one.endedAtMs);
      if (one.stop !== undefined) one.stop.endedAtMonotonicMs = host.monotonicMs();
    }, () => undefined);
    return one;
  }

  /** SIGKILL, by the scenario. */
  kill(one: ProcessRecord): void {
    if (!one.process.isRunning) return;
    one.isKilled = true;
    one.process.kill();
  }

  /** SIGTERM, once. */
  stop(one: ProcessRecord): void {
    if (!one.process.isRunning || one.stop !== undefined) return;
    const { host } = one.process;
    one.stop = {
      askedAtMs: this.nowMs,
      askedAtMonotonicMs: host.monotonicMs(),
      endedAtMonotonicMs: undefined,
      isDisturbed: false,
    };
    one.process.kill("SIGTERM");
  }

  /** Every disk has room again. */
  makeRoom(): void {
    for (const host of this.world.hosts) host.disk.limitFree(DISK_BYTES);
  }

  /**
   * Asks over HTTP from a process of its own on the host.
   *
   * @returns the answer's text; `undefined` when there was none within the time, or no 200
   */
  ask(host: SimHost, url: string, token: string, timeoutMs: number): Promise<string | undefined> {
    const { process, runtime } = host.startIdle({ name: "probe" });
    return new Promise<string | undefined>((resolve) => {
      const end = (text: string | undefined): void => {
        if (text !== undefined) this.searchText(`an answer of ${url}`, text);
        process.kill();
        resolve(text);
      };
      this.world.after(timeoutMs, () => end(undefined));
      const client = runtime.http.client({});
      client.fetch(url, { headers: { authorization: `Bearer ${token}` } }).then(
        async (answer) => end(answer.ok ? await answer.text() : undefined),
      ).catch(() => end(undefined));
    });
  }

  searchText(place: string, text: string): void {
    for (const [index, secret] of this.secrets.entries()) {
      if (text.includes(secret)) this.record.violate("secrets", this.nowMs, `secret ${index} is in ${place}`);
    }
  }

  #searchSecrets(one: ProcessRecord, text: string): void {
    this.searchText(`the output of ${one.process.label}`, text);
  }

  #supervise(): void {
    for (const host of [this.hub, ...this.agents]) this.startOn(host);
    this.world.after(SUPERVISE_MS, () => this.#supervise());
  }

  async #addKey(name: string): Promise<string> {
    const one = this.spawn(this.hub, "command", ["hub", "keys", "add", name, "--dir", "/work"]);
    await this.world.until(() => one.endedAtMs !== undefined);
    const key = one.process.standardOutput.text.trim();
    if (!key.startsWith("bk_")) throw new Error(`No key from "hub keys add": ${one.process.standardError.text}`);
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
