/** The port's `Crypto` on `node:crypto`, which every runtime has, for tests that need real hashes and signatures. */
import type { Crypto } from "../../src/runtime/port.ts";
import { createCrypto } from "../../src/runtime/shared/crypto.ts";

export const nodeCryptoPort: Crypto = createCrypto();
