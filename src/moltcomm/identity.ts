/**
 * The host's identity: one Ed25519 key pair, made at first use and kept in the work directory. Source: MoltComm v1, section 1.
 *
 * @module
 */
import { decodeBase64, deriveNodeId, encodeBase64 } from "../contract/mod.ts";
import { BarnacleError, isBarnacleError } from "../errors.ts";
import { SECRET_BYTES_MAX } from "../limits.ts";
import type { Crypto, Ed25519Signer, Files, Random } from "../runtime/port.ts";
import { joinPath, replaceFile } from "../store/mod.ts";

/** What an identity needs of the platform. */
export interface IdentityComponents {
  readonly files: Files;
  readonly random: Random;
  readonly crypto: Crypto;
}

/** Who this host is. The private key stays inside. */
export interface Identity {
  /** `ed25519:` and the base64url SHA-256 of the public key. */
  readonly nodeId: string;
  /** The public key, 44 bytes of SPKI DER. */
  readonly publicSpki: Uint8Array<ArrayBuffer>;
  /** A 64-byte Ed25519 signature. */
  sign(data: Uint8Array): Uint8Array<ArrayBuffer>;
}

const DIRECTORY = ".moltcomm";
const FILE = "identity.pem";
const OTHERS_MASK = 0o077;
const PEM_REGEXP = /^\s*-----BEGIN PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END PRIVATE KEY-----\s*$/;
const PEM_LINE_CHARACTERS = 64;

/**
 * Loads the identity of a work directory from `.moltcomm/identity.pem` (PKCS#8), or makes it. Of two processes that make it at the same
 * time the later one would win, so the caller holds the work directory's lock.
 *
 * @param init.directory the work directory
 * @throws `PERMISSION_DENIED` when others may read the key, `SECRET_UNREADABLE` when the file holds none, and the errors of `Files`
 */
export async function loadOrCreateIdentity(
  components: IdentityComponents,
  init: { readonly directory: string },
): Promise<Identity> {
  const directory = joinPath(init.directory, DIRECTORY);
  const path = joinPath(directory, FILE);
  const existing = await readKey(components, path);
  if (existing !== undefined) return makeIdentity(components.crypto, existing, path);
  const { privatePkcs8 } = components.crypto.generateEd25519();
  await components.files.makeDirectory(directory, { mode: 0o700 });
  await components.files.syncDirectory(init.directory);
  await replaceFile(components, path, new TextEncoder().encode(encodePem(privatePkcs8)), { mode: 0o600 });
  return makeIdentity(components.crypto, privatePkcs8, path);
}

async function readKey(components: IdentityComponents, path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  let bytes: Uint8Array;
  try {
    const { mode } = await components.files.stat(path);
    if (mode !== undefined && (mode & OTHERS_MASK) !== 0) throw openKeyError(path, mode);
    bytes = await components.files.read(path, SECRET_BYTES_MAX);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return undefined;
    throw thrown;
  }
  const base64 = PEM_REGEXP.exec(new TextDecoder().decode(bytes))?.[1]?.replaceAll(/\s/g, "");
  const key = base64 === undefined ? undefined : decodeBase64(base64);
  if (key === undefined) throw unreadableKeyError(path);
  return key;
}

function makeIdentity(crypto: Crypto, privatePkcs8: Uint8Array<ArrayBuffer>, path: string): Identity {
  let publicSpki: Uint8Array<ArrayBuffer>;
  let sign: Ed25519Signer;
  try {
    publicSpki = crypto.publicFromPrivate(privatePkcs8);
    sign = crypto.ed25519Signer(privatePkcs8);
  } catch (thrown) {
    throw isBarnacleError(thrown, "BODY_INVALID") ? unreadableKeyError(path) : thrown;
  }
  return { nodeId: deriveNodeId(crypto, publicSpki), publicSpki, sign };
}

function encodePem(der: Uint8Array): string {
  const lines = encodeBase64(der).match(new RegExp(`.{1,${PEM_LINE_CHARACTERS}}`, "g")) ?? [];
  return ["-----BEGIN PRIVATE KEY-----", ...lines, "-----END PRIVATE KEY-----", ""].join("\n");
}

function openKeyError(path: string, mode: number): BarnacleError {
  return new BarnacleError({
    code: "PERMISSION_DENIED",
    action: `Use the identity "${path}"`,
    value: `permissions ${(mode & 0o777).toString(8)}`,
    wanted: "a key that only its owner can read",
    hint: `run: chmod 600 "${path}"`,
  });
}

function unreadableKeyError(path: string): BarnacleError {
  return new BarnacleError({
    code: "SECRET_UNREADABLE",
    action: `Read the identity "${path}"`,
    value: "something else",
    wanted: "an Ed25519 private key, PKCS#8 in PEM",
    hint: "restore the file from a backup; or move it away, and the host starts anew under another node id",
  });
}
