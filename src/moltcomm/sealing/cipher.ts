/**
 * ChaCha20-Poly1305. Source: RFC 8439, section 2.8.
 *
 * Cipher and authenticator are `@noble/ciphers`'. Its own joining of the two runs the cipher twice for a message, and gives the
 * authenticator its input in six pieces, each copied: for messages of some hundred bytes, half of the time. Here each runs once.
 *
 * @module
 */
import { poly1305 } from "@noble/ciphers/_poly1305.js";
import { chacha20 } from "@noble/ciphers/chacha.js";
import { equalBytes } from "@noble/ciphers/utils.js";

/** The first block of the key stream is the authenticator's; the message's begins with the second. */
const BLOCK_BYTES = 64;
const AUTHENTICATOR_KEY_BYTES = 32;
const TAG_BYTES = 16;
/** Of what is authenticated, each part begins at a multiple of this. */
const ALIGNMENT_BYTES = 16;
const LENGTH_BYTES = 8;

/** What one message is sealed with. No nonce may come twice with one key. */
export interface CipherInput {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  readonly associatedData: Uint8Array;
}

/** The ciphertext, and its tag of 16 bytes behind it. */
export function sealWith({ key, nonce, associatedData }: CipherInput, plaintext: Uint8Array): Uint8Array<ArrayBuffer> {
  const { authenticatorKey, output } = runCipher(key, nonce, plaintext);
  const sealed = new Uint8Array(output.length + TAG_BYTES);
  sealed.set(output);
  sealed.set(tagOf(authenticatorKey, associatedData, output), output.length);
  return sealed;
}

/** The plaintext. @throws when it was not sealed with these */
export function openWith({ key, nonce, associatedData }: CipherInput, sealed: Uint8Array): Uint8Array<ArrayBuffer> {
  if (sealed.length < TAG_BYTES) throw new TypeError("A sealed message is never shorter than its tag");
  const ciphertext = sealed.slice(0, -TAG_BYTES);
  const { authenticatorKey, output } = runCipher(key, nonce, ciphertext);
  // In constant time: how much of a forged tag is right must not show.
  if (equalBytes(sealed.slice(-TAG_BYTES), tagOf(authenticatorKey, associatedData, ciphertext))) return output;
  throw new TypeError("The message was not sealed with this key, nonce and data");
}

/** Encrypts or decrypts, which is the same. Slices, since a view costs more than a copy of some hundred bytes. */
function runCipher(key: Uint8Array, nonce: Uint8Array, input: Uint8Array) {
  const bytes = new Uint8Array(BLOCK_BYTES + input.length);
  bytes.set(input, BLOCK_BYTES);
  chacha20(key, nonce, bytes, bytes);
  return { authenticatorKey: bytes.slice(0, AUTHENTICATOR_KEY_BYTES), output: bytes.slice(BLOCK_BYTES) };
}

function tagOf(authenticatorKey: Uint8Array, associatedData: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const ciphertextAt = aligned(associatedData.length);
  const lengthsAt = ciphertextAt + aligned(ciphertext.length);
  const input = new Uint8Array(lengthsAt + 2 * LENGTH_BYTES);
  input.set(associatedData);
  input.set(ciphertext, ciphertextAt);
  writeLength(input, lengthsAt, associatedData.length);
  writeLength(input, lengthsAt + LENGTH_BYTES, ciphertext.length);
  return poly1305(input, authenticatorKey);
}

function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

/** Least significant byte first. No array here is longer than four of its eight bytes can tell. */
function writeLength(bytes: Uint8Array, at: number, length: number): void {
  for (let index = 0; index < 4; index++) bytes[at + index] = length >>> (8 * index);
}
