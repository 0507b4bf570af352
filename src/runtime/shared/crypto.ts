/**
 * Hashing and Ed25519 by `node:crypto`, which all three runtimes carry and which alone is synchronous. The module is loaded
 * on the first use: it costs about 4 ms at start.
 *
 * @module
 */
import type { KeyObject } from "node:crypto";
import { BarnacleError } from "../../errors.ts";
import type { Crypto, Ed25519KeyPair, Ed25519Signer, Ed25519Verifier } from "../port.ts";

const SIGNATURE_BYTES = 64;

function nodeCrypto() {
  return process.getBuiltinModule("node:crypto");
}

/** Copies into memory of its own: what `node:crypto` gives may be a view on a shared pool. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** Synchronous cryptography. */
export function createCrypto(): Crypto {
  return {
    sha256: (data) => own(nodeCrypto().createHash("sha256").update(data).digest()),
    equalInConstantTime: (left, right) => left.length === right.length && nodeCrypto().timingSafeEqual(left, right),
    generateEd25519,
    publicFromPrivate: (privatePkcs8) => exportPublic(nodeCrypto().createPublicKey(readPrivate(privatePkcs8))),
    ed25519Signer,
    ed25519Verifier,
  };
}

function generateEd25519(): Ed25519KeyPair {
  const { privateKey, publicKey } = nodeCrypto().generateKeyPairSync("ed25519");
  return {
    privatePkcs8: own(privateKey.export({ type: "pkcs8", format: "der" })),
    publicSpki: exportPublic(publicKey),
  };
}

function exportPublic(key: KeyObject): Uint8Array<ArrayBuffer> {
  return own(key.export({ type: "spki", format: "der" }));
}

function readPrivate(privatePkcs8: Uint8Array): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = nodeCrypto().createPrivateKey({ key: Buffer.from(privatePkcs8), format: "der", type: "pkcs8" });
  } catch (error) {
    throw invalidKey(error);
  }
  if (key.asymmetricKeyType !== "ed25519") throw invalidKey(undefined);
  return key;
}

/** Says nothing of the bytes: they may be a real key with one byte damaged. */
function invalidKey(cause: unknown): BarnacleError {
  return new BarnacleError({
    code: "BODY_INVALID",
    action: "Read a private key",
    wanted: "an Ed25519 key as PKCS#8 DER",
    ...(cause === undefined ? {} : { cause }),
  });
}

function ed25519Signer(privatePkcs8: Uint8Array): Ed25519Signer {
  const key = readPrivate(privatePkcs8);
  const { sign } = nodeCrypto();
  return (data) => own(sign(null, data, key));
}

function ed25519Verifier(publicSpki: Uint8Array): Ed25519Verifier | undefined {
  const key = readPublic(publicSpki);
  if (key?.asymmetricKeyType !== "ed25519") return undefined;
  const { verify } = nodeCrypto();
  return (data, signature) => signature.length === SIGNATURE_BYTES && verify(null, data, key, signature);
}

function readPublic(publicSpki: Uint8Array): KeyObject | undefined {
  try {
    return nodeCrypto().createPublicKey({ key: Buffer.from(publicSpki), format: "der", type: "spki" });
  } catch {
    // Why it is no key does not matter to whoever was sent it.
    return undefined;
  }
}
