/**
 * MoltComm v1 on the wire, a second time: written from the specification alone, sharing nothing with `src`. What both implementations
 * agree on is what the specification says; where they differ, one of them is wrong. Everything here is pure.
 */
import { Buffer } from "node:buffer";
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  sign,
  verify,
} from "node:crypto";

export const FRAME_BYTES_MAX = 1_048_576;
export const TIME_WINDOW_MS = 600_000;
const RECORD_LASTS_MS = 1_800_000;
/** The first 12 of the 44 bytes of an Ed25519 public key as SPKI DER. Source: RFC 8410, section 10.1. */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

// Section 1: identity.

export class Identity {
  #key;

  constructor(privateKey) {
    this.#key = privateKey;
    this.spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
    this.pub = this.spki.toString("base64");
    this.nodeId = nodeIdOf(this.spki);
  }

  static make() {
    return new Identity(generateKeyPairSync("ed25519").privateKey);
  }

  static fromPkcs8(base64) {
    return new Identity(createPrivateKey({ key: Buffer.from(base64, "base64"), format: "der", type: "pkcs8" }));
  }

  /** The signature of bytes, as base64. */
  sign(bytes) {
    return sign(null, bytes, this.#key).toString("base64");
  }
}

export function nodeIdOf(spki) {
  return `ed25519:${createHash("sha256").update(spki).digest("base64url")}`;
}

/** The key's bytes, or undefined unless `pub` is the one exact way to write an Ed25519 key. Source: section 11, reading 9. */
export function readPub(pub) {
  const spki = Buffer.from(pub, "base64");
  const isExact = spki.length === 44 && spki.toString("base64") === pub && spki.subarray(0, 12).equals(SPKI_PREFIX);
  return isExact ? spki : undefined;
}

function signatureHolds(bytes, pub, sig) {
  const spki = readPub(pub);
  const signature = Buffer.from(sig, "base64");
  if (spki === undefined || signature.length !== 64 || signature.toString("base64") !== sig) return false;
  return verify(null, bytes, createPublicKey({ key: spki, format: "der", type: "spki" }), signature);
}

// Section 2: frames.

/** @param content an object to write as JSON, a text, or bytes to take as they are */
export function encodeFrame(content) {
  const body = Buffer.isBuffer(content)
    ? content
    : Buffer.from(typeof content === "string" ? content : JSON.stringify(content), "utf8");
  const frame = Buffer.alloc(4 + body.length);
  frame.writeUInt32BE(body.length, 0);
  body.copy(frame, 4);
  return frame;
}

/** Cuts a stream of chunks into frames' bodies. */
export class FrameReader {
  /** Set once a frame announced more than is taken: nothing behind it can be read. */
  isRefused = false;
  #kept = Buffer.alloc(0);
  #bytesMax;

