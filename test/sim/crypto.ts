/** The port's `Crypto`: the real thing, with keys drawn from the seed. @module */
import type { Crypto, Random } from "../../src/runtime/port.ts";
import { createCrypto, publicFromPrivate } from "../../src/runtime/shared/crypto.ts";

/** What stands before the 32 bytes of an Ed25519 private key in PKCS#8. Source: RFC 8410, section 7 */
const PKCS8_PREFIX = Uint8Array.of(
  0x30,
  0x2e,
  0x02,
  0x01,
  0x00,
  0x30,
  0x05,
  0x06,
  0x03,
  0x2b,
  0x65,
  0x70,
  0x04,
  0x22,
  0x04,
  0x20,
);
const KEY_BYTES = 32;

export function createSimCrypto(random: Random): Crypto {
  const real = createCrypto();
  return {
    ...real,
    generateEd25519: () => {
      const privatePkcs8 = new Uint8Array(PKCS8_PREFIX.length + KEY_BYTES);
      privatePkcs8.set(PKCS8_PREFIX);
      privatePkcs8.set(random.bytes(KEY_BYTES), PKCS8_PREFIX.length);
      return { privatePkcs8, publicSpki: publicFromPrivate(privatePkcs8) };
    },
  };
}
