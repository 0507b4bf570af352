/**
 * A private key as text and bytes: the one form we write, the forms we take.
 *
 * @module
 */
import { decodeBase64, encodeBase64 } from "../contract/mod.ts";

const PEM_LINE_CHARACTERS = 64;
const PEM_REGEXP = /^\s*-----BEGIN ([A-Z0-9 ]{1,40})-----\s+([\s\S]*?)\s*-----END \1-----\s*$/;
const PEM_LABEL = "PRIVATE KEY";
/** A DER sequence begins so, and that of a key holds zeros, as no text does. */
const DER_SEQUENCE = 0x30;

/** PKCS#8 in PEM, lines of 64 characters. Source: RFC 7468, section 10. */
export function encodeKeyPem(der: Uint8Array): string {
  const lines = encodeBase64(der).match(new RegExp(`.{1,${PEM_LINE_CHARACTERS}}`, "g")) ?? [];
  return [`-----BEGIN ${PEM_LABEL}-----`, ...lines, `-----END ${PEM_LABEL}-----`, ""].join("\n");
}

/** The DER in a PEM file; `undefined` for anything but one private key, PKCS#8. */
export function decodeKeyPem(text: string): Uint8Array<ArrayBuffer> | undefined {
  const match = PEM_REGEXP.exec(text);
  return match?.[1] === PEM_LABEL ? decodeBase64((match[2] ?? "").replaceAll(/\s/g, "")) : undefined;
}

/**
 * The DER in a file from elsewhere: PEM, the DER itself, or its base64. Whether it is an Ed25519 key is for the crypto to say.
 *
 * @returns the bytes, or what the file holds instead, in words that show nothing of it
 */
export function readForeignKey(
  bytes: Uint8Array,
): { readonly der: Uint8Array<ArrayBuffer> } | { readonly found: string } {
  if (bytes[0] === DER_SEQUENCE && bytes.includes(0)) return { der: Uint8Array.from(bytes) };
  const text = new TextDecoder().decode(bytes);
  const label = PEM_REGEXP.exec(text)?.[1];
  const der = label === undefined ? decodeBase64(text.replaceAll(/\s/g, "")) : decodeKeyPem(text);
  if (der !== undefined && der.length > 0) return { der };
  if (label === "ENCRYPTED PRIVATE KEY") return { found: "a key under a passphrase" };
  if (label !== undefined) {
    return { found: label === PEM_LABEL ? "PEM with damaged content" : `a PEM file with ${label}` };
  }
  return { found: text.trim() === "" ? "nothing" : "something else" };
}
