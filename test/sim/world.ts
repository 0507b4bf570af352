/**
 * A world made of one seed: hosts with clocks, disks and processes, and the network between them.
 *
 * What happens is a queue of events on one clock. Each event enters at most one process, and every promise it makes
 * ready has run on before the next event; so one seed gives one order of everything, and {@link SimWorld.trace} proves
 * it.
 *
 * @module
 */
import type { X509Certificate } from "node:crypto";
import type { Runtime } from "../../src/runtime/port.ts";
import { SIM_START_WALL_MS, SimClock } from "./clock.ts";
import { type Faults, NO_FAULTS } from "./faults.ts";
import { SimHost } from "./host.ts";
import { readCertificates } from "./http/certificates.ts";
import { SimNetwork } from "./network/sim-network.ts";
import type { Main, ProcessOptions, SimProcess } from "./process/sim-process.ts";
import { SeededRandom } from "./random.ts";
import { runSteps } from "./settle.ts";
import { Trace } from "./trace.ts";
import { UnhandledRejections } from "./unhandled.ts";

const HOUR_MS = 3_600_000;
const TRACE_KEPT = 200;
const FIRST_PROCESS_ID = 100;
const HOSTS_PER_NETWORK = 250;

export interface WorldInit {
  readonly seed: number;
  /** What the world draws by itself; default {@link NO_FAULTS}. `drawFaults(world.random)` makes a set of the seed. */
  readonly faults?: Faults;
  readonly startWallMs?: number;
  /** How many of the last events the trace keeps in words; default 200. */
  readonly traceKept?: number;
}

/** Nothing is left that could ever happen, or not what was waited for. */
export class SimulationError extends Error {
  override readonly name = "SimulationError";
}

export class SimWorld {
  readonly seed: number;
  readonly clock: SimClock;
  readonly trace: Trace;
  readonly network: SimNetwork;
  /** For the scenario's own draws. */
  readonly random: SeededRandom;
  /** In force from the next event on; a scenario may change them at any time. */
  faults: Faults;
  readonly programs = new Map<string, Main>();
  /** The authorities that every host's platform trusts. */
  readonly trustedAuthorities: X509Certificate[] = [];
  readonly #root: SeededRandom;
  readonly #hosts: SimHost[] = [];
  readonly #unhandled = new UnhandledRejections();
  #nextProcessId = FIRST_PROCESS_ID;
  #isRunning = false;

  constructor(init: WorldInit) {
    this.seed = init.seed;
    this.faults = init.faults ?? NO_FAULTS;
    this.clock = new SimClock(init.startWallMs ?? SIM_START_WALL_MS);
    this.trace = new Trace(init.traceKept ?? TRACE_KEPT);
    this.#root = new SeededRandom(init.seed);
    this.random = this.#root.fork();
    this.network = new SimNetwork(this, this.#root.fork());
  }

  get hosts(): readonly SimHost[] {
    return this.#hosts;
  }

  /** Adds a host, up and connected to every other. @param name also its name in the network */
  addHost(name: string): SimHost {
    if (this.#hosts.some((host) => host.name === name)) throw new RangeError(`Cannot add host "${name}": it exists`);
    const index = this.#hosts.length;
    const ip = `10.0.${Math.floor(index / HOSTS_PER_NETWORK)}.${(index % HOSTS_PER_NETWORK) + 1}`;
    const host = new SimHost(this, { name, ip, random: this.#root.fork() });
    this.#hosts.push(host);
    this.network.addName(name, host);
    return host;
  }

  /** What `process.spawn` finds under `command`, on every host. */
  addProgram(command: string, main: Main): void {
    this.programs.set(command, main);
  }

  /** Makes every host's platform trust the certificates of an authority. */
  trustAuthority(pem: string): void {
    this.trustedAuthorities.push(...readCertificates(pem, "an authority"));
  }

  /** A runtime in a process of its own, which lives until it is killed: for what has no `main`. */
  createRuntime(host: SimHost, options: ProcessOptions = {}): Runtime {
    return host.startIdle(options).runtime;
  }

  /** Does `act` after `delayMs`, by the scenario's hand. */
  after(delayMs: number, act: () => void): void {
    this.clock.setTimer(delayMs, act);
  }

  /** Lets `durationMs` pass. */
  async run(durationMs: number): Promise<void> {
    const untilMs = this.clock.monotonicMs() + durationMs;
    await this.#pump(untilMs, () => false);
    this.clock.moveTo(untilMs);
  }

  /**
   * Lets time pass until the condition holds.
   *
   * @param options.withinMs default one hour
   * @throws {SimulationError} when it does not by then, or nothing is left that could change it
   */
  async until(condition: () => boolean, { withinMs = HOUR_MS }: { readonly withinMs?: number } = {}): Promise<void> {
    const untilMs = this.clock.monotonicMs() + withinMs;
    const outcome = await this.#pump(untilMs, condition);
    if (outcome === "over") return;
    throw this.#failure(outcome === "stuck" ? "nothing can ever become ready" : `not within ${withinMs} ms`);
  }

  /**
   * Lets time pass until the promise settles, and gives what it settles with.
   *
   * @param options.withinMs default one hour
   * @throws {SimulationError} when it does not by then, or nothing is left that could settle it
   */
  async wait<T>(promise: Promise<T>, options: { readonly withinMs?: number } = {}): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => isSettled = true);
    // A rejection is the caller's, who awaits `promise`; this copy of it only marks the end.
    settled.catch(() => undefined);
    await this.until(() => isSettled, options);
    return await promise;
  }

  /** Ends every fault: no more are drawn, partitions heal, hosts wake, boot and are plugged in, disks are mended. */
  calm(): void {
    this.faults = NO_FAULTS;
    this.network.heal();
    for (const host of this.#hosts) {
      host.resume();
      host.boot();
      host.plug();
      host.disk.mendAll();
    }
  }

  /** Writes an event into the trace. */
  note(event: string): void {
    this.trace.add(this.clock.monotonicMs(), event);
  }

  /** Says whose code runs in this step. */
  runsIn(process: SimProcess): void {
    this.#unhandled.blame(process);
  }

  nextProcessId(): number {
    return this.#nextProcessId++;
  }

  async #pump(untilMs: number, isOver: () => boolean): Promise<"over" | "stuck" | "time"> {
    if (this.#isRunning) throw new SimulationError("Cannot run the world from within: it is running");
    this.#isRunning = true;
    let outcome: "over" | "stuck" | "time" = "time";
    this.#unhandled.capture();
    try {
      await runSteps(() => {
        this.#unhandled.blame(undefined);
        if (isOver()) outcome = "over";
        else if (this.clock.fireNext(untilMs)) return true;
        else outcome = this.clock.nextDueMs === undefined ? "stuck" : "time";
        return false;
      });
    } finally {
      this.#unhandled.release();
      this.#isRunning = false;
    }
    return outcome;
  }

  #failure(why: string): SimulationError {
    const last = this.trace.lines.slice(-20).join("\n  ");
    return new SimulationError(`Run the world of seed ${this.seed}: ${why}. The last events were\n  ${last}`);
  }
}
