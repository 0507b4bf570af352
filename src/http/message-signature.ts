/**
 * HTTP Message Signatures (RFC 9421) with Ed25519, over method, target, body digest (RFC 9530) and time.
 *
 * The target is signed as `@authority` and `@path` (and `@query` where there is one), not as `@target-uri`: behind a proxy that ends
 * TLS the receiver sees `http:` where the sender wrote `https:`, while host and path reach it as they were. Signatures of
 * strangers over `@target-uri` are taken too. The key id is the public key itself (SPKI DER, base64), so that a receiver needs no
 * directory of keys: the node id it may know is the hash of it. What the signature proves is which key sent this; whether
 * that key is welcome is the receiver's to say.
 *
 * @module
 */
import { decodeBase64, deriveNodeId, encodeBase64, isEd25519Spki } from "../contract/mod.ts";
import { BarnacleError } from "../errors.ts";
import type { Clock, Crypto } from "../runtime/port.ts";
import { buildSignatureBase, type SignableRequest } from "./signature-base.ts";
import {
  type BareItem,
  type InnerList,
  type Member,
  parseDictionary,
  serializeInnerList,
} from "./structured-fields.ts";

/** How far the signature's time may be from the verifier's clock, either way. */
export const SIGNATURE_WINDOW_MS = 5 * 60_000;

const LABEL = "sig1";
const ALGORITHM = "ed25519";
/** Signatures of one message that are looked at: proxies add their own. */
const SIGNATURES_MAX = 4;

/** Who signs: the host's identity. */
export interface MessageSigner {
  /** The public key, 44 bytes of SPKI DER. */
  readonly publicSpki: Uint8Array;
  /** A 64-byte Ed25519 signature. */
  sign(data: Uint8Array): Uint8Array;
}

/** A request to sign: an absolute URL and the body's bytes as they will be sent. */
export interface RequestToSign {
  readonly method: string;
  readonly url: string;
  readonly body: Uint8Array;
}

/** A request to verify: the URL as the sender wrote it, but for the scheme; the body's bytes or its text as they came. */
export interface SignedRequest extends SignableRequest {
  readonly body: Uint8Array | string;
}

/** What a valid signature tells. */
export interface VerifiedMessage {
  readonly publicSpki: Uint8Array<ArrayBuffer>;
  /** The MoltComm node id of that key. */
  readonly nodeId: string;
  /** When the sender says it signed, Unix milliseconds. */
  readonly createdAtMs: number;
}

/**
 * Signs a request.
 *
 * @returns the three header fields to add: `content-digest`, `signature-input`, `signature`
 */
export function signMessage(
  components: { readonly clock: Pick<Clock, "wallMs">; readonly crypto: Pick<Crypto, "sha256"> },
  message: RequestToSign,
  signer: MessageSigner,
): Record<string, string> {
  const contentDigest = `sha-256=:${encodeBase64(components.crypto.sha256(message.body))}:`;
  const names = ["@method", "@authority", "@path"];
  if (new URL(message.url).search !== "") names.push("@query");
  names.push("content-digest");
  const covered: InnerList = {
    items: names.map((value) => ({ value, parameters: new Map() })),
    parameters: new Map<string, BareItem>([
      ["created", Math.floor(components.clock.wallMs() / 1000)],
      ["keyid", encodeBase64(signer.publicSpki)],
      ["alg", ALGORITHM],
    ]),
  };
  const headers = new Headers({ "content-digest": contentDigest });
  const base = buildSignatureBase({ method: message.method, url: message.url, headers }, covered);
  const signature = signer.sign(new TextEncoder().encode(base));
  return {
    "content-digest": contentDigest,
    "signature-input": `${LABEL}=${serializeInnerList(covered)}`,
    "signature": `${LABEL}=:${encodeBase64(signature)}:`,
  };
}

/** Whether the request claims to be signed; one that does must verify. */
export function isSigned(headers: Headers): boolean {
  return headers.has("signature-input") || headers.has("signature");
}

/**
 * Verifies the first signature of a request whose key id is an Ed25519 public key.
 *
 * The signature must cover the method, the target (`@target-uri`, or `@authority` with `@path` and, where there is one, `@query`) and
 * the content digest, and carry a `created` within {@link SIGNATURE_WINDOW_MS} of our clock. A replay within the window is not
 * noticed here: that is what message ids are for.
 *
 * @throws `SIGNATURE_INVALID` when the request is not signed, or the signature does not hold
 */
