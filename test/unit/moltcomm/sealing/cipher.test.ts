/** Hunts: a cipher that is not RFC 8439's, and one that gives out what was not sealed so. */
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { describe, expect, test } from "vitest";
import { openWith, sealWith } from "../../../../src/moltcomm/sealing/cipher.ts";
import { SeededRandom } from "../../../sim/random.ts";
import { fromHex, toHex } from "./support.ts";

/** RFC 8439, section 2.8.2. */
const RFC = {
  key: "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
  nonce: "070000004041424344454647",
  associatedData: "50515253c0c1c2c3c4c5c6c7",
  plaintext:
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  sealed: "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b" +
    "1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc" +
    "3ff4def08e4b7a9de576d26586cec64b6116" + "1ae10b594f09e26a7e902ecbd0600691",
};
/** Around the blocks of both: 16 and 64 bytes. */
const LENGTHS = [0, 1, 15, 16, 17, 47, 48, 63, 64, 65, 127, 128, 129, 200, 1_000];

describe("the cipher", () => {
  const random = new SeededRandom(8_439);
  const draw = (length: number) => ({
    key: random.bytes(32),
    nonce: random.bytes(12),
    associatedData: random.bytes(length),
  });

  test("gives the published bytes (RFC 8439, 2.8.2), and opens them", () => {
    const init = { key: fromHex(RFC.key), nonce: fromHex(RFC.nonce), associatedData: fromHex(RFC.associatedData) };
    const sealed = sealWith(init, new TextEncoder().encode(RFC.plaintext));
    expect(toHex(sealed)).toBe(RFC.sealed);
    expect(new TextDecoder().decode(openWith(init, sealed))).toBe(RFC.plaintext);
  });

  test("gives what the library's own joining gives, for messages and data of every length", () => {
    for (const dataLength of LENGTHS) {
      for (const length of LENGTHS) {
        const [init, plaintext] = [draw(dataLength), random.bytes(length)];
        const sealed = sealWith(init, plaintext);
        expect(toHex(sealed)).toBe(
          toHex(chacha20poly1305(init.key, init.nonce, init.associatedData).encrypt(plaintext)),
        );
        expect(toHex(openWith(init, sealed))).toBe(toHex(plaintext));
      }
    }
  });

  test("does not open when any bit is another, or bytes are missing", () => {
    const init = draw(20);
    const sealed = sealWith(init, random.bytes(70));
    for (let at = 0; at < sealed.length; at++) {
      for (const bit of [1, 0x80]) {
        const forged = sealed.map((byte, index) => index === at ? byte ^ bit : byte);
        expect(() => openWith(init, forged)).toThrow(TypeError);
      }
      expect(() => openWith(init, sealed.slice(0, at))).toThrow(TypeError);
    }
    for (const name of ["key", "nonce", "associatedData"] as const) {
      const other = { ...init, [name]: init[name].map((byte, index) => index === 0 ? byte ^ 1 : byte) };
      expect(() => openWith(other, sealed)).toThrow(TypeError);
    }
    expect(() => openWith({ ...init, associatedData: new Uint8Array(0) }, sealed)).toThrow(TypeError);
  });

  test("changes nothing of what it is given, and reads views as well", () => {
    const bytes = random.bytes(400);
    const before = toHex(bytes);
    const init = {
      key: bytes.subarray(1, 33),
      nonce: bytes.subarray(33, 45),
      associatedData: bytes.subarray(45, 100),
    };
    const sealed = sealWith(init, bytes.subarray(101, 300));
    const holder = new Uint8Array(sealed.length + 2);
    holder.set(sealed, 1);
    expect(toHex(openWith(init, holder.subarray(1, -1)))).toBe(toHex(bytes.subarray(101, 300)));
    expect(toHex(bytes)).toBe(before);
  });
});
