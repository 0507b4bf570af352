/**
 * ChaCha20-Poly1305. Source: RFC 8439, section 2.8.
 *
 * The authenticator is `@noble/ciphers`', given everything at once. The library's own joining of the two makes some twenty small arrays for
 * a message, several of them with a buffer of their own on the heap: for messages of some hundred bytes, most of the time.
 *
 * @module
 */
import { Poly1305 } from "@noble/ciphers/_poly1305.js";
import { equalBytes } from "@noble/ciphers/utils.js";
import { firstBlock, forgetKey, xorNextBlocks } from "./chacha20.ts";

const AUTHENTICATOR_KEY_BYTES = 32;
const TAG_BYTES = 16;
/** Of what is authenticated, each part begins at a multiple of this. */
const BLOCK_BYTES = 16;
const LENGTH_BYTES = 8;
/** Most messages fit into this, which is used again and again. */
const ROOM_BYTES = 4_096;

/** What one message is sealed with. No nonce may come twice with one key. */
export interface CipherInput {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  readonly associatedData: Uint8Array;
}

/** What is authenticated, put together; nothing here is left to the next message but bytes that everybody may see. */
const room = new Uint8Array(ROOM_BYTES);
const authenticatorKey = new Uint8Array(AUTHENTICATOR_KEY_BYTES);

/** The ciphertext, and its tag of 16 bytes behind it. */
export function sealWith({ key, nonce, associatedData }: CipherInput, plaintext: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = plaintext;
  const sealed = new Uint8Array(length + TAG_BYTES);
  firstBlock(key, nonce, authenticatorKey);
  xorNextBlocks(plaintext, sealed, length);
  forgetKey();
  sealed.set(tagOf(associatedData, sealed, length), length);
  return sealed;
}

/** The plaintext. @throws when it was not sealed with these */
export function openWith({ key, nonce, associatedData }: CipherInput, sealed: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = sealed.length - TAG_BYTES;
  if (length < 0) throw new TypeError("A sealed message is never shorter than its tag");
  firstBlock(key, nonce, authenticatorKey);
  const tag = tagOf(associatedData, sealed, length);
  // In constant time: how much of a forged tag is right must not show.
  const isOurs = equalBytes(sealed.slice(length), tag);
  const plaintext = new Uint8Array(isOurs ? length : 0);
  if (isOurs) xorNextBlocks(sealed, plaintext, length);
  forgetKey();
  if (!isOurs) throw new TypeError("The message was not sealed with this key, nonce and data");
  return plaintext;
}

/** The tag of the data and the first `length` bytes of the ciphertext, each filled up to whole blocks, and of both lengths. */
function tagOf(associatedData: Uint8Array, ciphertext: Uint8Array, length: number): Uint8Array {
  const ciphertextAt = aligned(associatedData.length);
  const lengthsAt = ciphertextAt + aligned(length);
  const end = lengthsAt + 2 * LENGTH_BYTES;
  const input = end <= ROOM_BYTES ? room : new Uint8Array(end);
  copy(associatedData, associatedData.length, input, 0);
  copy(ciphertext, length, input, ciphertextAt);
  writeLength(input, lengthsAt, associatedData.length);
  writeLength(input, lengthsAt + LENGTH_BYTES, length);
  const authenticator = new Poly1305(authenticatorKey).update(input.subarray(0, end));
  authenticatorKey.fill(0);
  const tag = new Uint8Array(TAG_BYTES);
  authenticator.digestInto(tag);
  authenticator.destroy();
  return tag;
}

/** With zeros behind it, to the end of its last block. */
function copy(bytes: Uint8Array, length: number, to: Uint8Array, at: number): void {
  for (let index = 0; index < length; index++) to[at + index] = bytes[index] as number;
  to.fill(0, at + length, at + aligned(length));
}

function aligned(length: number): number {
  return Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES;
}

/** Least significant byte first. No array here is longer than four of its eight bytes can tell. */
function writeLength(bytes: Uint8Array, at: number, length: number): void {
  for (let index = 0; index < LENGTH_BYTES; index++) bytes[at + index] = index < 4 ? length >>> (8 * index) : 0;
}
