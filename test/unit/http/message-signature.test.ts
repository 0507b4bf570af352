/** Hunts: a signature that a stranger's RFC 9421 library would refuse, and one that we accept although it covers too little. */
import { describe, expect, test } from "vitest";
import { decodeBase64, deriveNodeId, encodeBase64 } from "../../../src/contract/mod.ts";
import { isSigned, SIGNATURE_WINDOW_MS, signMessage, verifyMessage } from "../../../src/http/message-signature.ts";
import { buildSignatureBase } from "../../../src/http/signature-base.ts";
import { parseDictionary, serializeInnerList } from "../../../src/http/structured-fields.ts";
import { SimClock } from "../../sim/clock.ts";
import { nodeCryptoPort as crypto } from "../../support/node-crypto.ts";

/** The key of RFC 9421, appendix B.1.4, from its JWK: `d` behind the PKCS#8 prefix, `x` behind the SPKI prefix. */
const RFC_PRIVATE = der("302e020100300506032b657004220420", "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU");
const RFC_PUBLIC = der("302a300506032b6570032100", "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs");

function der(prefixHex: string, base64url: string): Uint8Array {
  return new Uint8Array([...Buffer.from(prefixHex, "hex"), ...Buffer.from(base64url, "base64url")]);
}

/** The request, signature input, base and signature of RFC 9421, appendix B.2.6. */
const RFC_REQUEST = {
  method: "POST",
  url: "https://example.com/foo?param=Value&Pet=dog",
  headers: new Headers({
    "date": "Tue, 20 Apr 2021 02:07:55 GMT",
    "content-type": "application/json",
    "content-length": "18",
  }),
};
const RFC_INPUT = '("date" "@method" "@path" "@authority" "content-type" "content-length")' +
  ';created=1618884473;keyid="test-key-ed25519"';
const RFC_BASE = `"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ${RFC_INPUT}`;
const RFC_SIGNATURE = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==";

const body = new TextEncoder().encode('{"service_name":"project-chimera"}');
const url = "https://receiver.example:8443/base/openclaw/status";
const signer = { publicSpki: RFC_PUBLIC, sign: crypto.ed25519Signer(RFC_PRIVATE) };

function signed(clock: SimClock, at = url) {
  return new Headers(signMessage({ clock, crypto }, { method: "POST", url: at, body }, signer));
}

/** A stranger's signature over chosen components and parameters. */
function strange(covered: string, more: Record<string, string> = {}, at = url): Headers {
  const headers = new Headers({
    "content-digest": `sha-256=:${encodeBase64(crypto.sha256(body))}:`,
    ...more,
  });
  const list = parseDictionary(`x=${covered}`)?.get("x");
  if (list === undefined || !("items" in list)) throw new Error("The test's own list is malformed");
  const base = buildSignatureBase({ method: "POST", url: at, headers }, list);
  headers.set("signature-input", `x=${serializeInnerList(list)}`);
  headers.set("signature", `x=:${encodeBase64(signer.sign(new TextEncoder().encode(base)))}:`);
  return headers;
}

const KEY_ID = `;keyid="${encodeBase64(RFC_PUBLIC)}"`;

describe("buildSignatureBase", () => {
  test("gives the base and the signature of RFC 9421 B.2.6", () => {
    const list = parseDictionary(`sig-b26=${RFC_INPUT}`)?.get("sig-b26");
    if (list === undefined || !("items" in list)) throw new Error("The RFC's list was not understood");
    const base = buildSignatureBase(RFC_REQUEST, list);
    expect(base).toBe(RFC_BASE);
    const bytes = new TextEncoder().encode(base);
    expect(encodeBase64(crypto.ed25519Signer(RFC_PRIVATE)(bytes))).toBe(RFC_SIGNATURE);
    expect(crypto.ed25519Verifier(RFC_PUBLIC)?.(bytes, decodeBase64(RFC_SIGNATURE) ?? new Uint8Array())).toBe(true);
  });
});

