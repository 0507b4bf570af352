/**
 * The identity in and out: a host that moves keeps who it is.
 *
 * @module
 */
import { deriveNodeId } from "../contract/mod.ts";
import { BarnacleError, isBarnacleError } from "../errors.ts";
import type { Files } from "../runtime/port.ts";
import { encodeKeyPem, readForeignKey } from "./identity-key.ts";
import {
  type Identity,
  type IdentityComponents,
  identityPath,
  loadIdentity,
  readPrivateKey,
  storeIdentity,
} from "./identity.ts";

/**
 * The private key of a work directory as PEM, to be kept as secret as the file it comes from.
 *
 * @throws `FILE_NOT_FOUND` when there is no identity yet, and as `loadIdentity`
 */
export async function exportIdentity(files: Pick<Files, "stat" | "read">, directory: string): Promise<string> {
  const path = identityPath(directory);
  const key = await readPrivateKey(files, path);
  if (key !== undefined) return encodeKeyPem(key);
  throw new BarnacleError({
    code: "FILE_NOT_FOUND",
    action: `Export the identity "${path}"`,
    value: "nothing there",
    wanted: "an identity",
    hint: "barnacle id makes one; or name another work directory with --dir",
  });
}

/** What became of an import. */
export interface ImportedIdentity {
  readonly identity: Identity;
  /** `false`: this very key was there already, and nothing was written. */
  readonly isNew: boolean;
}

/**
 * Takes a private key from elsewhere as the identity of a work directory: PKCS#8 as PEM, as DER, or as base64 of the DER. The caller holds
 * the work directory's lock.
 *
 * @param given the content of the file
 * @throws `IDENTITY_EXISTS` when the directory has another identity; `SECRET_UNREADABLE` when `given` holds no Ed25519 key; nothing is
 *   written then
 */
export async function importIdentity(
  components: IdentityComponents,
  init: { readonly directory: string; readonly given: Uint8Array },
): Promise<ImportedIdentity> {
  const { crypto } = components;
  const read = readForeignKey(init.given);
  if ("found" in read) throw noKeyError(read.found);
  let nodeId: string;
  try {
    nodeId = deriveNodeId(crypto, await crypto.publicFromPrivate(read.der));
  } catch (thrown) {
    throw isBarnacleError(thrown, "BODY_INVALID") ? noKeyError("another kind of key, or a damaged one") : thrown;
  }
  const existing = await loadIdentity(components, init);
  if (existing?.nodeId === nodeId) return { identity: existing, isNew: false };
  if (existing !== undefined) throw existsError(identityPath(init.directory), existing.nodeId);
  return { identity: await storeIdentity(components, init.directory, read.der), isNew: true };
}

function noKeyError(found: string): BarnacleError {
  return new BarnacleError({
    code: "SECRET_UNREADABLE",
    action: "Import an identity",
    value: found,
    wanted: "an Ed25519 private key without a passphrase, PKCS#8 as PEM, DER or base64",
    hint: "openssl pkcs8 -topk8 -nocrypt -in KEY turns other forms of an Ed25519 key into this one",
  });
}

function existsError(path: string, nodeId: string): BarnacleError {
  return new BarnacleError({
    code: "IDENTITY_EXISTS",
    action: "Import an identity",
    value: `a work directory that is ${nodeId} already`,
    wanted: "one without an identity",
    hint: `if nobody needs that one any more, save it with barnacle id --export FILE and move "${path}" away`,
  });
}
