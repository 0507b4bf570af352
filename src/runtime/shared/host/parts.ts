/**
 * Parts of a reading, each of which may fail by itself.
 *
 * @module
 */
import { toBarnacleError } from "../../../errors.ts";
import type { HostPart, HostReading } from "../../port.ts";

/** What a part fails with when the source says nothing that can be understood. */
export class Unreadable extends Error {}

/** Collects what went wrong while a reading is made. */
export class Problems {
  readonly list: { readonly part: HostPart; readonly message: string }[] = [];

  /** The part, or `undefined` with a problem. */
  async attempt<T>(part: HostPart, read: () => Promise<T> | T): Promise<T | undefined> {
    try {
      return await read();
    } catch (thrown) {
      this.list.push({ part, message: messageOf(thrown) });
      return undefined;
    }
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

/** A file system without any room says nothing about its use. @throws Unreadable */
export function checkedDisk(path: string, disk: NonNullable<HostReading["disk"]>): NonNullable<HostReading["disk"]> {
  const [usedBytes = 0, availableBytes = 0] = figures(
    `the file system of ${path}`,
    disk.usedBytes,
    disk.availableBytes,
  );
  return { usedBytes, availableBytes };
}
