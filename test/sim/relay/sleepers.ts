/**
 * Hosts that sleep: their node ends, is away for minutes and more, and comes back as a new process that knows nothing of where it was
 * registered. What relays keep meanwhile is older than any message that may come over another way.
 *
 * @module
 */
import { drawMs } from "../draw.ts";
import type { SeededRandom, SimHost } from "../mod.ts";
import { nowAndThen } from "../now-and-then.ts";
import type { RelayFleet } from "./relay-fleet.ts";

const PAUSE_MS = [20_000, 240_000] as const;
const SLEEP_MS = [60_000, 25 * 60_000] as const;

export class Sleepers {
  readonly #fleet: RelayFleet;
  readonly #random: SeededRandom;
  readonly #asleep = new Set<SimHost>();
  #end: () => void = () => undefined;

  constructor(fleet: RelayFleet) {
    this.#fleet = fleet;
    this.#random = fleet.world.random.fork();
  }

  start(): void {
    const acts = { random: this.#random, pauseMs: PAUSE_MS };
    this.#end = nowAndThen(this.#fleet.world, acts, () => this.#sleep(this.#random.pick(this.#fleet.writers)));
  }

  /** Wakes everybody, and lets nobody sleep any more. */
  end(): void {
    this.#end();
    for (const host of this.#asleep) this.#wake(host);
  }

  /** Somebody stays awake, so that there is somebody to write. */
  #sleep(host: SimHost): void {
    const fleet = this.#fleet;
    const current = fleet.currentOn(host);
    if (this.#asleep.has(host) || this.#asleep.size + 1 >= fleet.writers.length || current === undefined) return;
    this.#asleep.add(host);
    fleet.world.note(`${host.name} goes to sleep`);
    fleet.hold(host, true);
    fleet.stop(current);
    fleet.world.after(drawMs(this.#random, SLEEP_MS), () => this.#wake(host));
  }

  #wake(host: SimHost): void {
    if (!this.#asleep.delete(host)) return;
    this.#fleet.world.note(`${host.name} wakes`);
    this.#fleet.hold(host, false);
  }
}
