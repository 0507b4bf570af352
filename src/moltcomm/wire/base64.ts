/**
 * Base64 of keys and signatures, on the path of every message: the platform's own where it is there, which Node 24 is not yet.
 *
 * @module
 */
import { decodeBase64 as decodePortably, encodeBase64 as encodePortably } from "../../contract/mod.ts";

const hasNative = typeof Uint8Array.fromBase64 === "function";

/** Standard base64 with padding. Source: RFC 4648, section 4. */
export function encodeBase64(bytes: Uint8Array): string {
  return hasNative ? bytes.toBase64() : encodePortably(bytes);
}

/** The bytes of canonical standard base64; `undefined` for anything else, and for any other number of bytes. */
export function decodeBase64(text: string, byteCount: number): Uint8Array<ArrayBuffer> | undefined {
  // With the exact length no room is left for the white space that `fromBase64` skips.
  if (text.length !== 4 * Math.ceil(byteCount / 3)) return undefined;
  const bytes = hasNative ? decodeNatively(text) : decodePortably(text);
  return bytes?.length === byteCount ? bytes : undefined;
}

function decodeNatively(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch {
    // What is wrong with it does not matter: it is no canonical base64.
    return undefined;
  }
}
