/**
 * One simulated process: what runs in it, what it holds, and how it ends.
 *
 * JavaScript cannot be stopped from outside. A process that has ended may run on until its next `await` of the
 * platform; from then on nothing reaches it: its timers, sockets, locks and files are gone, and no promise of the
 * platform settles again.
 *
 * @module
 */
import type { Runtime, Signal, Timer } from "../../../src/runtime/port.ts";
import { quantizeMs } from "../draw.ts";
import type { SimHost } from "../host.ts";
import type { SeededRandom } from "../random.ts";
import { CapturedOutput } from "./captured-output.ts";
import { StandardInput } from "./standard-input.ts";

/** How a process ended. */
export type ProcessEnd = { readonly code: number } | { readonly signal: string };

/** How what a process holds is taken from it: its kernel tidies up, or loses its power with it. */
export type DropReason = "ended" | "powerCut";

/**
 * What runs as a process. A number is its exit code; otherwise the process ends when nothing keeps it alive any more.
 */
export type Main = (runtime: Runtime, programArguments: readonly string[]) => Promise<number | void> | number | void;

/** Something that dies with its process. */
export interface Resource {
  /** Whether the process goes on for its sake once `main` has returned. */
  readonly keepsAlive: boolean;
  drop(reason: DropReason): void;
}

export interface ProcessOptions {
  /** For the trace; default `process`. */
  readonly name?: string;
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Created if need be; default `/work`. */
  readonly workingDirectory?: string;
  /** Default 1000; 0 may do everything. */
  readonly userId?: number;
  readonly groupId?: number;
  /** All of standard input; without it, input comes by `process.input`. */
  readonly standardInput?: string | Uint8Array;
  readonly isTerminal?: boolean;
}

interface ProcessInit {
  readonly id: number;
  readonly options: ProcessOptions;
  readonly random: SeededRandom;
}

export class SimProcess {
  readonly id: number;
  readonly host: SimHost;
  readonly options: ProcessOptions;
  readonly random: SeededRandom;
  readonly standardOutput: CapturedOutput;
  readonly standardError: CapturedOutput;
  readonly standardInput: StandardInput;
  readonly signalHandlers = new Map<Signal, Set<() => void>>();
  readonly uncaughtHandlers = new Set<(thrown: unknown) => void>();
  /** Settles, a step after it happened, with how the process ended. Meant for the scenario and for parents. */
  readonly ended: Promise<ProcessEnd>;
  #end: ProcessEnd | undefined;
  #resolveEnded: (end: ProcessEnd) => void = () => undefined;
  readonly #resources = new Set<Resource>();
  #keepingAlive = 0;
  #mayEndItself = false;
  #isFrozen = false;
  #held: (() => void)[] = [];
  #diskOperationsLeft = Number.POSITIVE_INFINITY;
  #atDiskOperation: () => void = () => undefined;