  constructor(bytesMax = FRAME_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  get waitingBytes() {
    return this.#kept.length;
  }

  /** The bodies that are whole now. */
  push(chunk) {
    this.#kept = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    const bodies = [];
    while (this.#kept.length >= 4) {
      const length = this.#kept.readUInt32BE(0);
      this.isRefused = length > this.#bytesMax;
      if (this.isRefused || this.#kept.length < 4 + length) break;
      bodies.push(this.#kept.subarray(4, 4 + length));
      this.#kept = this.#kept.subarray(4 + length);
    }
    return bodies;
  }
}

// Section 4: what is signed.

export function netstring(text) {
  const bytes = Buffer.from(text, "utf8");
  return Buffer.concat([Buffer.from(`${bytes.length}:`, "ascii"), bytes, Buffer.from(",", "ascii")]);
}

/** Written so that a hostile caller can sign what has no right shape, too. */
const SIGNED_OF_BODY = {
  HELLO: (body) => [body?.agent, body?.peer?.sig],
  HELLO_ACK: (body) => [body?.agent, body?.peer?.sig],
  PING: (body) => [body?.nonce],
  PONG: (body) => [body?.nonce],
  PEERS: (body) => [body?.n],
  PEERS_RES: (body) => [body?.ref, body?.peers?.length],
  DIRECT: (body) => [body?.msg],
  ACK: (body) => [body?.ref],
  ERROR: (body) => [body?.ref, body?.code, body?.detail],
};

function asText(value) {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function signedBytes(domain, values) {
  return Buffer.concat([Buffer.from(domain, "ascii"), ...values.map((value) => netstring(asText(value)))]);
}

export function envelopeInput(message) {
  const { v, t, id, from, pub, to, ts, body } = message;
  const ofBody = Object.hasOwn(SIGNED_OF_BODY, t) ? SIGNED_OF_BODY[t](body) : [];
  return signedBytes("moltcomm/v1\n", [v, t, id, from, pub, to, ts, ...ofBody]);
}

export function recordInput({ peer_id, ts, expires, pub, addrs }) {
  return signedBytes("moltcomm/peer/v1\n", [peer_id, ts, expires, pub, addrs.length, ...addrs]);
}

/** A signed message. What `draft` holds beside `t` and `body` takes the place of the usual values. */
export function makeMessage(identity, draft) {
  const { t, body, ...rest } = draft;
  const usual = { v: 1, t, id: randomUUID(), from: identity.nodeId, pub: identity.pub, ts: Date.now() };
  const message = { ...usual, ...rest, body };
  return { ...message, sig: identity.sign(envelopeInput(message)) };
}

export function makeRecord(identity, draft = {}) {
  const ts = Date.now();
  const usual = { peer_id: identity.nodeId, addrs: [], ts, expires: ts + RECORD_LASTS_MS, pub: identity.pub };
  const record = { ...usual, ...draft };
  return { ...record, sig: identity.sign(recordInput(record)) };
}

// Sections 3, 5 and 6: what is taken.

const isText = (value) => typeof value === "string" && value.isWellFormed();
const isTextOrMissing = (value) => value === undefined || isText(value);
const isWhole = (value) => Number.isSafeInteger(value);
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const own = (object, name) => Object.hasOwn(object, name) ? object[name] : undefined;

function isRecord(value) {
  return isObject(value) && isText(own(value, "peer_id")) && isText(own(value, "pub")) && isText(own(value, "sig")) &&
    isWhole(own(value, "ts")) && isWhole(own(value, "expires")) &&
    Array.isArray(own(value, "addrs")) && value.addrs.every(isText);
}

const isHelloBody = (body) => isTextOrMissing(own(body, "agent")) && isRecord(own(body, "peer"));
const BODY_SHAPES = {
  HELLO: isHelloBody,
  HELLO_ACK: isHelloBody,
  PING: (body) => isText(own(body, "nonce")),
  PONG: (body) => isText(own(body, "nonce")),
  PEERS: (body) => own(body, "n") === undefined || isWhole(body.n),
  PEERS_RES: (body) => isText(own(body, "ref")) && Array.isArray(own(body, "peers")),
  DIRECT: (body) => isText(own(body, "msg")),
  ACK: (body) => isText(own(body, "ref")),
  ERROR: (body) =>
    isTextOrMissing(own(body, "ref")) && isText(own(body, "code")) && isTextOrMissing(own(body, "detail")),
};

/** Reads a frame's body: `{ message }`, or `{ code }` of the error to answer. Shapes only. */
export function readMessage(body) {
  let message;
  try {
    message = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    return { code: "BAD_FRAME" };
  }
  if (!isObject(message)) return { code: "BAD_FRAME" };
  const texts = ["t", "id", "from", "pub", "sig"].every((name) => isText(own(message, name)));
  const to = own(message, "to") ?? undefined;
  if (!isWhole(own(message, "v")) || !texts || !isWhole(own(message, "ts"))) return { code: "BAD_FRAME" };
  if (!isTextOrMissing(to) || !isObject(own(message, "body"))) return { code: "BAD_FRAME" };
  if (message.v !== 1 || !Object.hasOwn(BODY_SHAPES, message.t)) return { message, code: "UNSUPPORTED" };
  const isAddressed = message.t !== "DIRECT" || (to ?? "") !== "";
  return isAddressed && BODY_SHAPES[message.t](message.body) ? { message } : { message, code: "BAD_FRAME" };
}

/** Whether `from` belongs to `pub` and the signature is its. */
export function isGenuine(message) {
  const spki = readPub(message.pub);
  return spki !== undefined && nodeIdOf(spki) === message.from &&
    signatureHolds(envelopeInput(message), message.pub, message.sig);
}

/** Whether a record may be kept: its shape, its key, its signature, its time. */
export function isGoodRecord(record, nowMs = Date.now()) {
  if (!isRecord(record) || record.expires <= nowMs) return false;
  const spki = readPub(record.pub);
  return spki !== undefined && nodeIdOf(spki) === record.peer_id &&
    signatureHolds(recordInput(record), record.pub, record.sig);
}

/** `tcp://HOST:PORT` or `relay://HOST:PORT` as what `node:net` wants. */
export function readAddress(address) {
  const { hostname, port } = new URL(address.replace(/^(?:tcp|relay):/, "http:"));
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port === "" ? 80 : port) };
}
