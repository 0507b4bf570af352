/** Randomness from the platform's cryptographic generator. @module */
import type { Random } from "../port.ts";

/** The most bytes `getRandomValues` gives in one call. Source: Web Cryptography, section 10.1.1. */
const BYTES_PER_CALL_MAX = 65_536;
/** The bits a double holds exactly. */
const UNIT_STEPS = 2 ** 53;

/** Cryptographic randomness. */
export function createRandom(): Random {
  return { bytes: randomBytes, unit: randomUnit, uuid: () => crypto.randomUUID() };
}

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let offset = 0; offset < length; offset += BYTES_PER_CALL_MAX) {
    crypto.getRandomValues(bytes.subarray(offset, offset + BYTES_PER_CALL_MAX));
  }
  return bytes;
}

function randomUnit(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return ((high >>> 11) * 2 ** 32 + low) / UNIT_STEPS;
}