describe("buildSignatureBase", () => {
  test.each(['("@method" "@method")', '("@method";req)', '("Date")', '("x-missing")', '("@status")', "(date)"])(
    "refuses the components %s",
    (components) => {
      const list = parseDictionary(`x=${components}`)?.get("x");
      if (list === undefined || !("items" in list)) throw new Error("The test's own list is malformed");
      expect(() => buildSignatureBase(RFC_REQUEST, list)).toThrow(
        expect.objectContaining({ code: "SIGNATURE_INVALID" }),
      );
    },
  );

  test.each([
    ["@target-uri", "https://example.com/foo?param=Value&Pet=dog"],
    ["@scheme", "https"],
    ["@query", "?param=Value&Pet=dog"],
  ])("knows %s", (name, value) => {
    const list = { items: [{ value: name, parameters: new Map() }], parameters: new Map() };
    const request = { ...RFC_REQUEST, url: `${RFC_REQUEST.url}#fragment` };
    expect(buildSignatureBase(request, list).split("\n")[0]).toBe(`"${name}": ${value}`);
  });
});

describe("signMessage", () => {
  test("covers method, target, digest and time under the label sig1, with the public key as key id", () => {
    const clock = new SimClock();
    const headers = signed(clock);
    expect(headers.get("signature-input")).toBe(
      `sig1=("@method" "@authority" "@path" "content-digest");created=${clock.wallMs() / 1000}${KEY_ID};alg="ed25519"`,
    );
    expect(headers.get("content-digest")).toBe(`sha-256=:${encodeBase64(crypto.sha256(body))}:`);
    expect(headers.get("signature")).toMatch(/^sig1=:[A-Za-z0-9+/]{86}==:$/);
    expect(signed(clock, `${url}?a=b`).get("signature-input")).toContain('"@query"');
  });
});

