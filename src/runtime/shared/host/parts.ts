/**
 * Parts of a reading, each of which may fail, or never end, by itself.
 *
 * @module
 */
import { toBarnacleError } from "../../../errors.ts";
import type { HostPart, HostReading } from "../../host.ts";

/** What a part fails with when the source says nothing that can be understood. */
export class Unreadable extends Error {}

/** The parts that a file keeps waiting. One is not begun again before it has ended: each would hold another thread. */
export type WaitingParts = Set<HostPart>;

/** One reading in the making. */
export class PartReader {
  readonly problems: { readonly part: HostPart; readonly message: string }[] = [];
  readonly #waiting: WaitingParts;
  readonly #signal: AbortSignal | undefined;
  readonly #cut: Promise<never>;

  constructor(waiting: WaitingParts, signal: AbortSignal | undefined) {
    this.#waiting = waiting;
    this.#signal = signal;
    this.#cut = new Promise((_resolve, reject) => {
      const cut = () => reject(new Unreadable("What it is read from does not answer"));
      if (signal?.aborted === true) cut();
      signal?.addEventListener("abort", cut, { once: true });
    });
    // Where nothing waits any more, nobody hears of it.
    this.#cut.catch(() => undefined);
  }

  /** The part, or `undefined` with a problem. */
  async attempt<T>(part: HostPart, read: () => Promise<T> | T): Promise<T | undefined> {
    if (this.#waiting.has(part)) return this.#fail(part, "What it is read from still does not answer");
    const reading = (async () => await read())();
    try {
      return await Promise.race([reading, this.#cut]);
    } catch (thrown) {
      if (this.#signal?.aborted === true) this.#remember(part, reading);
      return this.#fail(part, messageOf(thrown));
    }
  }

  /** Two readings at once are no trouble; one that was given up and has not ended is. */
  #remember(part: HostPart, reading: Promise<unknown>): void {
    this.#waiting.add(part);
    const ended = () => void this.#waiting.delete(part);
    void reading.then(ended, ended);
  }

  #fail(part: HostPart, message: string): undefined {
    this.problems.push({ part, message });
    return undefined;
  }
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof Unreadable) return thrown.message;
  const { code, action } = toBarnacleError(thrown, "Measure the host");
  return `${action}: ${code}`;
}

/** The figures, when each is a finite number and none is negative. @throws Unreadable naming the source */
export function figures(source: string, ...values: readonly (string | number | undefined)[]): number[] {
  const numbers = values.map((value) => value === undefined || value === "" ? Number.NaN : Number(value));
  if (numbers.every((value) => Number.isFinite(value) && value >= 0)) return numbers;
  throw new Unreadable(`${source} does not hold the figures that it should`);
}

/** What cannot be is not believed. @throws Unreadable */
export function checkedDisk(path: string, disk: NonNullable<HostReading["disk"]>): NonNullable<HostReading["disk"]> {
  const { usedBytes, availableBytes } = disk;
  figures(`the file system of ${path}`, usedBytes, availableBytes, usedBytes + availableBytes > 0 ? 1 : undefined);
  return disk;
}
