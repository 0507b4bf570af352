/**
 * Trouble for a fleet, drawn from the seed: one act after the other, each of which ends again by itself.
 *
 * @module
 */
import { drawMs } from "../draw.ts";
import type { SeededRandom, SimHost } from "../mod.ts";
import { verifyHubAfterKill } from "./durability-probe.ts";
import type { Fleet } from "./fleet.ts";
import type { Trouble } from "./options.ts";
import { editRegistration } from "./registrations.ts";

/** Starts trouble and, once {@link TroubleMaker.end} is called, ends all that is still under way. */
export class TroubleMaker {
  readonly #fleet: Fleet;
  readonly #random: SeededRandom;
  readonly #undo = new Set<() => void>();
  #isOver = false;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    this.#random = fleet.world.random.fork();
  }

  start(): void {
    this.#fleet.world.after(drawMs(this.#random, this.#fleet.options.pauseMs), () => this.#next());
  }

  end(): void {
    this.#isOver = true;
    for (const undo of this.#undo) undo();
    for (const { process } of this.#fleet.record.processes) process.atDiskOperation(Infinity);
  }

  #next(): void {
    if (this.#isOver) return;
    const { world, options } = this.#fleet;
    const trouble = this.#random.pick(options.troubles);
    const host = this.#random.pick(world.hosts);
    const act = this.#perform(trouble, host);
    const undo = (): void => {
      if (this.#undo.delete(undo)) act();
    };
    this.#undo.add(undo);
    world.after(drawMs(this.#random, options.lastsMs), undo);
    world.after(drawMs(this.#random, options.pauseMs), () => this.#next());
  }

  /** @returns what ends it */
  #perform(trouble: Trouble, host: SimHost): () => void {
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
      case "registration":
        if (host !== this.#fleet.hub) editRegistration(host, this.#random);
        return () => undefined;
      case "report":
        return this.#report(host);
      default:
        return this.#disturbPaths(trouble, host);
    }
  }

  #disturbPaths(trouble: "jumpWall" | "unplug" | "partition" | "block", host: SimHost): () => void {
    const { world, options } = this.#fleet;
    const random = this.#random;
    switch (trouble) {
      case "jumpWall": {
        const byMs = random.integer(-options.jumpMsMax, options.jumpMsMax);
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
    const fleet = this.#fleet;
    const current = fleet.currentOn(host);
    if (current === undefined || !current.process.isRunning) return () => undefined;
    const kill = (): void => {
      fleet.kill(current);
      if (host === fleet.hub) verifyHubAfterKill(fleet);
    };
    // The hub's own writes are SQLite's, which is no disk operation of the simulation: it is killed between any two steps.
    if (host !== fleet.hub && this.#random.chance(0.5)) {
      current.process.atDiskOperation(this.#random.integer(1, 30), kill);
    } else fleet.world.after(this.#random.unit() * 3_000, kill);
    return () => undefined;
  }

  #stop(host: SimHost): () => void {
    const current = this.#fleet.currentOn(host);
    if (current?.listeningAtMs !== undefined) this.#fleet.stop(current);
    return () => undefined;
  }

  #freeze(host: SimHost): () => void {
    const current = this.#fleet.currentOn(host);
    if (current === undefined) return () => undefined;
    current.process.freeze();
    if (current.stop !== undefined) current.stop.isDisturbed = true;
    const ended = this.#excuseHub(host);
    return () => {
      if (current.stop !== undefined) current.stop.isDisturbed = true;
      current.process.thaw();
      ended();
    };
  }

  #powerCut(host: SimHost): () => void {
    const fleet = this.#fleet;
    if (!host.isUp) return () => undefined;
    for (const one of fleet.record.processes) {
      if (one.process.host === host && one.process.isRunning) one.isKilled = true;
    }
    host.powerCut(fleet.options.powerCutOutcome);
    if (host === fleet.hub) verifyHubAfterKill(fleet);
    return () => host.boot();
  }

  #suspend(host: SimHost): () => void {
    host.suspend();
    const ended = this.#excuseHub(host);
    return () => {
      host.resume();
      ended();
    };
  }

  #fillDisk(host: SimHost): () => void {
    host.disk.limitFree(this.#random.pick([0, 0, 100, 5_000]));
    const ended = this.#excuseHub(host);
    return () => {
      host.disk.limitFree(2 ** 39);
      ended();
    };
  }

  /** A report by the real command, from another process of the host. */
  #report(host: SimHost): () => void {
    if (host === this.#fleet.hub || !host.isUp) return () => undefined;
    const random = this.#random;
    const words = ["report", "--dir", "/work", "--reporter", random.pick(["worker-0", "worker-1", "stranger"])];
    if (random.chance(0.1)) words.push("--leaving");
    if (random.chance(0.8)) words.push("--active", String(random.integer(0, 6)));
    if (random.chance(0.4)) words.push("--queue", String(random.integer(0, 10)));
    if (random.chance(0.4)) words.push("--failed", String(random.integer(0, 6)));
    words.push("--succeeded", String(random.integer(0, 3)));
    words.push("--holds-for-seconds", String(random.integer(1, 300)));
    this.#fleet.spawn(host, "command", words);
    return () => undefined;
  }

  /** While the hub stands still or cannot write, and until it has written again, it promises nothing. */
  #excuseHub(host: SimHost): () => void {
    if (host !== this.#fleet.hub) return () => undefined;
    const span = { fromMs: this.#fleet.nowMs, untilMs: undefined as number | undefined };
    this.#fleet.record.hubExcuses.push(span);
    return () => {
      span.untilMs = this.#fleet.nowMs;
    };
  }
}
