/**
 * From the Ed25519 key that a node is known by to the X25519 key that its messages are sealed to: the same point on the other curve.
 *
 * Everything here is public, so nothing needs to take the same time. The private half is `Crypto.x25519FromEd25519`; that both halves
 * fit is tested with random keys. Source: RFC 7748, section 4.1.
 *
 * @module
 */
const KEY_BYTES = 32;
const BITS_PER_BYTE = 8n;
const PRIME = 2n ** 255n - 19n;

/**
 * The X25519 form of an Ed25519 public key: `u = (1 + y) / (1 - y)`.
 *
 * @param publicSpki the key as SPKI DER, whose last 32 bytes are the point
 * @returns 32 bytes; `undefined` where `y` is no number of the field, or the point has no such form
 */
export function x25519OfEd25519(publicSpki: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const point = publicSpki.slice(-KEY_BYTES);
  if (point.length !== KEY_BYTES) return undefined;
  // The highest bit is the sign of x, which X25519 does without.
  point[KEY_BYTES - 1] = (point[KEY_BYTES - 1] ?? 0) & 0x7f;
  const y = readNumber(point);
  if (y >= PRIME || y === 1n) return undefined;
  return writeNumber(modulo((1n + y) * invert(modulo(1n - y))));
}

function readNumber(littleEndian: Uint8Array): bigint {
  let number = 0n;
  for (const byte of littleEndian.toReversed()) number = (number << BITS_PER_BYTE) | BigInt(byte);
  return number;
}

function writeNumber(number: bigint): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(KEY_BYTES);
  for (let index = 0; index < KEY_BYTES; index++) {
    bytes[index] = Number(BigInt.asUintN(Number(BITS_PER_BYTE), number >> (BITS_PER_BYTE * BigInt(index))));
  }
  return bytes;
}

function modulo(number: bigint): bigint {
  const rest = number % PRIME;
  return rest < 0n ? rest + PRIME : rest;
}

/** By Euclid's algorithm. @param number from 1 to below the prime */
function invert(number: bigint): bigint {
  let [rest, nextRest, factor, nextFactor] = [PRIME, number, 0n, 1n];
  while (nextRest !== 0n) {
    const quotient = rest / nextRest;
    [rest, nextRest] = [nextRest, rest - quotient * nextRest];
    [factor, nextFactor] = [nextFactor, factor - quotient * nextFactor];
  }
  return modulo(factor);
}
