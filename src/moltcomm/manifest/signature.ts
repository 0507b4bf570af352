/**
 * The detached signature of a manifest. Source: MoltComm v1, section 4.
 *
 * @module
 */
import { decodeBase64, deriveNodeId, encodeBase64, isEd25519Spki } from "../../contract/mod.ts";
import type { Crypto, Ed25519Signer, Ed25519Verifier } from "../../runtime/port.ts";
import type { ManifestPair, Refusal } from "./types.ts";

/** A key that manifests are signed by, read once. */
export interface ManifestKey {
  /** SPKI DER in base64, as it is pinned. */
  readonly pub: string;
  readonly nodeId: string;
  readonly holds: Ed25519Verifier;
}

const PREFIX = new TextEncoder().encode("moltcomm/bootstrap-manifest/v1\n");
const SIGNATURE_BYTES = 64;
const LINE_END = /\r?\n$/;

/** What the signature covers: the prefix and the 32 bytes of SHA-256 over the manifest file's bytes. */
function manifestSignatureInput(
  crypto: Pick<Crypto, "sha256">,
  bytes: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const digest = crypto.sha256(bytes);
  const input = new Uint8Array(PREFIX.length + digest.length);
  input.set(PREFIX);
  input.set(digest, PREFIX.length);
  return input;
}

/** The content of the signature file: base64, and nothing else. */
export function signManifest(crypto: Pick<Crypto, "sha256">, sign: Ed25519Signer, bytes: Uint8Array): string {
  return encodeBase64(sign(manifestSignatureInput(crypto, bytes)));
}

/** The key as it is pinned; `undefined` when the text is not exactly one. Source: MoltComm v1, section 11, reading 9. */
export function readManifestKey(
  crypto: Pick<Crypto, "sha256" | "ed25519Verifier">,
  pub: string,
): ManifestKey | undefined {
  const spki = decodeBase64(pub);
  if (spki === undefined || !isEd25519Spki(spki)) return undefined;
  const holds = crypto.ed25519Verifier(spki);
  return holds && { pub, nodeId: deriveNodeId(crypto, spki), holds };
}

/**
 * Whether the signature is by the key and over exactly these bytes.
 *
 * @param pair the signature file may end in one line end, as `echo` leaves it; else it is canonical base64 of 64 bytes
 * @returns `undefined` when it holds
 */
export function checkSignature(
  crypto: Pick<Crypto, "sha256">,
  pair: ManifestPair,
  key: ManifestKey,
): Refusal | undefined {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(pair.signature).replace(LINE_END, "");
  if (text === "") return { code: "signature_missing", detail: "the signature file is empty" };
  const signature = decodeBase64(text);
  if (signature?.length !== SIGNATURE_BYTES) {
    const detail = `the signature file holds something else than ${SIGNATURE_BYTES} bytes in base64`;
    return { code: "signature_malformed", detail };
  }
  if (key.holds(manifestSignatureInput(crypto, pair.bytes), signature)) return undefined;
  const detail = "the signature is by another key than the pinned one, or over another manifest";
  return { code: "signature_wrong", detail };
}
