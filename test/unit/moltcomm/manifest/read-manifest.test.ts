/** Hunts: a manifest that is believed although it is wrong; one wrong relay that takes the others with it. */
import { describe, expect, test } from "vitest";
import { decodeBase64 } from "../../../../src/contract/mod.ts";
import { readManifestAddress } from "../../../../src/moltcomm/manifest/relay-address.ts";
import { openManifest, readManifest, readManifestKey, signManifest } from "../../../../src/moltcomm/mod.ts";
import { bytesOf, crypto, DAY_MS, documentOf, entryOf, makeParty, NOW_MS, pairOf } from "./support.ts";

const [PUBLISHER, RELAY, OTHER] = [makeParty(), makeParty(), makeParty()] as const;

function read(document: unknown) {
  const reading = readManifest(
    crypto,
    typeof document === "object" && document instanceof Uint8Array ? document : bytesOf(document),
  );
  return "refused" in reading ? { code: reading.refused.code, detail: reading.refused.detail } : reading.manifest;
}

describe("readManifest", () => {
  test("gives times, relays and their addresses, and ignores fields it does not know", () => {
    const entry = entryOf(RELAY, "relay.example", {
      region: "eu",
      expires_ts: NOW_MS + 5,
      addrs: ["tcp://r.example:1", "relay://r.example:2/"],
    });
    expect(read(documentOf([entry], { comment: { a: 1 } }))).toEqual({
      generatedMs: NOW_MS,
      expiresMs: NOW_MS + DAY_MS,
      relays: [{
        nodeId: RELAY.nodeId,
        pub: RELAY.pub,
        addresses: ["tcp://r.example:1", "relay://r.example:2"],
        expiresMs: NOW_MS + 5,
      }],
      leftOut: [],
    });
  });

  test("takes an empty list: there are no relays any more", () => {
    expect(read(documentOf([]))).toMatchObject({ relays: [], leftOut: [] });
  });

  const whole: readonly (readonly [what: string, document: unknown, code: string])[] = [
    ["a web page", "<!doctype html><title>Not found</title>", "not_json"],
    ["nothing", "", "not_json"],
    ["a list", "[]", "not_json"],
    ["half a file", JSON.stringify(documentOf([])).slice(0, -1), "not_json"],
    ["a byte-order mark", `\ufeff${JSON.stringify(documentOf([]))}`, "not_json"],
    ["another version", documentOf([], { v: 2 }), "version_unknown"],
    ["a version in quotes", documentOf([], { v: "1" }), "malformed"],
    ["no time of making", documentOf([], { generated_ts: undefined }), "malformed"],
    ["a broken time", documentOf([], { generated_ts: 1.5 }), "malformed"],
    ["a negative time", documentOf([], { generated_ts: -1 }), "malformed"],
    ["no expiry", documentOf([], { expires_ts: null }), "malformed"],
    ["an expiry in words", documentOf([], { expires_ts: "2027-01-01" }), "malformed"],
    ["an expiry beyond all dates", documentOf([], { expires_ts: 9e15 }), "malformed"],
    ["no list of relays", documentOf([], { relays: { a: 1 } }), "malformed"],
    ["too many relays", documentOf(Array(1_025).fill(0)), "too_many_relays"],
    ["no relay that can be used", documentOf([1, entryOf(RELAY, "a b")]), "no_relays"],
  ];
  for (const [what, document, code] of whole) {
    test(`refuses ${what} as ${code}`, () => expect(read(document)).toMatchObject({ code }));
  }

  test("refuses what is no UTF-8", () => {
    const bytes = bytesOf(documentOf([], { comment: "x" }));
    bytes[bytes.indexOf(0x78)] = 0xff;
    expect(read(bytes)).toMatchObject({ code: "not_json" });
  });

  const parts: readonly (readonly [what: string, entry: unknown, code: string])[] = [
    ["that is no object", 7, "entry_malformed"],
    ["without a node id", entryOf(RELAY, "r", { node_id: undefined }), "entry_malformed"],
    ["whose node id has another form", entryOf(RELAY, "r", { node_id: RELAY.nodeId.toUpperCase() }), "entry_malformed"],
    ["whose node id is another's", entryOf(RELAY, "r", { node_id: PUBLISHER.nodeId }), "node_id_wrong"],
    ["without a key", entryOf(RELAY, "r", { pub: null }), "entry_malformed"],
    ["whose key is not canonical", entryOf(RELAY, "r", { pub: `${RELAY.pub}\n` }), "entry_malformed"],
    ["whose expiry is null", entryOf(RELAY, "r", { expires_ts: null }), "entry_malformed"],
    ["without addresses", entryOf(RELAY, "r", { addrs: undefined }), "entry_malformed"],
    ["with an empty list of addresses", entryOf(RELAY, "r", { addrs: [] }), "no_relay_address"],
    ["with a direct address alone", entryOf(RELAY, "r", { addrs: ["tcp://r:1"] }), "no_relay_address"],
    ["with too many addresses", entryOf(RELAY, "r", { addrs: Array(17).fill("relay://r:1") }), "too_many_addresses"],
    ["that stands there twice", entryOf(OTHER, "elsewhere"), "entry_repeated"],
  ];
  for (const [what, entry, code] of parts) {
    test(`leaves out an entry ${what} as ${code}, and takes the other`, () => {
      expect(read(documentOf([entryOf(OTHER), entry]))).toMatchObject({
        relays: [{ nodeId: OTHER.nodeId, addresses: ["relay://relay.example:9100"] }],
        leftOut: [{ index: 1, code }],
      });
    });
  }

  test("leaves out a strange address alone, as address_strange", () => {
    const addrs = ["relay://a:0", "relay://good.example:1", 5, "https://b", "relay://good.example:1"];
    expect(read(documentOf([entryOf(RELAY, "r", { addrs })]))).toMatchObject({
      relays: [{ addresses: ["relay://good.example:1"] }],
      leftOut: [{ code: "address_strange" }, { code: "address_strange" }, { code: "address_strange" }],
    });
  });

  test("shows no more of a wrong value than fits a line", () => {
    const { detail = "" } = { ...read(documentOf([], { v: "x".repeat(5_000) })) } as { detail?: string };
    expect(detail.length).toBeLessThan(200);
  });
});

