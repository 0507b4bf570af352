/**
 * A node id in a form that two people can compare by voice.
 *
 * @module
 */
import { decodeBase64, isNodeId } from "../contract/mod.ts";
import { BarnacleError } from "../errors.ts";

/** Of the SHA-256 that the node id is: enough that the remainder below is as good as even. */
const BYTES_TAKEN = 16;
const DIGITS = 20;
const GROUP_DIGITS = 5;

/**
 * Twenty decimal digits in groups of five, `31415 92653 58979 32384`: the first 16 bytes of the SHA-256 over the public key (which the node
 * id carries), read as one big-endian number, its last twenty digits. That is 66 bits: nobody finds another key with the same ones.
 *
 * @throws `INTERNAL` when the text is no node id
 */
export function fingerprintOf(nodeId: string): string {
  const base64 = `${nodeId.slice("ed25519:".length).replaceAll("-", "+").replaceAll("_", "/")}=`;
  const digest = isNodeId(nodeId) ? decodeBase64(base64) : undefined;
  if (digest === undefined) {
    throw new BarnacleError({
      code: "INTERNAL",
      action: "Make a fingerprint",
      value: "something else",
      wanted: "a node id",
    });
  }
  let number = 0n;
  for (const byte of digest.subarray(0, BYTES_TAKEN)) number = number * 256n + BigInt(byte);
  const digits = (number % 10n ** BigInt(DIGITS)).toString().padStart(DIGITS, "0");
  return (digits.match(new RegExp(`.{${GROUP_DIGITS}}`, "g")) ?? []).join(" ");
}
