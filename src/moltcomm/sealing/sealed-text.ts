/**
 * A sealed message as `msg` holds it: `hpke1:` and base64url, without padding, of the ephemeral key and the ciphertext. Source:
 * MoltComm v1, section 11, reading 10.
 *
 * @module
 */
import { decodeBase64, encodeBase64Url } from "../../contract/mod.ts";
import { encodeNetstrings } from "../wire/mod.ts";
import { SEALING_TOKEN } from "./announcement.ts";

const PREFIX = `${SEALING_TOKEN}:`;
const DOMAIN = `moltcomm/${SEALING_TOKEN}\n`;
/** Of the ephemeral key and of the tag. */
const BYTES_MIN = 32 + 16;
const BASE64URL_REGEXP = /^[A-Za-z0-9_-]+$/;

/** What the recipient must see as the sender did, or the message does not open. */
export interface Addressing {
  readonly from: string;
  readonly to: string;
  readonly id: string;
}

/** Whether a `msg` claims to be sealed: all that begins so does. */
export function isSealedText(msg: string): boolean {
  return msg.startsWith(PREFIX);
}

/** The bytes as `msg`. */
export function writeSealedText(enc: Uint8Array, ciphertext: Uint8Array): string {
  const bytes = new Uint8Array(enc.length + ciphertext.length);
  bytes.set(enc);
  bytes.set(ciphertext, enc.length);
  if (typeof bytes.toBase64 !== "function") return PREFIX + encodeBase64Url(bytes);
  return PREFIX + bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** The bytes of a `msg` that claims to be sealed; `undefined` where they are none, too few, or not written in the one canonical way. */
export function readSealedText(msg: string): Uint8Array<ArrayBuffer> | undefined {
  const text = msg.slice(PREFIX.length);
  if (!BASE64URL_REGEXP.test(text)) return undefined;
  const bytes = decode(text);
  return bytes === undefined || bytes.length < BYTES_MIN ? undefined : bytes;
}

/** What is bound to the ciphertext without being in it. No two addressings give the same bytes. */
export function associatedData({ from, to, id }: Addressing): Uint8Array<ArrayBuffer> {
  return encodeNetstrings(DOMAIN, [from, to, id]);
}

/** Node 24 has no base64 of its own. */
function decode(text: string): Uint8Array<ArrayBuffer> | undefined {
  const padded = text.padEnd(4 * Math.ceil(text.length / 4), "=");
  if (typeof Uint8Array.fromBase64 !== "function") {
    return decodeBase64(padded.replaceAll("-", "+").replaceAll("_", "/"));
  }
  try {
    return Uint8Array.fromBase64(padded, { alphabet: "base64url", lastChunkHandling: "strict" });
  } catch {
    // What is wrong with it does not matter: it is no canonical base64.
    return undefined;
  }
}
