/**
 * Trouble drawn from the seed: one act after the other against a world's hosts, each of which ends again by itself.
 *
 * @module
 */
import { drawMs } from "./draw.ts";
import type { Range } from "./faults.ts";
import type { SimHost } from "./host.ts";
import { nowAndThen } from "./now-and-then.ts";
import type { SeededRandom } from "./random.ts";
import type { SimWorld } from "./world.ts";

/** What chaos can do. `kill`, `freeze`: to one process; the others: to a host or between hosts. */
export type ChaosAct =
  | "kill"
  | "freeze"
  | "powerCut"
  | "suspend"
  | "jumpWall"
  | "unplug"
  | "partition"
  | "block";

export const CHAOS_ACTS: readonly ChaosAct[] = [
  "kill",
  "freeze",
  "powerCut",
  "suspend",
  "jumpWall",
  "unplug",
  "partition",
  "block",
];

export interface ChaosInit {
  readonly hosts: readonly SimHost[];
  /** Between one act and the next. */
  readonly pauseMs: Range;
  /** How long an act lasts. */
  readonly lastsMs: Range;
  /** Default: all. */
  readonly acts?: readonly ChaosAct[];
  /** Starts again what a kill or a power cut has ended on the host; the host is up. */
  restart(host: SimHost): void;
}

const JUMP_MS_MAX = 3_600_000;

/** Starts chaos; the returned function ends it. `world.calm()` then ends what is still broken. */
export function startChaos(world: SimWorld, init: ChaosInit): () => void {
  const random = world.random.fork();
  const acts = init.acts ?? CHAOS_ACTS;
  return nowAndThen(world, { random, pauseMs: init.pauseMs }, () => {
    const end = perform(world, init, { act: random.pick(acts), host: random.pick(init.hosts), random });
    world.after(drawMs(random, init.lastsMs), end);
  });
}

interface Target {
  readonly act: ChaosAct;
  readonly host: SimHost;
  readonly random: SeededRandom;
}

/** @returns what ends the act */
function perform(world: SimWorld, init: ChaosInit, { act, host, random }: Target): () => void {
  if (act === "kill" || act === "freeze") return disturbProcess(init, { act, host, random });
  switch (act) {
    case "powerCut":
      host.powerCut();
      return () => {
        if (host.isUp) return;
        host.boot();
        init.restart(host);
      };
    case "suspend":
      host.suspend();
      return () => host.resume();
    case "jumpWall": {
      const byMs = random.integer(-JUMP_MS_MAX, JUMP_MS_MAX);
      host.jumpWall(byMs);
      return () => host.jumpWall(-byMs);
    }
    case "unplug":
      host.unplug();
      return () => host.plug();
    case "partition":
      world.network.partition([host], init.hosts.filter((other) => other !== host && random.chance(0.5)));
      return () => world.network.heal();
    case "block":
      world.network.block(host, random.pick(init.hosts));
      return () => world.network.heal();
  }
}

function disturbProcess(init: ChaosInit, { act, host, random }: Target): () => void {
  const { processes } = host;
  if (processes.length === 0) return () => undefined;
  const process = random.pick(processes);
  if (act === "freeze") {
    process.freeze();
    return () => process.thaw();
  }
  process.kill();
  return () => {
    if (host.isUp && !process.isRunning) init.restart(host);
  };
}
