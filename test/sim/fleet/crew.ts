/**
 * Hosts whose processes run the real command line, and the supervisor that starts again what ended, as an init system
 * would. What a fleet of one kind adds stands in its own module.
 *
 * @module
 */
import { startHost } from "../../../src/agent.ts";
import { runCommandLine } from "../../../src/cli/mod.ts";
import type { Runtime } from "../../../src/runtime/port.ts";
import { type SimHost, SimWorld } from "../mod.ts";
import { noteEvents } from "./instruments.ts";
import "./preload.ts";
import type { CrewRecord, ProcessRecord, Role } from "./record.ts";

/** Changes the platform of one process so that Barnacle on it is a broken build; for canaries. */
export type Sabotage = (runtime: Runtime, role: Role, host: SimHost) => Runtime;

export interface CrewInit {
  readonly world: SimWorld;
  readonly sabotage?: Sabotage | undefined;
}

const SUPERVISE_MS = 2_000;
/** More than any disk here holds. */
const DISK_BYTES = 2 ** 39;

export abstract class Crew<CrewsRecord extends CrewRecord = CrewRecord> {
  readonly world: SimWorld;
  abstract readonly record: CrewsRecord;
  readonly #sabotage: Sabotage;
  readonly #current = new Map<SimHost, ProcessRecord>();
  /** Hosts whose process is not started again. */
  readonly #held = new Set<SimHost>();

  constructor({ world, sabotage }: CrewInit) {
    this.world = world;
    this.#sabotage = sabotage ?? ((runtime) => runtime);
  }

  /** The hosts that the supervisor looks after, in the order in which they are started. */
  abstract get supervised(): readonly SimHost[];

  /** The hosts that can meet trouble. */
  get troubled(): readonly SimHost[] {
    return this.world.hosts;
  }

  get nowMs(): number {
    return this.world.clock.monotonicMs();
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
    const { role, words } = this.commandOf(host);
    this.#current.set(host, this.spawn(host, role, words));
  }

  /** Starts everything, waits until all of it listens, and from then on starts again what ends. */
  async startAll(): Promise<void> {
    for (const host of this.supervised) this.startOn(host);
    await this.world.until(() => this.supervised.every((host) => this.isListening(host)));
    this.#supervise();
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
    one.process = host.start((platform) => {
      const runtime = this.#sabotage(this.instrument(platform, one), role, host);
      return runCommandLine({
        runtime,
        startHost: (loaded, parts) => startHost(runtime, loaded, parts),
        licences: () => Promise.resolve(undefined),
        plugin: () => Promise.resolve(undefined),
      });
    }, { name: role, arguments: words, environment: this.environmentOf(host) });
    record.processes.push(one);
    one.process.standardError.onText = (text) => {
      noteEvents(one, text, this.nowMs);
      this.onText(one, text, "error");
    };
    one.process.standardOutput.onText = (text) => this.onText(one, text, "output");
    one.process.ended.then((end) => {
      one.endedAtMs = world.clock.monotonicMs();
      one.end = end;
      this.onEnded(one);
      if (one.stop !== undefined) one.stop.endedAtMonotonicMs = host.monotonicMs();
    }, () => undefined);
    return one;
  }

  /** Runs a command to its end. @throws when it does not end well */
  async command(host: SimHost, words: readonly string[]): Promise<string> {
    const one = this.spawn(host, "command", words);
    await this.world.until(() => one.endedAtMs !== undefined);
    const { standardError, standardOutput } = one.process;
    const isGood = one.end !== undefined && "code" in one.end && one.end.code === 0;
    if (!isGood) throw new Error(`${words.join(" ")}: ${JSON.stringify(one.end)} ${standardError.text}`);
    return standardOutput.text;
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
        if (text !== undefined) this.onAnswer(url, text);
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

  /** What runs on a host. */
  protected abstract commandOf(host: SimHost): { readonly role: Role; readonly words: readonly string[] };

  protected abstract environmentOf(host: SimHost): Readonly<Record<string, string>>;

  /** The platform, watched. */
  protected abstract instrument(platform: Runtime, one: ProcessRecord): Runtime;

  protected onText(_one: ProcessRecord, _text: string, _stream: "output" | "error"): void {}

  protected onAnswer(_url: string, _text: string): void {}

  protected onEnded(_one: ProcessRecord): void {}

  #supervise(): void {
    for (const host of this.supervised) this.startOn(host);
    this.world.after(SUPERVISE_MS, () => this.#supervise());
  }
}
