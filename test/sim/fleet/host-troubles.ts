/**
 * Trouble for hosts and what runs on them, drawn from the seed: one act after the other, each of which ends again by
 * itself. What only one kind of fleet can meet is handed in.
 *
 * @module
 */
import { drawMs } from "../draw.ts";
import type { CrashOutcome, Range, SeededRandom, SimHost } from "../mod.ts";
import type { Crew } from "./crew.ts";

/** `stop`: SIGTERM, then started again; `kill`: SIGKILL at once or within a disk operation. */
export const HOST_TROUBLES = [
  "kill",
  "stop",
  "freeze",
  "powerCut",
  "suspend",
  "jumpWall",
  "unplug",
  "partition",
  "block",
  "fullDisk",
] as const;
export type HostTrouble = (typeof HOST_TROUBLES)[number];

type PathTrouble = Extract<HostTrouble, "jumpWall" | "unplug" | "partition" | "block">;

export interface TroubleOptions<Trouble extends string> {
  readonly troubles: readonly Trouble[];
  /** Between one act and the next. */
  readonly pauseMs: Range;
  readonly lastsMs: Range;
  readonly jumpMsMax: number;
  readonly powerCutOutcome: CrashOutcome;
}

export interface TroubleHooks<Own extends string> {
  /** What this kind of fleet meets besides. @returns what ends it */
  readonly own: Readonly<Record<Own, (host: SimHost, random: SeededRandom) => () => void>>;
  /** The host's own process was killed, alone or with its power. */
  killed?(host: SimHost): void;
  /** The host stands still, or has no room. @returns what ends that */
  excuse?(host: SimHost): () => void;
  /** Whether a kill may fall into a disk operation; default: yes. */
  writesFiles?(host: SimHost): boolean;
}

const KILL_WITHIN_OPERATIONS = 30;
const KILL_WITHIN_MS = 3_000;
const ROOM_BYTES = [0, 0, 100, 5_000];
/** More than any disk here holds. */
const DISK_BYTES = 2 ** 39;
const nothing = (): void => undefined;

/** Starts trouble and, once {@link HostTroubles.end} is called, ends all that is still under way. */
export class HostTroubles<Own extends string> {
  readonly #crew: Crew;
  readonly #options: TroubleOptions<HostTrouble | Own>;
  readonly #hooks: TroubleHooks<Own>;
  readonly #random: SeededRandom;
  readonly #undo = new Set<() => void>();
  #isOver = false;

  constructor(crew: Crew, options: TroubleOptions<HostTrouble | Own>, hooks: TroubleHooks<Own>) {
    this.#crew = crew;
    this.#options = options;
    this.#hooks = hooks;
    this.#random = crew.world.random.fork();
  }

  start(): void {
    this.#crew.world.after(drawMs(this.#random, this.#options.pauseMs), () => this.#next());
  }

  end(): void {
    this.#isOver = true;
    for (const undo of this.#undo) undo();
    for (const { process } of this.#crew.record.processes) process.atDiskOperation(Infinity);
  }

  #next(): void {
    if (this.#isOver) return;
    const { world } = this.#crew;
    const { lastsMs, pauseMs, troubles } = this.#options;
    const trouble = this.#random.pick(troubles);
    const host = this.#random.pick(this.#crew.troubled);
    const act = this.#perform(trouble, host);
    const undo = (): void => {
      if (this.#undo.delete(undo)) act();
    };
    this.#undo.add(undo);
    world.after(drawMs(this.#random, lastsMs), undo);
    world.after(drawMs(this.#random, pauseMs), () => this.#next());
  }

  /** @returns what ends it */
  #perform(trouble: HostTrouble | Own, host: SimHost): () => void {
    switch (trouble) {
      case "kill":
        return this.#kill(host);
      case "stop":
        return this.#stop(host);
      case "freeze":
        return this.#freeze(host);
      case "powerCut":
        return this.#powerCut(host);
      case "suspend":
        return this.#suspend(host);
      case "fullDisk":
        return this.#fillDisk(host);
      case "jumpWall":
      case "unplug":
      case "partition":
      case "block":
        return this.#disturbPaths(trouble as PathTrouble, host);
      default:
        return this.#hooks.own[trouble as Own](host, this.#random);
    }
  }

  #disturbPaths(trouble: PathTrouble, host: SimHost): () => void {
    const { world } = this.#crew;
    const { jumpMsMax } = this.#options;
    const random = this.#random;
    switch (trouble) {
      case "jumpWall": {
        const byMs = random.integer(-jumpMsMax, jumpMsMax);
        host.jumpWall(byMs);
        return () => host.jumpWall(-byMs);
      }
      case "unplug":
        host.unplug();
        return () => host.plug();
      case "partition":
        world.network.partition([host], world.hosts.filter((other) => other !== host && random.chance(0.7)));
        return () => world.network.heal();
      case "block":
        world.network.block(host, random.pick(world.hosts));
        return () => world.network.heal();
    }
  }

  #kill(host: SimHost): () => void {
    const crew = this.#crew;
    const current = crew.currentOn(host);
    if (current === undefined || !current.process.isRunning) return nothing;
    const kill = (): void => {
      crew.kill(current);
      this.#hooks.killed?.(host);
    };
    if (this.#hooks.writesFiles?.(host) !== false && this.#random.chance(0.5)) {
      current.process.atDiskOperation(this.#random.integer(1, KILL_WITHIN_OPERATIONS), kill);
    } else crew.world.after(this.#random.unit() * KILL_WITHIN_MS, kill);
    return nothing;
  }

  #stop(host: SimHost): () => void {
    const current = this.#crew.currentOn(host);
    if (current?.listeningAtMs !== undefined) this.#crew.stop(current);
    return nothing;
  }

  #freeze(host: SimHost): () => void {
    const current = this.#crew.currentOn(host);
    if (current === undefined) return nothing;
    current.process.freeze();
    if (current.stop !== undefined) current.stop.isDisturbed = true;
    const ended = this.#excuse(host);
    return () => {
      if (current.stop !== undefined) current.stop.isDisturbed = true;
      current.process.thaw();
      ended();
    };
  }

  #powerCut(host: SimHost): () => void {
    if (!host.isUp) return nothing;
    for (const one of this.#crew.record.processes) {
      if (one.process.host === host && one.process.isRunning) one.isKilled = true;
    }
    host.powerCut(this.#options.powerCutOutcome);
    this.#hooks.killed?.(host);
    return () => host.boot();
  }

  #suspend(host: SimHost): () => void {
    host.suspend();
    const ended = this.#excuse(host);
    return () => {
      host.resume();
      ended();
    };
  }

  #fillDisk(host: SimHost): () => void {
    host.disk.limitFree(this.#random.pick(ROOM_BYTES));
    const ended = this.#excuse(host);
    return () => {
      host.disk.limitFree(DISK_BYTES);
      ended();
    };
  }

  #excuse(host: SimHost): () => void {
    return this.#hooks.excuse?.(host) ?? nothing;
  }
}
