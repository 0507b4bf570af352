/** Bodies of frames that are refused, and with which code. */
import { createHash } from "node:crypto";
import { type Message, signatureInput } from "../../src/moltcomm/wire/mod.ts";
import { PUBLISHED, SECOND } from "./keys.ts";
import { draft, RECORD, TS } from "./messages.ts";

const REF = "00000000-0000-0000-0000-000000000001";
/** The order of the group that Ed25519 signs in. Source: RFC 8032, section 5.1. */
const ED25519_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

const direct = draft("refused direct", "DIRECT", { msg: "hello" });
const hello = draft("refused hello", "HELLO", { agent: "barnacle/1", peer: RECORD });
const ofEachType: readonly Message[] = [
  hello,
  draft("refused hello ack", "HELLO_ACK", { agent: "barnacle/1", peer: RECORD }),
  draft("refused ping", "PING", { nonce: "1" }),
  draft("refused pong", "PONG", { nonce: "1" }),
  draft("refused peers", "PEERS", { n: 1 }),
  draft("refused peers res", "PEERS_RES", { ref: REF, peers: [] }),
  direct,
  draft("refused ack", "ACK", { ref: REF }),
  draft("refused error", "ERROR", { ref: REF, code: "BAD_TS", detail: "late" }),
];
const OPTIONAL: ReadonlySet<string> = new Set(["agent", "n", "ERROR ref", "detail"]);

interface Vector {
  readonly name: string;
  readonly section: string;
  readonly code: "BAD_FRAME" | "UNSUPPORTED" | "BAD_SIG";
  readonly body_utf8?: string;
  readonly body_base64?: string;
}

function raw(name: string, bytes: readonly number[] | string): Vector {
  return {
    name,
    section: "3",
    code: "BAD_FRAME",
    body_base64: Buffer.from(typeof bytes === "string" ? Buffer.from(bytes) : bytes).toString("base64"),
  };
}

function text(name: string, section: string, code: Vector["code"], body: string): Vector {
  return { name, section, code, body_utf8: body };
}

/** The message with fields replaced; `undefined` takes one out. */
function edited(name: string, code: Vector["code"], message: Message, over: object, section = "3"): Vector {
  return text(name, section, code, JSON.stringify({ v: 1, ...message, ...over }));
}

function notJson(): Vector[] {
  const whole = JSON.stringify({ v: 1, ...direct });
  const bytesWith = (bytes: readonly number[]) =>
    [...Buffer.from(whole.replace("hello", "hello#"))]
      .flatMap((byte) => byte === 0x23 ? bytes : [byte]);
  return [
    raw("an empty frame", ""),
    raw("a byte-order mark before the object", `\ufeff${whole}`),
    raw("half an object", whole.slice(0, whole.length / 2)),
    raw("two objects", whole + whole),
    raw("a trailing comma", whole.replace(/\}$/, ",}")),
    raw("a trailing zero byte", `${whole}\0`),
    raw("a comment", `/**/${whole}`),
    raw("a raw line feed in a string", whole.replace("hello", "hel\nlo")),
    raw("UTF-16", [...Buffer.from(whole, "utf16le")]),
    raw("a byte that no UTF-8 has", bytesWith([0xff])),
    raw("a character cut short", bytesWith([0xe2, 0x82])),
    raw("an overlong form", bytesWith([0xc0, 0xaf])),
    raw("a surrogate, encoded", bytesWith([0xed, 0xa0, 0x80])),
    raw("a character beyond the last", bytesWith([0xf4, 0x90, 0x80, 0x80])),
    ...["[]", "null", "1", '"{}"', "true", `[${whole}]`].map((body) => raw(`no object: ${body.slice(0, 9)}`, body)),
  ];
}

