/** The port's `Crypto` on `node:crypto`, which every runtime has, for tests that need real hashes and signatures. */
import * as nodeCrypto from "node:crypto";
import type { Crypto } from "../../src/runtime/port.ts";

const privateKey = (pkcs8: Uint8Array) =>
  nodeCrypto.createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
const publicBytes = (key: nodeCrypto.KeyObject) =>
  new Uint8Array(nodeCrypto.createPublicKey(key).export({ format: "der", type: "spki" }));

export const nodeCryptoPort: Crypto = {
  sha256: (data) => new Uint8Array(nodeCrypto.createHash("sha256").update(data).digest()),
  equalInConstantTime: (left, right) => left.length === right.length && nodeCrypto.timingSafeEqual(left, right),
  generateEd25519() {
    const pair = nodeCrypto.generateKeyPairSync("ed25519");
    const privatePkcs8 = new Uint8Array(pair.privateKey.export({ format: "der", type: "pkcs8" }));
    return { privatePkcs8, publicSpki: publicBytes(pair.privateKey) };
  },
  publicFromPrivate: (pkcs8) => publicBytes(privateKey(pkcs8)),
  signEd25519: (pkcs8, data) => new Uint8Array(nodeCrypto.sign(null, data, privateKey(pkcs8))),
  verifyEd25519(spki, data, signature) {
    try {
      const key = nodeCrypto.createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
      return nodeCrypto.verify(null, data, key, signature);
    } catch {
      return false;
    }
  },
};
