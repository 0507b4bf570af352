/**
 * Hunts: a construction that is not HPKE's, a ciphertext that opens for somebody else, and a key on the other curve that is not the
 * same key.
 */
import { describe, expect, test } from "vitest";
import { x25519OfEd25519 } from "../../../../src/moltcomm/sealing/curve.ts";
import { createSuite } from "../../../../src/moltcomm/sealing/suite.ts";
import { createRandom } from "../../../../src/runtime/shared/random.ts";
import { nodeCryptoPort as crypto } from "../../../support/node-crypto.ts";
import { fixedRandom, fromHex, toHex } from "./support.ts";

/** RFC 9180, appendix A.2.1, sequence number 0. */
const RFC = {
  info: "4f6465206f6e2061204772656369616e2055726e",
  ephemeralSecret: "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600",
  enc: "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
  recipientSecret: "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
  recipientPublic: "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
  plaintext: "4265617574792069732074727574682c20747275746820626561757479",
  associatedData: "436f756e742d30",
  ciphertext: "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
};
const random = createRandom();
const utf8 = (text: string) => new TextEncoder().encode(text);

describe("the suite", () => {
  test("gives the published bytes (RFC 9180, A.2.1), and opens them", async () => {
    const suite = createSuite({ crypto, random: fixedRandom(fromHex(RFC.ephemeralSecret)) });
    const [aad, info] = [fromHex(RFC.associatedData), fromHex(RFC.info)];
    const sealed = await suite.seal(fromHex(RFC.recipientPublic), fromHex(RFC.plaintext), aad, info);
    expect(toHex(sealed.enc)).toBe(RFC.enc);
    expect(toHex(sealed.ciphertext)).toBe(RFC.ciphertext);
    const key = crypto.x25519Key(fromHex(RFC.recipientSecret));
    expect(toHex(key.publicKey)).toBe(RFC.recipientPublic);
    expect(toHex(await suite.open(key, sealed, aad, info))).toBe(RFC.plaintext);
  });

  test("seals each message with a key of its own, whatever its length", async () => {
    const suite = createSuite({ crypto, random });
    const key = crypto.x25519Key(random.bytes(32));
    const seen = new Set<string>();
    for (const length of [0, 1, 15, 16, 17, 63, 64, 65, 1_000, 100_000]) {
      const plaintext = random.bytes(length);
      const sealed = await suite.seal(key.publicKey, plaintext, utf8("a"));
      expect(sealed.ciphertext.length).toBe(length + 16);
      expect(await suite.open(key, sealed, utf8("a"))).toEqual(plaintext);
      seen.add(toHex(sealed.enc));
    }
    expect(seen.size).toBe(10);
  });

  test("opens with the right key, data and bytes only", async () => {
    const suite = createSuite({ crypto, random });
    const [key, other] = [crypto.x25519Key(random.bytes(32)), crypto.x25519Key(random.bytes(32))];
    const { enc, ciphertext } = await suite.seal(key.publicKey, utf8("hello"), utf8("a"));
    const flip = (bytes: Uint8Array, index: number) => bytes.map((byte, at) => at === index ? byte ^ 1 : byte);
    await expect(suite.open(other, { enc, ciphertext }, utf8("a"))).rejects.toThrow();
    await expect(suite.open(key, { enc, ciphertext }, utf8("b"))).rejects.toThrow();
    for (const index of [0, 5, 20]) {
      await expect(suite.open(key, { enc, ciphertext: flip(ciphertext, index) }, utf8("a"))).rejects.toThrow();
    }
    await expect(suite.open(key, { enc: flip(enc, 3), ciphertext }, utf8("a"))).rejects.toThrow();
    await expect(suite.open(key, { enc, ciphertext: ciphertext.slice(0, -1) }, utf8("a"))).rejects.toThrow();
    await expect(suite.open(key, { enc, ciphertext: new Uint8Array(3) }, utf8("a"))).rejects.toThrow();
  });

  test("takes no key of small order, in either place (RFC 9180, section 7.1.4)", async () => {
    const suite = createSuite({ crypto, random });
    const zero = new Uint8Array(32);
    await expect(suite.seal(zero, utf8("x"), utf8("a"))).rejects.toThrow();
    const sealed = { enc: zero, ciphertext: new Uint8Array(32) };
    await expect(suite.open(crypto.x25519Key(random.bytes(32)), sealed, utf8("a"))).rejects.toThrow();
  });
});

describe("x25519OfEd25519", () => {
  test("gives the public half of x25519FromEd25519, for any key", () => {
    for (let count = 0; count < 50; count++) {
      const { privatePkcs8, publicSpki } = crypto.generateEd25519();
      const { publicKey } = crypto.x25519FromEd25519(privatePkcs8);
      expect(toHex(x25519OfEd25519(publicSpki) ?? fromHex(""))).toBe(toHex(publicKey));
    }
  });

  test("takes nothing that has no such form", () => {
    const le = (first: number, rest: number, last: number) =>
      Uint8Array.of(first, ...new Uint8Array(30).fill(rest), last);
    expect(x25519OfEd25519(le(1, 0, 0))).toBe(undefined);
    expect(x25519OfEd25519(le(1, 0, 0x80))).toBe(undefined);
    expect(x25519OfEd25519(le(0xed, 0xff, 0x7f))).toBe(undefined);
    expect(x25519OfEd25519(le(0xff, 0xff, 0xff))).toBe(undefined);
    expect(x25519OfEd25519(new Uint8Array(31))).toBe(undefined);
    expect(x25519OfEd25519(new Uint8Array(0))).toBe(undefined);
  });
});
