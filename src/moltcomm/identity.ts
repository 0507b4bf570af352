/**
 * The host's identity: one Ed25519 key pair, made at first use and kept in the work directory. Source: MoltComm v1, section 1.
 *
 * @module
 */
import { deriveNodeId } from "../contract/mod.ts";
import { BarnacleError, isBarnacleError } from "../errors.ts";
import { SECRET_BYTES_MAX } from "../limits.ts";
import type { Crypto, Ed25519Signer, Files, Random, X25519Key } from "../runtime/port.ts";
import { joinPath, replaceFile } from "../store/mod.ts";
import { decodeKeyPem, encodeKeyPem } from "./identity-key.ts";

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
  /** The same key on the other curve, for what is sealed to this host. */
  agreementKey(): X25519Key;
}

const DIRECTORY = ".moltcomm";
const FILE = "identity.pem";
const OTHERS_MASK = 0o077;

/** Where the identity of a work directory lies. */
export function identityPath(directory: string): string {
  return joinPath(joinPath(directory, DIRECTORY), FILE);
}

/**
 * Loads the identity of a work directory from `.moltcomm/identity.pem` (PKCS#8); `undefined` when there is none.
 *
 * @param init.directory the work directory
 * @throws `PERMISSION_DENIED` when others may read the key, `SECRET_UNREADABLE` when the file holds none, and the errors of `Files`
 */
export async function loadIdentity(
  components: Pick<IdentityComponents, "files" | "crypto">,
  init: { readonly directory: string },
): Promise<Identity | undefined> {
  const path = identityPath(init.directory);
  const key = await readPrivateKey(components.files, path);
  return key === undefined ? undefined : await makeIdentity(components.crypto, key, path);
}

/**
 * As {@link loadIdentity}, but one that is missing is made. Of two processes that make it at the same time the later one would win, so the
 * caller holds the work directory's lock.
 */
export async function loadOrCreateIdentity(
  components: IdentityComponents,
  init: { readonly directory: string },
): Promise<Identity> {
  const existing = await loadIdentity(components, init);
  if (existing !== undefined) return existing;
  const { privatePkcs8 } = components.crypto.generateEd25519();
  return await storeIdentity(components, init.directory, privatePkcs8);
}

/**
 * Makes a key the identity of a work directory, in place of any other. The caller holds the work directory's lock.
 *
 * @throws `SECRET_UNREADABLE` when it is no Ed25519 key, with nothing written; and the errors of `Files`
 */
export async function storeIdentity(
  components: IdentityComponents,
  directory: string,
  privatePkcs8: Uint8Array<ArrayBuffer>,
): Promise<Identity> {
  const path = identityPath(directory);
  const identity = await makeIdentity(components.crypto, privatePkcs8, path);
  await components.files.makeDirectory(joinPath(directory, DIRECTORY), { mode: 0o700 });
  await components.files.syncDirectory(directory);
  await replaceFile(components, path, new TextEncoder().encode(encodeKeyPem(privatePkcs8)), { mode: 0o600 });
  return identity;
}

/**
 * The private key of a work directory, DER; `undefined` when there is none.
 *
 * @throws as {@link loadIdentity}
 */
export async function readPrivateKey(
  files: Pick<Files, "stat" | "read">,
  path: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  let bytes: Uint8Array;
  try {
    const { mode } = await files.stat(path);
    if (mode !== undefined && (mode & OTHERS_MASK) !== 0) throw openKeyError(path, mode);
    bytes = await files.read(path, SECRET_BYTES_MAX);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY")) return undefined;
    throw thrown;
  }
  const key = decodeKeyPem(new TextDecoder().decode(bytes));
  if (key === undefined) throw unreadableKeyError(path);
  return key;
}

/** Everything but the public half waits until it is asked for: a host without mail needs no more. */
async function makeIdentity(
  crypto: Crypto,
  privatePkcs8: Uint8Array<ArrayBuffer>,
  path: string,
): Promise<Identity> {
  const publicSpki = await crypto.publicFromPrivate(privatePkcs8).catch((thrown: unknown) => {
    throw isBarnacleError(thrown, "BODY_INVALID") ? unreadableKeyError(path) : thrown;
  });
  let signer: Ed25519Signer | undefined;
  let agreementKey: X25519Key | undefined;
  return {
    nodeId: deriveNodeId(crypto, publicSpki),
    publicSpki,
    sign: (data) => (signer ??= crypto.ed25519Signer(privatePkcs8))(data),
    agreementKey: () => agreementKey ??= crypto.x25519FromEd25519(privatePkcs8),
  };
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
