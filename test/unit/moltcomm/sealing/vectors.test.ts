/** Hunts: vectors for others that only our own code agrees with. The second opinion is the library on WebCrypto, without our primitives. */
import { AEAD_ChaCha20Poly1305, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from "hpke";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { announcesSealing, announcesSeries } from "../../../../src/moltcomm/sealing/announcement.ts";
import { x25519OfEd25519 } from "../../../../src/moltcomm/sealing/curve.ts";
import { Sealer } from "../../../../src/moltcomm/sealing/sealer.ts";
import { nodeCryptoPort as crypto } from "../../../support/node-crypto.ts";
import { fixedRandom, fromHex, toHex } from "./support.ts";

interface Vector {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly id: string;
  readonly text: string;
  readonly ephemeral_secret_hex: string;
  readonly associated_data_utf8: string;
  readonly msg: string;
}

const document = JSON.parse(
  readFileSync(resolve(import.meta.dirname, "../../../../docs/vectors/sealing.json"), "utf8"),
);
const vectors: readonly Vector[] = document.vectors;
const refused: readonly Vector[] = document.refused;
const series: readonly (Vector & { readonly series_key_hex: string; readonly nonce_hex: string })[] = document.series;
const agents: readonly { readonly agent: string; readonly announces: boolean; readonly series: boolean }[] =
  document.agents;
const key = crypto.x25519Key(fromHex(document.keys.published.x25519_secret_hex));
const sealerWith = (ephemeral: string) =>
  new Sealer({ crypto, random: fixedRandom(fromHex(ephemeral)) }, { agreementKey: () => key });
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));

describe("docs/vectors/sealing.json", () => {
  test("the keys are those of the identities, on the other curve", () => {
    for (
      const { pub_spki_der_base64: pub, x25519_public_hex: wanted } of Object.values<Record<string, string>>(
        document.keys,
      )
    ) {
      expect(toHex(x25519OfEd25519(bytesOf(pub ?? "")) ?? fromHex(""))).toBe(wanted);
    }
    expect(toHex(key.publicKey)).toBe(document.keys.published.x25519_public_hex);
  });

  test("the announcements are read as they say", () => {
    for (const { agent, ...wanted } of agents) {
      expect([agent, announcesSealing(agent), announcesSeries(agent)]).toEqual([
        agent,
        wanted.announces,
        wanted.series,
      ]);
    }
  });

  test.each(vectors)("$name: sealed to the byte, and opened", async ({ text, msg, from, to, id, ...vector }) => {
    const sealer = sealerWith(vector.ephemeral_secret_hex);
    expect(await sealer.seal(text, key.publicKey, { from, to, id })).toBe(msg);
    expect(await sealer.open(msg, { from, to, id })).toEqual({ msg: text });
  });

  test.each(vectors)("$name: opened by the library on WebCrypto", async ({ text, msg, ...vector }) => {
    const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_ChaCha20Poly1305);
    const privateKey = await suite.DeserializePrivateKey(fromHex(document.keys.published.x25519_secret_hex), true);
    const publicKey = await suite.DeserializePublicKey(key.publicKey);
    const bytes = bytesOf(msg.slice("hpke1:".length).replaceAll("-", "+").replaceAll("_", "/"));
    const aad = new TextEncoder().encode(vector.associated_data_utf8);
    const opened = await suite.Open({ privateKey, publicKey }, bytes.slice(0, 32), bytes.slice(32), { aad });
    expect(new TextDecoder("utf-8", { ignoreBOM: true }).decode(opened)).toBe(text);
  });

  test("a series is sealed to the byte, number by number, and opened", async () => {
    const sealer = sealerWith(series[0]?.ephemeral_secret_hex ?? "");
    const begun = await sealer.begin(key.publicKey, 0);
    for (const { text, msg, from, to, id } of series) {
      expect(sealer.sealNext(text, begun, { from, to, id }, 0)).toBe(msg);
      expect(await sealer.open(msg, { from, to, id })).toEqual({ msg: text });
    }
  });

  test.each(series)(
    "$name: opened by the library on WebCrypto, which exports the key",
    async ({ text, msg, ...vector }) => {
      const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_ChaCha20Poly1305);
      const privateKey = await suite.DeserializePrivateKey(fromHex(document.keys.published.x25519_secret_hex), true);
      const publicKey = await suite.DeserializePublicKey(key.publicKey);
      const [sealed = "", number] = msg.slice("hpke1:".length).split(".");
      const bytes = bytesOf(sealed.replaceAll("-", "+").replaceAll("_", "/"));
      const context = await suite.SetupRecipient({ privateKey, publicKey }, bytes.slice(0, 32));
      const exported = await context.Export(new TextEncoder().encode("moltcomm/hpke1s"), 32);
      expect(toHex(exported)).toBe(vector.series_key_hex);
      const hash = createHash("sha256").update(vector.id).digest("hex");
      expect(Number(number).toString(16).padStart(8, "0") + hash.slice(0, 16)).toBe(vector.nonce_hex);
      const cipher = chacha20poly1305(
        exported,
        fromHex(vector.nonce_hex),
        new TextEncoder().encode(vector.associated_data_utf8),
      );
      expect(new TextDecoder().decode(cipher.decrypt(bytes.slice(32)))).toBe(text);
    },
  );

  test.each(refused)("refuses: $name", async ({ msg, from, to, id }) => {
    expect(await sealerWith("01".repeat(32)).open(msg, { from, to, id })).toHaveProperty("wrong");
  });
});