function wrongEnvelopes(): Vector[] {
  const wrong = { v: "1", t: 1, id: null, from: {}, pub: 7, ts: "1700000000000", body: [], sig: false };
  return [
    ...Object.entries(wrong).flatMap(([field, value]) => [
      edited(`${field} missing`, "BAD_FRAME", direct, { [field]: undefined }),
      edited(`${field} of a wrong type`, "BAD_FRAME", direct, { [field]: value }),
      edited(`${field} null`, "BAD_FRAME", direct, { [field]: null }),
    ]),
    edited("v with a fraction", "BAD_FRAME", direct, { v: 1.5 }),
    edited("another version", "UNSUPPORTED", direct, { v: 2 }),
    edited("an unknown type", "UNSUPPORTED", direct, { t: "GOSSIP" }, "5"),
    edited("a type in small letters", "UNSUPPORTED", direct, { t: "direct" }, "5"),
    edited("a type that is every object's property", "UNSUPPORTED", direct, { t: "constructor" }, "5"),
    edited("ts with a fraction", "BAD_FRAME", direct, { ts: TS + 0.5 }),
    edited("ts beyond 53 bits", "BAD_FRAME", direct, { ts: 2 ** 53 }),
    edited("to of a wrong type", "BAD_FRAME", direct, { to: 1 }),
    edited("DIRECT without to", "BAD_FRAME", direct, { to: undefined }, "7"),
    edited("DIRECT with to null", "BAD_FRAME", direct, { to: null }, "7"),
    edited("DIRECT with an empty to", "BAD_FRAME", direct, { to: "" }, "7"),
    ...["t", "id", "from", "pub", "to", "sig"].map((field) =>
      text(
        `a lone surrogate in ${field}`,
        "11, reading 8",
        "BAD_FRAME",
        JSON.stringify({ v: 1, ...direct, [field]: "a\ud800" }),
      )
    ),
  ];
}

function wrongBodies(): Vector[] {
  return ofEachType.flatMap((message) =>
    Object.entries(message.body).flatMap(([field, value]) => {
      const bodyWith = (other: unknown) => ({ body: { ...message.body, [field]: other } });
      const isOptional = OPTIONAL.has(field) || OPTIONAL.has(`${message.t} ${field}`);
      const where = `${message.t} with ${field}`;
      return [
        ...isOptional ? [] : [edited(`${where} missing`, "BAD_FRAME", message, bodyWith(undefined), "4")],
        edited(`${where} null`, "BAD_FRAME", message, bodyWith(null), "4"),
        edited(`${where} of a wrong type`, "BAD_FRAME", message, bodyWith(typeof value === "string" ? 1 : "1"), "4"),
        ...typeof value === "string"
          ? [edited(`${where} with a lone surrogate`, "BAD_FRAME", message, bodyWith("\udc00a"), "11, reading 8")]
          : [],
      ];
    })
  ).concat(wrongRecords());
}

function wrongRecords(): Vector[] {
  const helloWith = (over: object) => ({ body: { peer: { ...RECORD, ...over } } });
  const wrong = { peer_id: 1, addrs: "tcp://127.0.0.1:9001", ts: 0.5, expires: "1700003600000", pub: null, sig: 1 };
  return [
    ...Object.entries(wrong).flatMap(([field, value]) => [
      edited(`a peer record with ${field} missing`, "BAD_FRAME", hello, helloWith({ [field]: undefined }), "6"),
      edited(`a peer record with ${field} of a wrong type`, "BAD_FRAME", hello, helloWith({ [field]: value }), "6"),
    ]),
    edited("a peer record with an address of a wrong type", "BAD_FRAME", hello, helloWith({ addrs: [1] }), "6"),
    edited("PEERS with a fraction", "BAD_FRAME", draft("n", "PEERS", { n: 1 }), { body: { n: 1.5 } }, "4"),
  ];
}