describe("verifyMessage", () => {
  const clock = new SimClock();
  const verify = (headers: Headers, change: { url?: string; method?: string; body?: Uint8Array | string } = {}) =>
    verifyMessage({ clock, crypto }, { method: "POST", url, body, ...change, headers });
  const refusal = expect.objectContaining({ code: "SIGNATURE_INVALID" });

  function expectRefused(act: () => unknown): void {
    let thrown: unknown;
    try {
      act();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toEqual(refusal);
  }

  test("returns key, node id and time of what signMessage signed", () => {
    expect(verify(signed(clock))).toEqual({
      publicSpki: RFC_PUBLIC,
      nodeId: deriveNodeId(crypto, RFC_PUBLIC),
      createdAtMs: clock.wallMs(),
    });
  });

  test("takes the body as text too", () => {
    expect(verify(signed(clock), { body: new TextDecoder().decode(body) }).publicSpki).toEqual(RFC_PUBLIC);
  });

  test("agrees behind a proxy that ends TLS and passes the host on", () => {
    expect(verify(signed(clock), { url: url.replace("https:", "http:") }).publicSpki).toEqual(RFC_PUBLIC);
  });

  test.each([
    ["method", { method: "PUT" }],
    ["path", { url: url.replace("/base", "/other") }],
    ["host", { url: url.replace("receiver.", "other.") }],
    ["query", { url: `${url}?admin=1` }],
    ["body", { body: "{}" }],
  ])("refuses another %s than was signed", (_what, change) => {
    expectRefused(() => verify(signed(clock), change));
  });

  test.each([[SIGNATURE_WINDOW_MS + 1_000], [-SIGNATURE_WINDOW_MS - 1_000]])(
    "refuses a signature %i ms off",
    (byMs) => {
      const other = new SimClock(clock.wallMs() + byMs);
      expectRefused(() => verify(signed(other)));
    },
  );

  test.each([[SIGNATURE_WINDOW_MS], [-SIGNATURE_WINDOW_MS]])("accepts a signature %i ms off", (byMs) => {
    expect(verify(signed(new SimClock(clock.wallMs() + byMs))).publicSpki).toEqual(RFC_PUBLIC);
  });

  test("takes a stranger's signature over @target-uri, without alg, under another label", () => {
    const created = `;created=${clock.wallMs() / 1000}`;
    expect(verify(strange(`("@target-uri" "@method" "content-digest")${created}${KEY_ID}`)).publicSpki)
      .toEqual(RFC_PUBLIC);
  });

  test("takes a stranger's signature over further fields", () => {
    const created = `;created=${clock.wallMs() / 1000}`;
    const covered = `("@method" "@authority" "@path" "content-type" "content-digest")${created}${KEY_ID};nonce="n"`;
    expect(verify(strange(covered, { "content-type": "application/json" })).publicSpki).toEqual(RFC_PUBLIC);
  });

  test("looks past a signature whose key it cannot know", () => {
    const headers = signed(clock);
    headers.set("signature-input", `proxy=("@method");created=1;keyid="p", ${headers.get("signature-input")}`);
    headers.set("signature", `proxy=:AAAA:, ${headers.get("signature")}`);
    expect(verify(headers).publicSpki).toEqual(RFC_PUBLIC);
  });

  const now = `;created=${clock.wallMs() / 1000}`;
  const all = '("@method" "@authority" "@path" "content-digest")';
  test.each([
    ["without the method", `("@authority" "@path" "content-digest")${now}${KEY_ID}`],
    ["without the target", `("@method" "content-digest")${now}${KEY_ID}`],
    ["without the digest", `("@method" "@authority" "@path")${now}${KEY_ID}`],
    ["without a time", `${all}${KEY_ID}`],
    ["with another algorithm", `${all}${now}${KEY_ID};alg="hmac-sha256"`],
    ["that has expired", `${all}${now};expires=${clock.wallMs() / 1000 - 1}${KEY_ID}`],
    ["whose key id is no key", `${all}${now};keyid="AAAA"`],
  ])("refuses a signature %s", (_what, covered) => {
    expectRefused(() => verify(strange(covered)));
  });

  test.each([
    ["none", "", ""],
    ["no dictionary", "((", "sig1=:AA==:"],
    ["a component of parameters", `sig1=("@method";req)${now}${KEY_ID}`, "sig1=:AA==:"],
    ["no signature of that label", `sig1=${all}${now}${KEY_ID}`, "sig2=:AA==:"],
    ["a signature of the wrong length", `sig1=${all}${now}${KEY_ID}`, "sig1=:AA==:"],
    ["an item in place of the list", `sig1="x"${KEY_ID}`, "sig1=:AA==:"],
    ["9000 characters", "a".repeat(9_000), "sig1=:AA==:"],
  ])("refuses %s in the signature fields", (_what, input, signature) => {
    const headers = new Headers({ "content-digest": signed(clock).get("content-digest") ?? "" });
    if (input !== "") headers.set("signature-input", input);
    if (signature !== "") headers.set("signature", signature);
    expectRefused(() => verify(headers));
  });

  test("refuses a component that is named twice or missing", () => {
    const headers = signed(clock);
    const input = headers.get("signature-input") ?? "";
    headers.set("signature-input", input.replace('"@path"', '"@path" "@path"'));
    expectRefused(() => verify(headers));
    headers.set("signature-input", input.replace('"@path"', '"@path" "x-missing"'));
    expectRefused(() => verify(headers));
  });

  test("refuses a digest of another algorithm alone", () => {
    const covered = `${all}${now}${KEY_ID}`;
    expectRefused(() => verify(strange(covered, { "content-digest": "sha-512=:AAAA:" })));
  });
});

test("isSigned notices either field", () => {
  expect(isSigned(new Headers())).toBe(false);
  expect(isSigned(new Headers({ signature: "x" }))).toBe(true);
  expect(isSigned(signed(new SimClock()))).toBe(true);
});
