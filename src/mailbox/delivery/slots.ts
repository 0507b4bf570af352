/**
 * Whose turn it is. Those whose last attempt was answered and the others have places of their own: recipients that are gone, however
 * many, wait among themselves.
 *
 * @module
 */
import { Fifo } from "./fifo.ts";
import type { Lane } from "./lane.ts";

interface Places {
  readonly taken: Set<Lane>;
  readonly row: Fifo<Lane>;
}

export class Slots {
  readonly #placesMax: number;
  readonly #proven: Places = { taken: new Set(), row: new Fifo() };
  readonly #unproven: Places = { taken: new Set(), row: new Fifo() };

  /** @param placesMax of each kind */
  constructor(placesMax: number) {
    this.#placesMax = placesMax;
  }

  /** Puts a recipient at the end of its row. */
  enqueue(lane: Lane): void {
    lane.phase = "queued";
    this.#placesFor(lane).row.push(lane);
  }

  /** Gives a free place to whoever is first in its row. @returns the recipient that has its turn now; `undefined` when none */
  grant(): Lane | undefined {
    const places = this.#canGrant(this.#proven) ? this.#proven : this.#unproven;
    const lane = this.#canGrant(places) ? places.row.shift() : undefined;
    if (lane === undefined) return undefined;
    places.taken.add(lane);
    lane.phase = "active";
    lane.attemptsInTurn = 0;
    return lane;
  }

  /** Takes the place back. */
  release(lane: Lane): void {
    this.#proven.taken.delete(lane);
    this.#unproven.taken.delete(lane);
  }

  /** Whether others wait for the place that this recipient has. */
  isWanted(lane: Lane): boolean {
    return (this.#proven.taken.has(lane) ? this.#proven : this.#unproven).row.size > 0;
  }

  #canGrant({ row, taken }: Places): boolean {
    return row.size > 0 && taken.size < this.#placesMax;
  }

  #placesFor(lane: Lane): Places {
    return lane.isProven ? this.#proven : this.#unproven;
  }
}