function wrongSignatures(): Vector[] {
  const { sig } = direct;
  const signature = Buffer.from(sig, "base64");
  const bad = (name: string, over: object, section = "4") => edited(name, "BAD_SIG", direct, over, section);
  return [
    bad("another text", { body: { msg: "hellp" } }),
    bad("another id", { id: REF }),
    bad("another ts", { ts: TS + 1 }),
    bad("another recipient", { to: direct.from }),
    bad("another type with the same values", { t: "PING", body: { nonce: "hello" } }),
    bad("values run together", { id: `${direct.id}5`, body: { msg: "ello" } }),
    bad("from that is not derived from pub", { from: PUBLISHED.signer.nodeId }, "1"),
    bad("another's from and pub", { from: PUBLISHED.signer.nodeId, pub: PUBLISHED.signer.pub }, "1"),
    bad("from with padding", { from: `${direct.from}=` }, "1"),
    ...inexactKeys(),
    bad("an empty pub", { pub: "" }, "11, reading 9"),
    bad("an empty sig", { sig: "" }),
    bad("sig of 63 bytes", { sig: signature.subarray(0, 63).toString("base64") }),
    bad("sig of zeros", { sig: Buffer.alloc(64).toString("base64") }),
    bad("sig without its padding", { sig: sig.slice(0, -2) }),
    bad("sig in base64url", { sig: sig.replaceAll("+", "-").replaceAll("/", "_") }),
    bad("sig with a space", { sig: `${sig} ` }),
    bad("sig with spare bits set", { sig: nextBase64(sig, 2) }),
    bad("sig with the order of the group added, which old libraries take", { sig: malleated(signature) }),
    edited("a changed agent", "BAD_SIG", hello, { body: { agent: "barnacle/2", peer: RECORD } }, "4"),
    edited("a record's other signature", "BAD_SIG", hello, { body: { ...hello.body, peer: { ...RECORD, sig } } }, "4"),
  ];
}

/** Keys that a loose reader takes. `from` is derived from each, and the signature is by its private half. */
function inexactKeys(): Vector[] {
  const { pub } = direct;
  const spki = Buffer.from(pub, "base64");
  const inexact = (name: string, text: string, bytes: Uint8Array = spki) => {
    const from = `ed25519:${createHash("sha256").update(bytes).digest("base64url")}`;
    const unsigned = { ...direct, pub: text, from };
    const sig = Buffer.from(SECOND.sign(signatureInput(unsigned))).toString("base64");
    return edited(name, "BAD_SIG", unsigned, { sig }, "11, reading 9");
  };
  const encoded = (name: string, bytes: Buffer) => inexact(name, bytes.toString("base64"), bytes);
  return [
    inexact("pub without its padding", pub.slice(0, -1)),
    inexact("pub in base64url", pub.replaceAll("/", "_")),
    inexact("pub with a line feed", `${pub.slice(0, 30)}\n${pub.slice(30)}`),
    inexact("pub with a line feed behind", `${pub}\n`),
    inexact("pub with spare bits set", nextBase64(pub, 1)),
    encoded("pub that is the bare 32 bytes", spki.subarray(12)),
    encoded("pub with a byte more", Buffer.concat([spki, Buffer.from([0])])),
    encoded("pub with a byte less", spki.subarray(0, 43)),
    encoded("pub with a longer form of a length", Buffer.concat([Buffer.from("30812a", "hex"), spki.subarray(2)])),
    encoded(
      "pub of another algorithm (X25519)",
      Buffer.concat([spki.subarray(0, 8), Buffer.of(0x6e), spki.subarray(9)]),
    ),
  ];
}

/** The text with the last character before the padding made the next of the alphabet: the same bytes, loosely read. */
function nextBase64(base64: string, paddingCharacters: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const at = base64.length - paddingCharacters - 1;
  return base64.slice(0, at) + alphabet[alphabet.indexOf(base64.charAt(at)) + 1] + base64.slice(at + 1);
}

function malleated(signature: Buffer): string {
  const scalar = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString("hex")}`) + ED25519_ORDER;
  const bytes = Buffer.from(scalar.toString(16).padStart(64, "0"), "hex").reverse();
  return Buffer.concat([signature.subarray(0, 32), bytes]).toString("base64");
}

export function refusedDocument(): unknown {
  return { vectors: [...notJson(), ...wrongEnvelopes(), ...wrongBodies(), ...wrongSignatures()] };
}
