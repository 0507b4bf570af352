/** The two identities of the vectors: published, and so nobody's. */
import { Signer } from "../../src/moltcomm/wire/mod.ts";
import { createCrypto, publicFromPrivate } from "../../src/runtime/shared/crypto.ts";

export interface TestKey {
  readonly privatePkcs8: Uint8Array<ArrayBuffer>;
  readonly signer: Signer;
  sign(data: Uint8Array): Uint8Array<ArrayBuffer>;
}

/** What stands before the 32 bytes of an Ed25519 private key in PKCS#8. Source: RFC 8410, section 7. */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const SECOND_SEED = Uint8Array.from({ length: 32 }, (_, index) => index);
const crypto = createCrypto();

function testKey(privatePkcs8: Buffer): TestKey {
  const own = new Uint8Array(privatePkcs8);
  const identity = { publicSpki: publicFromPrivate(own), sign: crypto.ed25519Signer(own) };
  return { privatePkcs8: own, signer: new Signer({ crypto }, identity), sign: identity.sign };
}

/** The key of the published vectors. */
export const PUBLISHED = testKey(
  Buffer.from("MC4CAQAwBQYDK2VwBCIEIMy/UK6eeIxKenPcdemLH7u4JsphzkAfoATtqeNst3N9", "base64"),
);
/** The key whose seed is the bytes 0 to 31. */
export const SECOND = testKey(Buffer.concat([PKCS8_PREFIX, SECOND_SEED]));

export function keysDocument(): unknown {
  const describe = ({ privatePkcs8, signer }: TestKey) => ({
    private_pkcs8_der_base64: Buffer.from(privatePkcs8).toString("base64"),
    pub_spki_der_base64: signer.pub,
    node_id: signer.nodeId,
  });
  return {
    note: "published for tests only; never a real identity",
    keys: {
      published: describe(PUBLISHED),
      second: { seed_hex: Buffer.from(SECOND_SEED).toString("hex"), ...describe(SECOND) },
    },
  };
}
