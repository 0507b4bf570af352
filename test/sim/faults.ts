/**
 * The faults a world draws from its seed by itself. What is not here (a kill, a power cut, a partition, a jump of a
 * clock) is triggered by the scenario or by `startChaos`.
 *
 * @module
 */
import type { SeededRandom } from "./random.ts";

/** A lower and an upper bound, both included. */
export type Range = readonly [low: number, high: number];

/** Rates are probabilities from 0 to 1. */
export interface DiskFaults {
  readonly latencyMs: Range;
  readonly syncLatencyMs: Range;
  /** Of each read: `IO_ERROR`. */
  readonly readErrorRate: number;
  /** Of each sync: `IO_ERROR`, and what it was to save is lost at the next power cut even if a later sync succeeds. */
  readonly syncFailureRate: number;
  /** Of each change seen by a watcher: not reported. */
  readonly watchMissRate: number;
  /**
   * At a power cut, unsynced writes of one file survive independently of each other instead of in order; holes read as
   * zeros.
   */
  readonly reordersUnsynced: boolean;
}

export interface NetworkFaults {
  readonly latencyMs: Range;
  /** Bytes per millisecond of each direction of a connection. */
  readonly bytesPerMs: number;
  /** Of each segment between two hosts: the connection is reset. */
  readonly resetRate: number;
  /** Of each segment: it arrives in two pieces. */
  readonly splitRate: number;
  /** Of each look-up of a name: `HOST_NOT_FOUND`. */
  readonly lookUpFailureRate: number;
}

export interface Faults {
  readonly disk: DiskFaults;
  readonly network: NetworkFaults;
}

/** A healthy world: latency, but nothing fails. */
export const NO_FAULTS: Faults = {
  disk: {
    latencyMs: [0.02, 0.2],
    syncLatencyMs: [0.5, 4],
    readErrorRate: 0,
    syncFailureRate: 0,
    watchMissRate: 0,
    reordersUnsynced: false,
  },
  network: { latencyMs: [0.2, 2], bytesPerMs: 100_000, resetRate: 0, splitRate: 0.05, lookUpFailureRate: 0 },
};

/**
 * Draws a set of faults: each one off in half of the worlds and of very different weight in the others, because a world
 * in which everything fails a little never reaches what happens after a long healthy run.
 */
export function drawFaults(random: SeededRandom): Faults {
  const rate = (most: number): number => random.chance(0.5) ? 0 : most * random.unit() ** 3;
  const slow = random.chance(0.25);
  return {
    disk: {
      latencyMs: slow ? [0.5, 50] : NO_FAULTS.disk.latencyMs,
      syncLatencyMs: slow ? [5, 500] : NO_FAULTS.disk.syncLatencyMs,
      readErrorRate: rate(0.02),
      syncFailureRate: rate(0.05),
      watchMissRate: rate(1),
      reordersUnsynced: random.chance(0.5),
    },
    network: {
      latencyMs: random.pick([[0.05, 0.5], [0.2, 2], [20, 200], [1, 3_000]]),
      bytesPerMs: random.pick([100_000, 1_000, 50]),
      resetRate: rate(0.05),
      splitRate: rate(1),
      lookUpFailureRate: rate(0.1),
    },
  };
}
