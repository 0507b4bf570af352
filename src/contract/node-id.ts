/**
 * The identity of a host as text. Source: MoltComm v1, section 1.
 *
 * @module
 */
import { encodeBase64Url } from "./base64.ts";

/** An Ed25519 public key as SPKI DER: this prefix, then the 32 bytes of the key. Source: RFC 8410, section 4. */
const ED25519_SPKI_PREFIX = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const ED25519_SPKI_BYTES = 44;

/** Whether the bytes are the one exact SPKI encoding of an Ed25519 key. Source: MoltComm v1, section 11, reading 9. */
export function isEd25519Spki(bytes: Uint8Array): boolean {
  return bytes.length === ED25519_SPKI_BYTES && ED25519_SPKI_PREFIX.every((byte, index) => bytes[index] === byte);
}

/** `ed25519:` and the base64url SHA-256 of the public key's SPKI DER. */
export function deriveNodeId(crypto: { sha256(data: Uint8Array): Uint8Array }, publicSpki: Uint8Array): string {
  return `ed25519:${encodeBase64Url(crypto.sha256(publicSpki))}`;
}

/** 32 bytes in base64url without padding: the last character carries four bits, its other two are zero. */
const NODE_ID_REGEXP = /^ed25519:[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** Whether the text is a node id in its one canonical form, so that no two texts stand for one node. */
export function isNodeId(text: string): boolean {
  return NODE_ID_REGEXP.test(text);
}