describe("readManifestAddress", () => {
  const strange = [
    "",
    "relay://",
    "relay://a",
    "relay://a:",
    "relay://a:0",
    "relay://a:65536",
    "relay://a:-1",
    "relay://a:1x",
    "relay://:1",
    "relay://a b:1",
    "relay://user@a:1",
    "relay://a:1/path",
    "relay://a:1?q",
    "relay://a:1#f",
    "RELAY://a:1",
    "http://a:1",
    "relay://a..b:1",
    "relay://.a:1",
    "relay://a.:1",
    "relay://-a:1",
    "relay://a-:1",
    `relay://${"a".repeat(64)}:1`,
    "relay://256.1.1.1:1",
    "relay://1.2.3:1",
    "relay://1:1",
    "relay://0x7f.1:1",
    "relay://010.0.0.1:1",
    "relay://0.0.0.0:1",
    "relay://[::]:1",
    "relay://[0:0::0]:1",
    "relay://[fe80::1%eth0]:1",
    "relay://[1::2::3]:1",
    "relay://::1:1",
    "relay://[1.2.3.4]:1",
    "relay://\u0430.example:1",
    "relay://a\n:1",
  ];
  for (const text of strange) {
    test(`refuses ${JSON.stringify(text)}`, () => expect(readManifestAddress(text)).toBe(undefined));
  }

  const fit: readonly (readonly [string, string])[] = [
    ["relay://relay.example:9100", "relay://relay.example:9100"],
    ["relay://relay.example:9100/", "relay://relay.example:9100"],
    ["tcp://203.0.113.10:1", "tcp://203.0.113.10:1"],
    ["relay://[2001:db8::1]:65535", "relay://[2001:db8::1]:65535"],
    ["relay://127.0.0.1:9100", "relay://127.0.0.1:9100"],
    ["relay://relay-1.a_b.example:1", "relay://relay-1.a_b.example:1"],
  ];
  for (const [text, read] of fit) test(`takes ${text}`, () => expect(readManifestAddress(text)).toBe(read));
});