  constructor(host: SimHost, init: ProcessInit) {
    this.host = host;
    this.id = init.id;
    this.options = init.options;
    this.random = init.random;
    const isTerminal = init.options.isTerminal ?? false;
    this.standardOutput = new CapturedOutput(this, "stdout", isTerminal);
    this.standardError = new CapturedOutput(this, "stderr", isTerminal);
    this.standardInput = new StandardInput(init.options.standardInput);
    this.ended = new Promise((resolve) => this.#resolveEnded = resolve);
  }

  /** As the trace names it. */
  get label(): string {
    return `${this.host.name}/${this.options.name ?? "process"}#${this.id}`;
  }

  get isRunning(): boolean {
    return this.#end === undefined;
  }

  /** How it ended; `undefined` while it runs. */
  get end(): ProcessEnd | undefined {
    return this.#end;
  }

  /** Whether code of this process can run now: neither ended nor frozen nor on a suspended host. */
  get canRun(): boolean {
    return this.isRunning && !this.#isFrozen && !this.host.isSuspended;
  }

  get userId(): number {
    return this.options.userId ?? 1000;
  }

  get groupId(): number {
    return this.options.groupId ?? 1000;
  }

  /** Runs `main` in this process from the next step on. */
  run(main: Main, runtime: Runtime): void {
    this.after(0, () => {
      const returned = Promise.resolve(main(runtime, this.options.arguments ?? []));
      returned.then((code) => {
        if (typeof code === "number") this.endWith({ code });
        this.#mayEndItself = true;
        this.#endIfNothingKeepsAlive();
      }, (thrown: unknown) => this.uncaught(thrown));
    });
  }

  /** Runs a piece of the process's code now: later when it is frozen, never when it has ended. */
  enter(work: () => void): void {
    if (!this.isRunning) return;
    if (!this.canRun) {
      this.#held.push(work);
      return;
    }
    this.host.world.runsIn(this);
    try {
      work();
    } catch (thrown) {
      this.uncaught(thrown);
    }
  }

  /** Enters the process after `delayMs`; cancelled when it ends. */
  after(delayMs: number, work: () => void, keepsAlive = true): Timer {
    if (!this.isRunning) return { cancel: () => undefined };
    let isPending = true;
    const timer = this.host.world.clock.setTimer(quantizeMs(delayMs), () => this.enter(fire));
    const resource: Resource = { keepsAlive, drop: () => timer.cancel() };
    // A timer that was due while the process stood still can yet be cancelled by what runs before it.
    const fire = (): void => {
      if (!isPending) return;
      isPending = false;
      this.disown(resource);
      work();
    };
    this.own(resource);
    return {
      cancel: () => {
        isPending = false;
        timer.cancel();
        this.disown(resource);
      },
    };
  }

  /**
   * A call of the platform: `work` happens after `delayMs` and settles the promise.
   *
   * @param onDrop happens in place of `work` when the process ends before
   */
  operation<T>(delayMs: number, work: () => T, onDrop?: (reason: DropReason) => void): Promise<T> {
    if (!this.isRunning) return new Promise(() => undefined);
    return new Promise<T>((resolve, reject) => {
      const timer = this.host.world.clock.setTimer(quantizeMs(delayMs), () => this.enter(() => settleWith(resource)));
      const settleWith = (done: Resource): void => {
        this.disown(done);
        try {
          resolve(work());
        } catch (error) {
          reject(error as Error);
        }
      };
      const resource: Resource = {
        keepsAlive: true,
        drop: (reason) => {
          timer.cancel();
          onDrop?.(reason);
        },
      };
      this.own(resource);
    });
  }

  own(resource: Resource): void {
    if (!this.isRunning || this.#resources.has(resource)) return;
    this.#resources.add(resource);
    if (resource.keepsAlive) this.#keepingAlive++;
  }

  disown(resource: Resource): void {
    if (!this.#resources.delete(resource) || !resource.keepsAlive) return;
    this.#keepingAlive--;
    this.#endIfNothingKeepsAlive();
  }

  /** Sends a signal; `SIGKILL` ends the process before this returns. */
  kill(signal: Signal | "SIGKILL" = "SIGKILL"): void {
    if (signal === "SIGKILL") this.endWith({ signal });
    else this.after(0, () => this.#receive(signal), false);
  }

  /** The process stands still, as under SIGSTOP; its kernel goes on accepting and buffering for it. */
  freeze(): void {
    this.#isFrozen = true;
  }

  thaw(): void {
    this.#isFrozen = false;
    this.releaseHeld();
  }

  /** Runs what was held back, each in a step of its own. */
  releaseHeld(): void {
    if (!this.canRun) return;
    const held = this.#held;
    this.#held = [];
    for (const work of held) this.host.world.clock.setTimer(0, () => this.enter(work));
  }

  /**
   * Does `act` (default: kills the process) in the middle of its `count`th disk operation from now, counted from 1. A
   * scenario that does so for every number up to `disk.operationCount` has crashed at every write there is.
   */
  atDiskOperation(count: number, act: () => void = () => this.kill()): void {
    this.#diskOperationsLeft = count;
    this.#atDiskOperation = act;
  }

  /** Called by the disk once an operation is under way. */
  countDiskOperation(): void {
    if (--this.#diskOperationsLeft === 0) this.#atDiskOperation();
  }

  /** What nobody in the process caught. */
  uncaught(thrown: unknown): void {
    if (!this.isRunning) return;
    if (this.uncaughtHandlers.size === 0) {
      this.standardError.write(
        `Uncaught ${thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown)}\n`,
      );
      this.endWith({ code: 1 });
      return;
    }
    try {
      const handlers = [...this.uncaughtHandlers];
      for (const handler of handlers) handler(thrown);
    } catch {
      // As on the real platforms: an error in the last handler ends the process.
      this.endWith({ code: 7 });
    }
  }

  endWith(end: ProcessEnd, reason: DropReason = "ended"): void {
    if (!this.isRunning) return;
    this.#end = end;
    const { world } = this.host;
    world.note(
      `${this.label} ended ${"code" in end ? end.code : end.signal}${reason === "powerCut" ? " (power cut)" : ""}`,
    );
    const resources = [...this.#resources];
    this.#resources.clear();
    this.#held = [];
    for (const resource of resources) resource.drop(reason);
    this.host.forget(this);
    world.clock.setTimer(0, () => this.#resolveEnded(end));
  }

  #receive(signal: Signal): void {
    const handlers = [...this.signalHandlers.get(signal) ?? []];
    if (handlers.length === 0) this.endWith({ signal });
    for (const handler of handlers) handler();
  }

  #endIfNothingKeepsAlive(): void {
    if (!this.#mayEndItself || this.#keepingAlive > 0 || !this.isRunning) return;
    // A step later: what let go may be about to take hold of the next thing.
    this.host.world.clock.setTimer(0, () => {
      if (this.#keepingAlive === 0) this.endWith({ code: 0 });
    });
  }
}
