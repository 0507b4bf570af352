/** Hunts: an adapter whose hashes, keys or signatures differ from the others'; randomness of the wrong shape. */
import assert from "node:assert/strict";
import type { Crypto, Ed25519Verifier } from "../../src/runtime/port.ts";
import type { ContractCase } from "./case.ts";
import { bytesOf, fromBase64, throwsWith, toHex } from "./helpers.ts";

/** Known answers. The key is published for tests only. */
const PRIVATE = fromBase64("MC4CAQAwBQYDK2VwBCIEIMy/UK6eeIxKenPcdemLH7u4JsphzkAfoATtqeNst3N9");
const PUBLIC_BASE64 = "MCowBQYDK2VwAyEAqwd270ejgXQnpADaRzM0E42/q7NXYpwSh3D1S1xt/VQ=";
const MESSAGE = "moltcomm:test-vector:v1";
const SIGNATURE_BASE64 = "SaQJkQBvCONbhBl8NX7mOyyYNoHgXG3fuPnQvHZXDXk5kd9k6LhThok1J3ANwP3Y4Obki3We6vBwLgLBdye0Ag==";
const SHA256_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SHA256_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
/** An Ed25519 key's frame with the object identifier of X25519. */
const OTHER_KEY = fromBase64("MC4CAQAwBQYDK2VuBCIEIMy/UK6eeIxKenPcdemLH7u4JsphzkAfoATtqeNst3N9");

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
    run({ runtime: { crypto } }) {
      assert.deepEqual(crypto.publicFromPrivate(PRIVATE), fromBase64(PUBLIC_BASE64));
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
    run({ runtime: { crypto } }) {
      const first = crypto.generateEd25519();
      const second = crypto.generateEd25519();
      assert.notDeepEqual(first.privatePkcs8, second.privatePkcs8);
      assert.deepEqual(crypto.publicFromPrivate(first.privatePkcs8), first.publicSpki);
      const signature = crypto.ed25519Signer(first.privatePkcs8)(bytesOf("hello"));
      assert.equal(signature.length, 64);
      assert.equal(verifier(crypto, first.publicSpki)(bytesOf("hello"), signature), true);
      assert.equal(verifier(crypto, second.publicSpki)(bytesOf("hello"), signature), false);
    },
  },
  {
    name: "a key that is none is BODY_INVALID",
    run({ runtime: { crypto } }) {
      for (const key of [new Uint8Array(0), bytesOf("nonsense"), PRIVATE.subarray(0, 40), OTHER_KEY]) {
        throwsWith(() => crypto.publicFromPrivate(key), "BODY_INVALID");
        throwsWith(() => crypto.ed25519Signer(key)(bytesOf("x")), "BODY_INVALID");
      }
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