export function verifyMessage(
  components: {
    readonly clock: Pick<Clock, "wallMs">;
    readonly crypto: Pick<Crypto, "sha256" | "ed25519Verifier">;
  },
  message: SignedRequest,
): VerifiedMessage {
  const { crypto } = components;
  const { covered, publicSpki, signature } = findSignature(message.headers);
  checkCoverage(message, covered);
  const createdAtMs = checkTime(components.clock.wallMs(), covered);
  const base = new TextEncoder().encode(buildSignatureBase(message, covered));
  if (crypto.ed25519Verifier(publicSpki)?.(base, signature) !== true) {
    throw signatureError("a signature that does not hold", "one by the key in keyid over this very request");
  }
  checkDigest(crypto, message);
  return { publicSpki, nodeId: deriveNodeId(crypto, publicSpki), createdAtMs };
}

function findSignature(headers: Headers) {
  const inputs = parseDictionary(headers.get("signature-input") ?? "");
  const signatures = parseDictionary(headers.get("signature") ?? "");
  if (inputs === undefined || signatures === undefined) {
    throw signatureError("malformed signature fields", "Signature-Input and Signature as RFC 9421 defines them");
  }
  for (const [label, covered] of [...inputs].slice(0, SIGNATURES_MAX)) {
    const signature = bytesOf(signatures.get(label));
    const keyId = covered.parameters.get("keyid");
    const publicSpki = typeof keyId === "string" ? decodeBase64(keyId) : undefined;
    if (signature === undefined || publicSpki === undefined) continue;
    if ("items" in covered && isEd25519Spki(publicSpki)) return { covered, signature, publicSpki };
  }
  throw signatureError("no signature that names its key", "keyid to be the Ed25519 public key, SPKI DER in base64");
}

function checkCoverage(message: SignedRequest, covered: InnerList): void {
  const names = new Set(covered.items.map((item) => item.value));
  const required = ["@method", "content-digest"];
  if (!names.has("@target-uri")) {
    required.push("@authority", "@path");
    if (new URL(message.url).search !== "") required.push("@query");
  }
  const missing = required.filter((name) => !names.has(name));
  if (missing.length > 0) {
    throw signatureError("a signature over less than is needed", `it to cover ${missing.join(", ")} too`);
  }
  const algorithm = covered.parameters.get("alg");
  if (algorithm !== undefined && algorithm !== ALGORITHM) throw signatureError("another algorithm", ALGORITHM);
}

function checkTime(nowMs: number, covered: InnerList): number {
  const created = covered.parameters.get("created");
  const expires = covered.parameters.get("expires");
  if (typeof created !== "number") throw signatureError("a signature without its time", "created in Unix seconds");
  const aheadMs = created * 1000 - nowMs;
  if (Math.abs(aheadMs) > SIGNATURE_WINDOW_MS) {
    throw new BarnacleError({
      code: "SIGNATURE_INVALID",
      action: "Verify the message signature",
      value: `a signature made ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? "ahead" : "ago"}`,
      wanted: `at most ${SIGNATURE_WINDOW_MS / 1000} s either way`,
      hint: "compare the clocks of both hosts",
    });
  }
  if (expires !== undefined && !(typeof expires === "number" && expires * 1000 >= nowMs)) {
    throw signatureError("a signature that has expired", "a later expires");
  }
  return created * 1000;
}

function checkDigest(crypto: Pick<Crypto, "sha256">, message: SignedRequest): void {
  const digests = parseDictionary(message.headers.get("content-digest") ?? "");
  const digest = bytesOf(digests?.get("sha-256"));
  if (digest === undefined) throw signatureError("no usable content digest", "sha-256 in Content-Digest");
  if (encodeBase64(digest) !== encodeBase64(crypto.sha256(message.body))) {
    throw signatureError("a body of another digest", "the body that was signed");
  }
}

function bytesOf(member: Member | undefined): Uint8Array | undefined {
  return member !== undefined && "value" in member && member.value instanceof Uint8Array ? member.value : undefined;
}

function signatureError(value: string, wanted: string): BarnacleError {
  return new BarnacleError({ code: "SIGNATURE_INVALID", action: "Verify the message signature", value, wanted });
}
