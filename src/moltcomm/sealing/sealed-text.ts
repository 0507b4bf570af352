/**
 * A sealed message as `msg` holds it: `hpke1:` and base64url, without padding, of the ephemeral key and the ciphertext; in a series, a full
 * stop and its number behind that. Source: MoltComm v1, section 11, reading 10.
 *
 * @module
 */
import { decodeBase64, encodeBase64Url } from "../../contract/mod.ts";
import { encodeNetstrings } from "../wire/mod.ts";
import { SEALING_TOKEN } from "./announcement.ts";

const PREFIX = `${SEALING_TOKEN}:`;
const DOMAIN = `moltcomm/${SEALING_TOKEN}\n`;
/** Of the ephemeral key, which comes first. */
export const ENC_BYTES = 32;
/** Of the ciphertext, at its end. */
export const TAG_BYTES = 16;
const NUMBER_REGEXP = /^[1-9]\d{0,4}$/;
/** What the length of base64 leaves over four wants behind it; one is never left over. */
const PADDINGS = ["", undefined, "==", "="] as const;

/** What the recipient must see as the sender did, or the message does not open. */
export interface Addressing {
  readonly from: string;
  readonly to: string;
  readonly id: string;
}

/** What a sealed text consists of. */
export interface SealedParts {
  readonly enc: Uint8Array;
  /** With the tag at its end. */
  readonly ciphertext: Uint8Array;
  /** Its number in the series of this ephemeral key, from 1; `undefined` where the key serves this message alone. */
  readonly number: number | undefined;
}

/** Whether a `msg` claims to be sealed: all that begins so does. */
export function isSealedText(msg: string): boolean {
  return msg.startsWith(PREFIX);
}

/** The parts as `msg`. */
export function writeSealedText({ enc, ciphertext, number }: SealedParts): string {
  const bytes = new Uint8Array(enc.length + ciphertext.length);
  bytes.set(enc);
  bytes.set(ciphertext, enc.length);
  const text = encode(bytes);
  return number === undefined ? PREFIX + text : `${PREFIX}${text}.${number}`;
}

/** The parts of a `msg` that claims to be sealed; `undefined` where they are none, too short, or not written in the one canonical way. */
export function readSealedText(msg: string): SealedParts | undefined {
  const stop = msg.indexOf(".", PREFIX.length);
  const number = stop === -1 ? undefined : msg.slice(stop + 1);
  if (number !== undefined && !NUMBER_REGEXP.test(number)) return undefined;
  const bytes = decode(msg.slice(PREFIX.length, stop === -1 ? undefined : stop));
  if (bytes === undefined || bytes.length < ENC_BYTES + TAG_BYTES) return undefined;
  return {
    enc: bytes.slice(0, ENC_BYTES),
    ciphertext: bytes.slice(ENC_BYTES),
    number: number === undefined ? undefined : Number(number),
  };
}

/** What is bound to the ciphertext without being in it. No two addressings give the same bytes. */
export function associatedData({ from, to, id }: Addressing): Uint8Array<ArrayBuffer> {
  return encodeNetstrings(DOMAIN, [from, to, id]);
}

/** An ephemeral key as text. */
export function nameOf(enc: Uint8Array): string {
  return encode(enc);
}

/** Node 24 has no base64 of its own. */
function encode(bytes: Uint8Array): string {
  if (typeof bytes.toBase64 !== "function") return encodeBase64Url(bytes);
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

function decode(text: string): Uint8Array<ArrayBuffer> | undefined {
  const padding = PADDINGS[text.length % 4];
  if (padding === undefined || text.endsWith("=")) return undefined;
  if (typeof Uint8Array.fromBase64 !== "function") {
    if (/[+/]/.test(text)) return undefined;
    return decodeBase64(text.replaceAll("-", "+").replaceAll("_", "/") + padding);
  }
  try {
    const bytes = Uint8Array.fromBase64(text + padding, { alphabet: "base64url", lastChunkHandling: "strict" });
    // It skips white space, which would leave fewer bytes than so many characters hold.
    return bytes.length === Math.floor((text.length * 3) / 4) ? bytes : undefined;
  } catch {
    // What is wrong with it does not matter: it is no canonical base64.
    return undefined;
  }
}
