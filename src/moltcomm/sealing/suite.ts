/**
 * HPKE base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305. Source: RFC 9180.
 *
 * The construction is `hpke`'s, the cipher made of `@noble/ciphers`'; X25519 and HMAC are the port's. The library's own primitives go by
 * WebCrypto, whose every call is a trip to another thread: several times the work. With these, a message is sealed by the end of the
 * current turn, and one of a series at once. Loaded when something is sealed or opened for the first time.
 *
 * @module
 */
import { type AEAD, CipherSuite, concat, type KDF, type KEM, type Key, LabeledExpand, LabeledExtract } from "hpke";
import type { Crypto, Random, X25519Key } from "../../runtime/port.ts";
import { type CipherInput, openWith, sealWith } from "./cipher.ts";
import { ENC_BYTES, TAG_BYTES } from "./sealed-text.ts";
import { SERIES_EXPORT, SERIES_KEY_BYTES } from "./series.ts";

/** What the suite works with. */
export interface SuiteComponents {
  readonly crypto: Pick<Crypto, "hmacSha256" | "x25519Key">;
  /** Where ephemeral keys come from. */
  readonly random: Pick<Random, "bytes">;
}

/** Seals to a key and opens with one: each message by itself, or any number of them with what a context exports. */
export interface Suite {
  /** @throws when the key is none that can be sealed to */
  seal(publicKey: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array, info?: Uint8Array): Promise<Sealed>;
  /** @throws when it was not sealed to this key with these data */
  open(key: X25519Key, sealed: Sealed, associatedData: Uint8Array, info?: Uint8Array): Promise<Uint8Array>;
  /** A new context to a key, and the key that it exports for a series. @throws when the key is none that can be sealed to */
  beginSeries(publicKey: Uint8Array): Promise<{ readonly enc: Uint8Array; readonly key: Uint8Array }>;
  /** The same key, for the recipient. @throws when `enc` is no key */
  joinSeries(key: X25519Key, enc: Uint8Array): Promise<Uint8Array>;
  /** The cipher alone. No nonce may come twice with one key. */
  sealWith(init: CipherInput, plaintext: Uint8Array): Uint8Array;
  /** @throws when it was not sealed with these */
  openWith(init: CipherInput, ciphertext: Uint8Array): Uint8Array;
}

/** What goes over the wire. */
export interface Sealed {
  /** The ephemeral public key, `ENC_BYTES`. */
  readonly enc: Uint8Array;
  /** `TAG_BYTES` longer than the plaintext. */
  readonly ciphertext: Uint8Array;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const KEM_ID = 0x0020;
const KDF_ID = 0x0001;
const AEAD_ID = 0x0003;
const ALGORITHM = { name: "X25519" };
const EMPTY = new Uint8Array(0);

/** A key in the library's terms: only the raw public half, or the whole. */
interface SuiteKey extends Key {
  readonly raw: Uint8Array;
  readonly whole?: X25519Key;
}

/** Makes the suite. */
export function createSuite({ crypto, random }: SuiteComponents): Suite {
  const kdf = createKdf(crypto);
  const exportContext = new TextEncoder().encode(SERIES_EXPORT);
  const suite = new CipherSuite(() => createKem(kdf, { crypto, random }), () => kdf, createAead);
  return {
    seal: async (publicKey, plaintext, aad, info = EMPTY) => {
      const { encapsulatedSecret: enc, ciphertext } = await suite.Seal(publicOf(publicKey), plaintext, { aad, info });
      return { enc, ciphertext };
    },
    open: (key, { enc, ciphertext }, aad, info = EMPTY) => suite.Open(privateOf(key), enc, ciphertext, { aad, info }),
    beginSeries: async (publicKey) => {
      const { encapsulatedSecret: enc, ctx } = await suite.SetupSender(publicOf(publicKey));
      return { enc, key: await ctx.Export(exportContext, SERIES_KEY_BYTES) };
    },
    joinSeries: async (key, enc) =>
      await (await suite.SetupRecipient(privateOf(key), enc)).Export(exportContext, SERIES_KEY_BYTES),
    sealWith,
    openWith,
  };
}

function publicOf(raw: Uint8Array): SuiteKey {
  return { type: "public", algorithm: ALGORITHM, extractable: false, raw };
}

function privateOf(whole: X25519Key): SuiteKey {
  return { type: "private", algorithm: ALGORITHM, extractable: false, raw: whole.publicKey, whole };
}

/** Source: RFC 5869; no more than one block is ever asked for. */
function createKdf(crypto: SuiteComponents["crypto"]): KDF {
  return {
    id: KDF_ID,
    type: "KDF",
    name: "HKDF-SHA256",
    Nh: KEY_BYTES,
    stages: 2,
    Extract: (salt, ikm) => Promise.resolve(crypto.hmacSha256(salt, ikm)),
    Expand: (prk, info, length) =>
      Promise.resolve(crypto.hmacSha256(prk, concat(info, Uint8Array.of(1))).subarray(0, length)),
    Derive: neverAsked,
  };
}

/** Source: RFC 9180, section 4.1. */
function createKem(kdf: KDF, { crypto, random }: SuiteComponents): KEM<SuiteKey> {
  const encoder = new TextEncoder();
  const suiteId = concat(encoder.encode("KEM"), Uint8Array.of(KEM_ID >> 8, KEM_ID & 0xff));
  const [extractLabel, expandLabel] = [encoder.encode("eae_prk"), encoder.encode("shared_secret")];
  const extractAndExpand = async (shared: Uint8Array | undefined, context: Uint8Array): Promise<Uint8Array> => {
    if (shared === undefined) throw new TypeError("The keys agree on nothing");
    const prk = await LabeledExtract(kdf, suiteId, EMPTY, extractLabel, shared);
    return await LabeledExpand(kdf, suiteId, prk, expandLabel, context, KEY_BYTES);
  };
  return {
    id: KEM_ID,
    type: "KEM",
    name: "DHKEM(X25519, HKDF-SHA256)",
    Nsecret: KEY_BYTES,
    Nenc: ENC_BYTES,
    Npk: KEY_BYTES,
    Nsk: KEY_BYTES,
    Encap: async ({ raw }) => {
      const ephemeral = crypto.x25519Key(random.bytes(KEY_BYTES));
      const enc = ephemeral.publicKey;
      return { enc, shared_secret: await extractAndExpand(ephemeral.agree(raw), concat(enc, raw)) };
    },
    Decap: (enc, { raw, whole }) => extractAndExpand(whole?.agree(enc), concat(enc, raw)),
    GenerateKeyPair: neverAsked,
    DeriveKeyPair: neverAsked,
    SerializePublicKey: neverAsked,
    DeserializePublicKey: neverAsked,
    SerializePrivateKey: neverAsked,
    DeserializePrivateKey: neverAsked,
  };
}

/** Source: RFC 8439. */
function createAead(): AEAD {
  return {
    id: AEAD_ID,
    type: "AEAD",
    name: "ChaCha20-Poly1305",
    Nk: KEY_BYTES,
    Nn: NONCE_BYTES,
    Nt: TAG_BYTES,
    Seal: (key, nonce, associatedData, plaintext) =>
      Promise.resolve(sealWith({ key, nonce, associatedData }, plaintext)),
    // A wrong tag throws, and what throws here rejects.
    Open: (key, nonce, associatedData, ciphertext) =>
      new Promise((resolve) => resolve(openWith({ key, nonce, associatedData }, ciphertext))),
  };
}

/** Keys are read and made by the port; nothing in the library asks for this then. */
function neverAsked(): never {
  throw new TypeError("The suite makes, reads and derives keys by itself");
}