describe("the signature", () => {
  /** The key of the published MoltComm v1 vectors. */
  const PRIVATE = "MC4CAQAwBQYDK2VwBCIEIMy/UK6eeIxKenPcdemLH7u4JsphzkAfoATtqeNst3N9";
  const PUB = "MCowBQYDK2VwAyEAqwd270ejgXQnpADaRzM0E42/q7NXYpwSh3D1S1xt/VQ=";
  const MANIFEST = '{"v":1,"generated_ts":1700000000000,"expires_ts":1800000000000,"relays":[]}';
  /** By OpenSSL: 31 bytes of prefix, then 32 of the manifest's SHA-256. */
  const SIGNATURE = "fkfzHxMmu2SED6IGPjLSr/e1hrVK8IJcDaagEx5kUd61F/uEeMCyqWf4Wfw1NAPbqxLCgNvMkzd3v2yWjib4Ag==";

  test("§4 is over the prefix and the SHA-256 of the file's bytes, as OpenSSL makes it", () => {
    const sign = crypto.ed25519Signer(decodeBase64(PRIVATE) ?? new Uint8Array());
    expect(signManifest(crypto, sign, bytesOf(MANIFEST))).toBe(SIGNATURE);
    const key = readManifestKey(crypto, PUB);
    const pair = { bytes: bytesOf(MANIFEST), signature: bytesOf(SIGNATURE) };
    expect(key && openManifest(crypto, pair, key)).toMatchObject({ manifest: { expiresMs: 1_800_000_000_000 } });
  });
});

describe("openManifest", () => {
  const pair = pairOf(PUBLISHER, documentOf([entryOf(RELAY)]));
  const open = (changes: Partial<typeof pair>) => {
    const opened = openManifest(crypto, { ...pair, ...changes }, PUBLISHER.key);
    return "refused" in opened ? opened.refused.code : opened.manifest.relays.length;
  };
  const text = new TextDecoder().decode(pair.signature);

  test("takes what the pinned key signed, with or without a line end behind the signature", () => {
    expect([open({}), open({ signature: bytesOf(`${text}\n`) }), open({ signature: bytesOf(`${text}\r\n`) })]).toEqual([
      1,
      1,
      1,
    ]);
  });

  test("refuses a change of any single byte of the manifest", () => {
    for (let at = 1; at < pair.bytes.length; at++) {
      const bytes = pair.bytes.slice();
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      expect(open({ bytes })).toBe("signature_wrong");
    }
  });

  test("refuses the signature of another key, and one over another manifest", () => {
    expect(open({ signature: bytesOf(OTHER.sign(pair.bytes)) })).toBe("signature_wrong");
    expect(open({ signature: bytesOf(PUBLISHER.sign(bytesOf("{}"))) })).toBe("signature_wrong");
  });

  test("refuses a signature over the bare bytes, or under another prefix", () => {
    const raw = crypto.generateEd25519();
    const sign = crypto.ed25519Signer(raw.privatePkcs8);
    const key = { ...PUBLISHER.key, holds: crypto.ed25519Verifier(raw.publicSpki) ?? (() => false) };
    for (const input of [pair.bytes, crypto.sha256(pair.bytes), bytesOf("moltcomm/bootstrap-manifest/v1\n")]) {
      const signature = bytesOf(btoa(String.fromCharCode(...sign(input))));
      expect(openManifest(crypto, { ...pair, signature }, key)).toMatchObject({ refused: { code: "signature_wrong" } });
    }
  });

  const malformed: readonly (readonly [what: string, text: string, code: string])[] = [
    ["empty", "", "signature_missing"],
    ["a line end alone", "\n", "signature_missing"],
    ["half of it", text.slice(0, 44), "signature_malformed"],
    ["without padding", text.replace(/=+$/, ""), "signature_malformed"],
    ["base64url", text.replaceAll("+", "-").replaceAll("/", "_").replace(/^(.)/, "-"), "signature_malformed"],
    ["two of them", `${text}\n${text}`, "signature_malformed"],
    ["two line ends", `${text}\n\n`, "signature_malformed"],
    ["a blank before it", ` ${text}`, "signature_malformed"],
    ["a byte-order mark before it", `\ufeff${text}`, "signature_malformed"],
    ["a web page", "<html></html>", "signature_malformed"],
    ["64 characters of hexadecimal digits", "ab".repeat(64), "signature_malformed"],
  ];
  for (const [what, signature, code] of malformed) {
    test(`refuses a signature file that is ${what} as ${code}`, () =>
      expect(open({ signature: bytesOf(signature) })).toBe(code));
  }

  test("parses nothing that the key has not signed", () => {
    expect(open({ bytes: bytesOf("{ no json") })).toBe("signature_wrong");
    expect(open({ bytes: bytesOf("<html>") })).toBe("not_json");
  });
});
