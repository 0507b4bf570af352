/** What the tests of sealing share. @module */
import type { Random } from "../../../../src/runtime/port.ts";

export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Gives these bytes, for a known ephemeral key. */
export function fixedRandom(bytes: Uint8Array<ArrayBuffer>): Pick<Random, "bytes"> {
  return { bytes: (length) => bytes.slice(0, length) };
}
