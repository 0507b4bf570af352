/** What an idle agent asks of cryptography, by Bun's own calls: `node:crypto` is loaded for the first signature or seal. @module */
import type { Crypto, Ed25519KeyPair } from "../port.ts";
import { createCrypto as createShared, publicFromPrivate } from "../shared/crypto.ts";
import { bun } from "./bun.ts";

const ALGORITHM = "Ed25519";
const KEY_BYTES = 32;
/** What stands before the 32 bytes of an Ed25519 key in PKCS#8 and in SPKI. Source: RFC 8410, sections 4 and 7. */
const PKCS8_PREFIX = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);
const SPKI_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0);

/** Cryptography by Bun's own calls, and for the rest by `node:crypto`. Hashes take a tenth of its time. */
export function createCrypto(): Crypto {
  const shared = createShared();
  return {
    ...shared,
    sha256: (data) => bun.SHA256.hash(data),
    hmacSha256: (key, data) => new bun.CryptoHasher("sha256", key).update(data).digest(),
    generateEd25519,
    // What Web Cryptography does not read, `node:crypto` may: it has the last word.
    publicFromPrivate: async (privatePkcs8) =>
      await readPublic(privatePkcs8) ?? await shared.publicFromPrivate(privatePkcs8),
  };
}

/** A private key is 32 random bytes, so one is made without any arithmetic. Source: RFC 8032, section 5.1.5. */
function generateEd25519(): Ed25519KeyPair {
  const privatePkcs8 = Uint8Array.of(...PKCS8_PREFIX, ...crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
  return {
    privatePkcs8,
    get publicSpki() {
      return publicFromPrivate(privatePkcs8);
    },
  };
}

async function readPublic(privatePkcs8: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { subtle } = crypto;
  try {
    const key = await subtle.importKey("pkcs8", privatePkcs8, ALGORITHM, true, ["sign"]);
    // The public half of a private key is told in this form only.
    const { x } = await subtle.exportKey("jwk", key);
    return x === undefined ? undefined : Uint8Array.of(...SPKI_PREFIX, ...Buffer.from(x, "base64url"));
  } catch {
    return undefined;
  }
}
