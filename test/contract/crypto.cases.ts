/** Hunts: an adapter whose hashes, keys or signatures differ from the others'; randomness of the wrong shape. */
import assert from "node:assert/strict";
import type { Crypto, Ed25519Verifier } from "../../src/runtime/port.ts";
import type { ContractCase } from "./case.ts";
import { bytesOf, fromBase64, fromHex, rejectsWith, throwsWith, toHex } from "./helpers.ts";

/** Known answers. The key is published for tests only. */
const PRIVATE = fromBase64("MC4CAQAwBQYDK2VwBCIEIMy/UK6eeIxKenPcdemLH7u4JsphzkAfoATtqeNst3N9");
const PUBLIC_BASE64 = "MCowBQYDK2VwAyEAqwd270ejgXQnpADaRzM0E42/q7NXYpwSh3D1S1xt/VQ=";
const MESSAGE = "moltcomm:test-vector:v1";
const SIGNATURE_BASE64 = "SaQJkQBvCONbhBl8NX7mOyyYNoHgXG3fuPnQvHZXDXk5kd9k6LhThok1J3ANwP3Y4Obki3We6vBwLgLBdye0Ag==";
const SHA256_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SHA256_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
/** An Ed25519 key's frame with the object identifier of X25519. */
const OTHER_KEY = fromBase64("MC4CAQAwBQYDK2VuBCIEIMy/UK6eeIxKenPcdemLH7u4JsphzkAfoATtqeNst3N9");
const HMAC_JEFE = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
const HMAC_HI = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
const X25519_ALICE = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
const X25519_BOB = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
const X25519_SHARED = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
/** By another library, from SHA-512 of the seed. */
const X25519_OF_PRIVATE = "bb8a68d443af7a31b9616438e01a3bc6392a094854312a07e3852ad3dcbfaa2f";

function verifier(crypto: Crypto, publicSpki: Uint8Array): Ed25519Verifier {
  const verify = crypto.ed25519Verifier(publicSpki);
  assert.ok(verify !== undefined, "the key can be read");
  return verify;
}

