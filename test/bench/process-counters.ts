/** What Linux counts of a process: its memory and its processor time. */
import { readdirSync, readFileSync } from "node:fs";

export interface Memory {
  /** Everything mapped and present, shared pages included. */
  readonly residentMib: number;
  /**
   * Pages that this process alone holds and changed. Pages of a freshly written binary count too until they are on the disk: flush
   * (`sync`) before reading.
   */
  readonly privateMib: number;
}

export function readMemory(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const mib = (name: string) =>
    Number(text.match(new RegExp(`^${name}:\\s+(\\d+) kB`, "m"))?.[1] ?? Number.NaN) / 1_024;
  return { residentMib: mib("Rss"), privateMib: mib("Private_Dirty") };
}

/** Adds up the processor time of all threads. A thread's last stretch before its end is seen only if a sample fell into it. */
export class ProcessorMeter {
  readonly #pid: number;
  readonly #seenNs = new Map<string, number>();
  #totalNs = 0;

  /** Counts from the start of the process; see {@link reset}. */
  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Counts from now on. */
  reset(): void {
    this.sampleMs();
    this.#totalNs = 0;
  }

  /** @returns milliseconds since the start or the last reset */
  sampleMs(): number {
    for (const thread of readdirSync(`/proc/${this.#pid}/task`)) {
      const ns = this.#readNs(thread);
      this.#totalNs += Math.max(0, ns - (this.#seenNs.get(thread) ?? 0));
      this.#seenNs.set(thread, ns);
    }
    return this.#totalNs / 1e6;
  }

  #readNs(thread: string): number {
    try {
      return Number(readFileSync(`/proc/${this.#pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // The thread ended between the listing and the reading.
      return this.#seenNs.get(thread) ?? 0;
    }
  }
}

/**
 * How long the main thread, which serves, has run or waited for a processor that others had: all the time in which it had work.
 *
 * @returns milliseconds since the start of the process
 */
export function readMainThreadMs(pid: number): number {
  const [ranNs, waitedNs] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ");
  return (Number(ranNs) + Number(waitedNs)) / 1e6;
}
