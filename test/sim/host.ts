/**
 * A simulated host: a disk, a clock, addresses and processes.
 *
 * @module
 */
import type { Runtime } from "../../src/runtime/port.ts";
import { failure } from "../../src/runtime/shared/errno.ts";
import type { CrashOutcome } from "./disk/inode.ts";
import { SimDisk } from "./disk/sim-disk.ts";
import { normalizePath } from "./disk/tree.ts";
import { Listeners } from "./network/listeners.ts";
import type { Nat } from "./network/nat.ts";
import { type Main, type ProcessOptions, SimProcess } from "./process/sim-process.ts";
import type { SeededRandom } from "./random.ts";
import { createProcessRuntime } from "./runtime.ts";
import type { SimWorld } from "./world.ts";

const DEFAULT_DIRECTORY = "/work";
const EXECUTE_BITS = 0o111;

export interface HostInit {
  readonly name: string;
  readonly ip: string;
  readonly random: SeededRandom;
}

export class SimHost {
  readonly world: SimWorld;
  readonly name: string;
  readonly ip: string;
  readonly disk: SimDisk;
  readonly listeners = new Listeners();
  /** The router behind which it stands; to be set before anything connects. */
  nat: Nat | undefined;
  readonly #random: SeededRandom;
  readonly #processes = new Set<SimProcess>();
  #wallOffsetMs = 0;
  #sleptMs = 0;
  #suspendedAtMs: number | undefined;
  #isUp = true;
  #isPlugged = true;

  constructor(world: SimWorld, init: HostInit) {
    this.world = world;
    this.name = init.name;
    this.ip = init.ip;
    this.#random = init.random;
    this.disk = new SimDisk(world, init.name, init.random.fork());
  }

  /** Running processes, oldest first. */
  get processes(): readonly SimProcess[] {
    return [...this.#processes];
  }

  /** Whether the host has power and has booted. */
  get isUp(): boolean {
    return this.#isUp;
  }

  get isSuspended(): boolean {
    return this.#suspendedAtMs !== undefined;
  }

  /** Whether its network cable is in. */
  get isPlugged(): boolean {
    return this.#isPlugged;
  }

  /** This host's idea of the Unix time. */
  wallMs(): number {
    return this.world.clock.wallMs() + this.#wallOffsetMs;
  }

  /** Stands still while the host is suspended. */
  monotonicMs(): number {
    const nowMs = this.#suspendedAtMs ?? this.world.clock.monotonicMs();
    return nowMs - this.#sleptMs;
  }

  /** Sets this host's wall clock forward, or back when negative. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
    this.world.note(`${this.name} clock jumps ${byMs}`);
  }

  /**
   * Starts `main` as a process of this host. It ends when `main` gives a number (its exit code), or has returned and
   * nothing keeps it alive, or is killed, or leaves an error uncaught.
   *
   * @throws `INTERNAL` when the host is down
   */
  start(main: Main, options: ProcessOptions = {}): SimProcess {
    const { process, runtime } = this.#makeProcess(options);
    process.run(main, runtime);
    return process;
  }

  /** Starts a process without a `main`: it lives until it is killed or exits. */
  startIdle(options: ProcessOptions = {}): { readonly process: SimProcess; readonly runtime: Runtime } {
    return this.#makeProcess(options);
  }

  /** The directory a process with these options starts in. */
  workingDirectoryOf(options: ProcessOptions): string {
    return options.workingDirectory ?? DEFAULT_DIRECTORY;
  }

  /**
   * The program a command stands for: one of `world.addProgram`.
   *
   * @throws `COMMAND_NOT_FOUND`, `PERMISSION_DENIED` for a path whose file may not be executed
   */
  findProgram(command: string, process: SimProcess): Main {
    const action = `Start ${command}`;
    const program = this.world.programs.get(command);
    if (program !== undefined) return program;
    if (!command.includes("/")) throw failure("COMMAND_NOT_FOUND", action);
    const inode = this.disk.tree.look(normalizePath(command, this.workingDirectoryOf(process.options)));
    const isRefused = inode !== undefined && (inode.kind === "directory" || (inode.mode & EXECUTE_BITS) === 0);
    throw failure(isRefused ? "PERMISSION_DENIED" : "COMMAND_NOT_FOUND", action);
  }

  /** Nothing of this host runs and no packet is taken until {@link resume}; its monotonic clock stands still. */
  suspend(): void {
    if (this.isSuspended) return;
    this.#suspendedAtMs = this.world.clock.monotonicMs();
    this.world.note(`${this.name} suspended`);
  }

  resume(): void {
    if (this.#suspendedAtMs === undefined) return;
    this.#sleptMs += this.world.clock.monotonicMs() - this.#suspendedAtMs;
    this.#suspendedAtMs = undefined;
    this.world.note(`${this.name} resumed`);
    for (const process of this.#processes) process.releaseHeld();
    this.world.network.pathsChanged();
  }

  /**
   * The power fails: every process ends at once, peers are told nothing, and the disk keeps what had reached it.
   *
   * @param outcome what becomes of what was not synced; `torn` keeps all changes but the last, and a part of that
   */
  powerCut(outcome: CrashOutcome = "drawn"): void {
    if (!this.#isUp) return;
    this.resume();
    this.#isUp = false;
    for (const process of this.processes) process.endWith({ signal: "SIGKILL" }, "powerCut");
    this.disk.powerCut(outcome);
  }

  /** Power is back. Processes are for the scenario to start again. */
  boot(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.world.note(`${this.name} booted`);
    this.world.network.pathsChanged();
  }

  /** Pulls the network cable: dialing is `NETWORK_UNREACHABLE`, what is connected falls silent. */
  unplug(): void {
    this.#isPlugged = false;
    this.world.note(`${this.name} unplugged`);
  }

  plug(): void {
    this.#isPlugged = true;
    this.world.note(`${this.name} plugged`);
    this.world.network.pathsChanged();
  }

  /** Called by a process that has ended. */
  forget(process: SimProcess): void {
    this.#processes.delete(process);
  }

  #makeProcess(options: ProcessOptions): { process: SimProcess; runtime: Runtime } {
    if (!this.#isUp) throw failure("INTERNAL", `Start a process on ${this.name}`, undefined, "a host without power");
    const workingDirectory = this.workingDirectoryOf(options);
    if (this.disk.tree.look(workingDirectory) === undefined) this.disk.putDirectory(workingDirectory);
    const process = new SimProcess(this, { id: this.world.nextProcessId(), options, random: this.#random.fork() });
    this.#processes.add(process);
    this.world.note(`${process.label} started`);
    return { process, runtime: createProcessRuntime(process) };
  }
}