const cases: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "sha256 gives the known answers for bytes and text",
    run({ runtime: { crypto } }) {
      assert.equal(toHex(crypto.sha256("")), SHA256_EMPTY);
      assert.equal(toHex(crypto.sha256("abc")), SHA256_ABC);
      assert.equal(toHex(crypto.sha256(bytesOf("abc"))), SHA256_ABC);
      assert.equal(toHex(crypto.sha256(bytesOf("-abc-").subarray(1, 4))), SHA256_ABC);
    },
  },
  {
    name: "ed25519Signer and publicFromPrivate give the known answers",
    async run({ runtime: { crypto } }) {
      assert.deepEqual(await crypto.publicFromPrivate(PRIVATE), fromBase64(PUBLIC_BASE64));
      assert.deepEqual(crypto.ed25519Signer(PRIVATE)(bytesOf(MESSAGE)), fromBase64(SIGNATURE_BASE64));
    },
  },
  {
    name: "ed25519Verifier holds for the right message only, and is none for a malformed key",
    run({ runtime: { crypto } }) {
      const key = fromBase64(PUBLIC_BASE64);
      const signature = fromBase64(SIGNATURE_BASE64);
      const verify = verifier(crypto, key);
      assert.equal(verify(bytesOf(MESSAGE), signature), true);
      assert.equal(verify(bytesOf(MESSAGE), signature), true);
      assert.equal(verify(bytesOf(`${MESSAGE}.`), signature), false);
      const damaged = signature.slice();
      damaged[5] = (damaged[5] ?? 0) ^ 1;
      assert.equal(verify(bytesOf(MESSAGE), damaged), false);
      assert.equal(verify(bytesOf(MESSAGE), signature.subarray(0, 63)), false);
      assert.equal(verify(bytesOf(MESSAGE), new Uint8Array(0)), false);
      for (const none of [key.subarray(1), new Uint8Array(0), bytesOf("nonsense")]) {
        assert.equal(crypto.ed25519Verifier(none), undefined);
      }
    },
  },
  {
    name: "generateEd25519 gives pairs that fit and differ",
    async run({ runtime: { crypto } }) {
      const first = crypto.generateEd25519();
      const second = crypto.generateEd25519();
      assert.notDeepEqual(first.privatePkcs8, second.privatePkcs8);
      assert.deepEqual(await crypto.publicFromPrivate(first.privatePkcs8), first.publicSpki);
      const signature = crypto.ed25519Signer(first.privatePkcs8)(bytesOf("hello"));
      assert.equal(signature.length, 64);
      assert.equal(verifier(crypto, first.publicSpki)(bytesOf("hello"), signature), true);
      assert.equal(verifier(crypto, second.publicSpki)(bytesOf("hello"), signature), false);
    },
  },
  {
    name: "a key that is none is BODY_INVALID",
    async run({ runtime: { crypto } }) {
      for (const key of [new Uint8Array(0), bytesOf("nonsense"), PRIVATE.subarray(0, 40), OTHER_KEY]) {
        await rejectsWith(crypto.publicFromPrivate(key), "BODY_INVALID");
        throwsWith(() => crypto.ed25519Signer(key)(bytesOf("x")), "BODY_INVALID");
      }
    },
  },
  {
    name: "hmacSha256 gives the known answers (RFC 4231)",
    run({ runtime: { crypto } }) {
      assert.equal(toHex(crypto.hmacSha256(bytesOf("Jefe"), bytesOf("what do ya want for nothing?"))), HMAC_JEFE);
      assert.equal(toHex(crypto.hmacSha256(new Uint8Array(20).fill(0x0b), bytesOf("Hi There"))), HMAC_HI);
      assert.equal(crypto.hmacSha256(new Uint8Array(0), new Uint8Array(0)).length, 32);
    },
  },
  {
    name: "x25519Key gives the known answers (RFC 7748, section 6.1), and refuses keys of small order",
    run({ runtime: { crypto } }) {
      const alice = crypto.x25519Key(fromHex(X25519_ALICE));
      const bob = crypto.x25519Key(fromHex(X25519_BOB));
      assert.equal(toHex(alice.publicKey), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
      assert.equal(toHex(alice.agree(bob.publicKey) ?? bytesOf("none")), X25519_SHARED);
      assert.equal(toHex(bob.agree(alice.publicKey) ?? bytesOf("none")), X25519_SHARED);
      assert.equal(alice.agree(new Uint8Array(32)), undefined);
      assert.equal(alice.agree(Uint8Array.of(1, ...new Uint8Array(31))), undefined);
      for (const length of [0, 31, 33]) assert.equal(alice.agree(new Uint8Array(length).fill(9)), undefined);
    },
  },
  {
    name: "x25519FromEd25519 gives the same scalar, and is BODY_INVALID for any other key",
    run({ runtime: { crypto } }) {
      const key = crypto.x25519FromEd25519(PRIVATE);
      assert.equal(toHex(key.publicKey), X25519_OF_PRIVATE);
      const other = crypto.x25519Key(fromHex(X25519_BOB));
      assert.deepEqual(key.agree(other.publicKey), other.agree(key.publicKey));
      throwsWith(() => crypto.x25519FromEd25519(bytesOf("nonsense")), "BODY_INVALID");
      throwsWith(() => crypto.x25519FromEd25519(OTHER_KEY), "BODY_INVALID");
    },
  },
  {
    name: "equalInConstantTime compares bytes and lengths",
    run({ runtime: { crypto } }) {
      assert.equal(crypto.equalInConstantTime(bytesOf("same"), bytesOf("same")), true);
      assert.equal(crypto.equalInConstantTime(bytesOf("same"), bytesOf("sane")), false);
      assert.equal(crypto.equalInConstantTime(bytesOf("same"), bytesOf("sam")), false);
      assert.equal(crypto.equalInConstantTime(new Uint8Array(0), new Uint8Array(0)), true);
    },
  },
  {
    name: "random gives bytes, numbers and identifiers of the right shape",
    run({ runtime: { random } }) {
      assert.equal(random.bytes(0).length, 0);
      const many = random.bytes(200_000);
      assert.equal(many.length, 200_000);
      assert.ok(new Set(many.subarray(-1_000)).size > 100, "the last bytes are drawn too");
      const units = Array.from({ length: 1_000 }, () => random.unit());
      assert.ok(units.every((unit) => unit >= 0 && unit < 1));
      const mean = units.reduce((sum, unit) => sum + unit, 0) / units.length;
      assert.ok(mean > 0.4 && mean < 0.6, `mean ${mean}`);
      assert.match(random.uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.notEqual(random.uuid(), random.uuid());
    },
  },
];

export const CRYPTO_CASES: readonly ContractCase[] = cases.map((one) => ({ capability: "crypto", ...one }));
