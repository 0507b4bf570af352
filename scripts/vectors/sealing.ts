/** Sealed messages, with the ephemeral key given: for vectors only, since a real one is drawn for each message and forgotten. */
import { createHash } from "node:crypto";
import { decodeBase64 } from "../../src/contract/mod.ts";
import { announcesSealing, announcesSeries } from "../../src/moltcomm/sealing/announcement.ts";
import { x25519OfEd25519 } from "../../src/moltcomm/sealing/curve.ts";
import { associatedData } from "../../src/moltcomm/sealing/sealed-text.ts";
import { Sealer } from "../../src/moltcomm/sealing/sealer.ts";
import { seriesNonce } from "../../src/moltcomm/sealing/series.ts";
import { createCrypto } from "../../src/runtime/shared/crypto.ts";
import { PUBLISHED, SECOND, type TestKey } from "./keys.ts";

const crypto = createCrypto();
const ID = "00000000-0000-4000-8000-000000000001";
const FROM = SECOND.signer.nodeId;
const TO = PUBLISHED.signer.nodeId;

const TEXTS: Readonly<Record<string, string>> = {
  "a text": "hello from moltcomm",
  "an empty text": "",
  "unicode": "Grüße, žluťoučký kůň, 日本語, 😀",
  "a text that looks sealed": "hpke1:AAAA",
  "a text with a byte-order mark before it": "\ufeffhello",
};

const AGENTS = [
  "barnacle/0.1.0 (hpke1)",
  "barnacle/0.1.0 (hpke1; hpke1s)",
  "barnacle/0.1.0 (hpke1s)",
  "other/2 (mailbox1; hpke1)",
  "barnacle/0.1.0",
  "barnacle/0.1.0 hpke1",
  "barnacle/0.1.0 (hpke1) ",
  "barnacle/0.1.0 (HPKE1)",
  "barnacle/0.1.0 (hpke12)",
  "barnacle/0.1.0 (hpke1, x)",
  "some agent (hpke1)",
  "(hpke1)",
];

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? new Uint8Array(0)).toString("hex");
}

function publicKeyOf({ signer }: TestKey): Uint8Array<ArrayBuffer> | undefined {
  return x25519OfEd25519(decodeBase64(signer.pub) ?? new Uint8Array(0));
}

function sealerWith(ephemeralSecret: Uint8Array<ArrayBuffer>): Sealer {
  const random = { bytes: () => ephemeralSecret };
  return new Sealer({ crypto, random }, { agreementKey: () => crypto.x25519FromEd25519(PUBLISHED.privatePkcs8) });
}

async function sealedVector([name, text]: readonly [string, string], index: number) {
  const ephemeralSecret = new Uint8Array(32).fill(index + 1);
  const addressing = { from: FROM, to: TO, id: ID };
  const publicKey = publicKeyOf(PUBLISHED) ?? new Uint8Array(0);
  const msg = await sealerWith(ephemeralSecret).seal(text, publicKey, addressing);
  return {
    name,
    section: "11, reading 10",
    ...addressing,
    text,
    ephemeral_secret_hex: hex(ephemeralSecret),
    associated_data_utf8: new TextDecoder().decode(associatedData(addressing)),
    msg,
  };
}

/** Three messages of one series. */
async function seriesVectors() {
  const ephemeralSecret = new Uint8Array(32).fill(0x5e);
  const sealer = sealerWith(ephemeralSecret);
  const series = await sealer.begin(publicKeyOf(PUBLISHED) ?? new Uint8Array(0), 0);
  return Object.entries(TEXTS).slice(0, 3).map(([name, text], index) => {
    const addressing = { from: FROM, to: TO, id: ID.replace(/1$/, String(index + 1)) };
    return {
      name: `${name}, number ${index + 1} of a series`,
      section: "11, reading 10",
      ...addressing,
      text,
      ephemeral_secret_hex: hex(ephemeralSecret),
      series_key_hex: hex(series.key),
      nonce_hex: hex(seriesNonce(crypto, index + 1, addressing.id)),
      associated_data_utf8: new TextDecoder().decode(associatedData(addressing)),
      msg: sealer.sealNext(text, series, addressing, 0),
    };
  });
}

/** The first of the right ones, changed in one place each: none of them opens. */
function refusedVectors(msg: string, ofSeries: string) {
  const refused = (name: string, over: { from?: string; to?: string; id?: string; msg?: string }) => ({
    name,
    section: "11, reading 10",
    from: FROM,
    to: TO,
    id: ID,
    msg,
    ...over,
    code: "BAD_FRAME",
  });
  const changed = (at: number) => msg.slice(0, at) + (msg[at] === "A" ? "B" : "A") + msg.slice(at + 1);
  return [
    refused("another sender: somebody else's sealed text, passed off as one's own", { from: TO }),
    refused("another recipient", { to: FROM }),
    refused("another id", { id: ID.replace(/1$/, "2") }),
    refused("a changed ephemeral key", { msg: changed(10) }),
    refused("a changed ciphertext", { msg: changed(60) }),
    refused("a byte short", { msg: msg.slice(0, -2) }),
    refused("padding", { msg: `${msg}=` }),
    refused("the other alphabet of base64", { msg: `${msg.slice(0, 20)}+${msg.slice(21)}` }),
    refused("an ephemeral key of small order", { msg: `hpke1:${"A".repeat(43)}${msg.slice(49)}` }),
    refused("too short for a key and a tag", { msg: `hpke1:${"A".repeat(62)}` }),
    refused("nothing behind the tag", { msg: "hpke1:" }),
    refused("plain text that begins as sealed messages do", { msg: "hpke1: what is that?" }),
    refused("a message by itself, with a number", { msg: `${msg}.1` }),
    refused("a message of a series, without its number", { msg: ofSeries.replace(/\.1$/, "") }),
    refused("a message of a series, with another number", { msg: ofSeries.replace(/\.1$/, ".2") }),
    refused("a message of a series, under another id", { msg: ofSeries, id: ID.replace(/1$/, "2") }),
    refused("the number 0", { msg: ofSeries.replace(/\.1$/, ".0") }),
    refused("a number written with a zero before it", { msg: ofSeries.replace(/\.1$/, ".01") }),
  ];
}

export async function sealingDocument(): Promise<unknown> {
  const vectors = await Promise.all(Object.entries(TEXTS).map(sealedVector));
  const keyOf = (key: TestKey) => ({
    pub_spki_der_base64: key.signer.pub,
    x25519_secret_hex: hex(x25519SecretOf(key)),
    x25519_public_hex: hex(publicKeyOf(key)),
  });
  const series = await seriesVectors();
  return {
    note: "HPKE (RFC 9180) base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305; info is empty",
    series_note:
      "the key of a series is what the context exports for moltcomm/hpke1s, 32 bytes; the nonce is the number in 4 bytes, " +
      "most significant first, and the first 8 bytes of the SHA-256 of the id in UTF-8",
    keys: { published: keyOf(PUBLISHED), second: keyOf(SECOND) },
    agents: AGENTS.map((agent) => ({ agent, announces: announcesSealing(agent), series: announcesSeries(agent) })),
    vectors,
    series,
    refused: refusedVectors(vectors[0]?.msg ?? "", series[0]?.msg ?? ""),
  };
}

/** The first half of the seed's SHA-512, before it is clamped. Source: RFC 8032, section 5.1.5. */
function x25519SecretOf({ privatePkcs8 }: TestKey): Uint8Array {
  return createHash("sha512").update(privatePkcs8.slice(-32)).digest().subarray(0, 32);
}
