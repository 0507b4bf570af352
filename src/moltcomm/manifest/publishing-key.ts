/**
 * The key that a manifest is signed by, from a file of its own: whoever publishes for many keeps it apart from any host's identity.
 *
 * @module
 */
import { encodeBase64 } from "../../contract/mod.ts";
import { BarnacleError, isBarnacleError } from "../../errors.ts";
import { SECRET_BYTES_MAX } from "../../limits.ts";
import type { Crypto, Ed25519Signer, Files } from "../../runtime/port.ts";
import { readForeignKey } from "../identity-key.ts";

/** A key to sign with. */
export interface PublishingKey {
  /** What clients pin, SPKI DER in base64. */
  readonly pub: string;
  readonly sign: Ed25519Signer;
}

const OTHERS_MASK = 0o077;

/**
 * Reads a private key: PKCS#8 as PEM, as DER, or as base64 of the DER.
 *
 * @throws `PERMISSION_DENIED` when others may read it, `SECRET_UNREADABLE` when it is none, and the errors of `Files`
 */
export async function readPublishingKey(
  components: { readonly files: Pick<Files, "read" | "stat">; readonly crypto: Crypto },
  path: string,
): Promise<PublishingKey> {
  const { crypto, files } = components;
  const { mode } = await files.stat(path);
  if (mode !== undefined && (mode & OTHERS_MASK) !== 0) throw openKeyError(path, mode);
  const read = readForeignKey(await files.read(path, SECRET_BYTES_MAX));
  if ("found" in read) throw noKeyError(path, read.found);
  try {
    return { pub: encodeBase64(await crypto.publicFromPrivate(read.der)), sign: crypto.ed25519Signer(read.der) };
  } catch (thrown) {
    throw isBarnacleError(thrown, "BODY_INVALID") ? noKeyError(path, "another kind of key, or a damaged one") : thrown;
  }
}

function openKeyError(path: string, mode: number): BarnacleError {
  return new BarnacleError({
    code: "PERMISSION_DENIED",
    action: `Sign with ${JSON.stringify(path)}`,
    value: `permissions ${(mode & 0o777).toString(8)}`,
    wanted: "a key that only its owner can read",
    hint: `run: chmod 600 "${path}"`,
  });
}

function noKeyError(path: string, found: string): BarnacleError {
  return new BarnacleError({
    code: "SECRET_UNREADABLE",
    action: `Sign with ${JSON.stringify(path)}`,
    value: found,
    wanted: "an Ed25519 private key without a passphrase, PKCS#8 as PEM, DER or base64",
    hint: "openssl genpkey -algorithm ed25519 -out FILE makes one",
  });
}
