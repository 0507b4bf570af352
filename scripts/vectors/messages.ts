/** Messages that hold: each type, each optional field there and not, texts that are easy to get wrong, limits. */
import { createHash } from "node:crypto";
import {
  type Draft,
  encodeFrame,
  type Message,
  type MessageType,
  type PeerRecord,
  recordSignatureInput,
  signatureInput,
} from "../../src/moltcomm/wire/mod.ts";
import { PUBLISHED, SECOND } from "./keys.ts";

export const TS = 1_700_000_000_000;
const EXPIRES = TS + 3_600_000;
const FRAME_BYTES = 1_048_576;

/** Ids as UUIDs are, one for each name, whatever is added or taken out beside it. */
function idFor(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Signed by the second key, to the published one unless the draft says otherwise. */
export function draft<Type extends MessageType>(
  name: string,
  t: Type,
  body: Draft<Type>["body"],
  over: { readonly id?: string; readonly to?: string | undefined; readonly ts?: number } = {},
): Message {
  const { id = idFor(name), ts = TS } = over;
  const to = "to" in over ? over.to : PUBLISHED.signer.nodeId;
  return SECOND.signer.sign({ t, id, ts, body, ...(to === undefined ? {} : { to }) }) as Message;
}

/** The second key's record. */
export const RECORD: PeerRecord = SECOND.signer.record({
  addrs: ["tcp://203.0.113.10:9001", "tcp://[::1]:9001", "relay://relay.example:9002"],
  ts: TS,
  expires: EXPIRES,
});
const PUBLISHED_RECORD = PUBLISHED.signer.record({ addrs: ["tcp://127.0.0.1:9001"], ts: TS, expires: EXPIRES });
const REF = "00000000-0000-0000-0000-000000000001";

const TEXTS: Readonly<Record<string, string>> = {
  "plain text": "hello from moltcomm",
  "an empty text": "",
  "two-byte characters": "Grüße, žluťoučký kůň",
  "three-byte characters": "日本語, ไทย, €",
  "characters outside the basic plane": "😀 𝒳 🏴‍☠️",
  "a composed letter": "\u00e9",
  "the same letter, decomposed: other bytes, another signature": "e\u0301",
  "right-to-left text with its marks": "\u202eשלום\u202c \u200fمرحبا",
  "control characters": "\u0000\u0001\t\n\r\u001b[31m\u007f\u0085",
  "line separators that JSON leaves alone": "a\u2028b\u2029c",
  "a byte-order mark inside": "\ufeffa\ufeff",
  "noncharacters": "\ufffe\uffff\u{10ffff}",
  "the replacement character": "\ufffd",
  "quotes and backslashes": '\\ " \\u0041 \\\\"',
  "text that looks like netstrings": "3:abc,0:,5:hello,",
  "text that looks like a message": '{"v":1,"t":"ACK","body":{"ref":"x"}}',
};

const drafts: readonly (readonly [name: string, rule: string, message: Message])[] = [
  ["HELLO to nobody in particular", "5", draft("hello", "HELLO", { peer: RECORD }, { to: undefined })],
  ["HELLO with an agent", "4", draft("hello agent", "HELLO", { agent: "barnacle/1", peer: RECORD }, { to: undefined })],
  ["HELLO to a known identity", "11, reading 6", draft("hello to", "HELLO", { agent: "barnacle/1", peer: RECORD })],
  ["HELLO with an agent in unicode", "4", draft("hello unicode", "HELLO", { agent: "Seepocke 🦀", peer: RECORD })],
  ["HELLO_ACK", "5", draft("hello ack", "HELLO_ACK", { peer: RECORD })],
  ["HELLO_ACK with an agent", "4", draft("hello ack agent", "HELLO_ACK", { agent: "barnacle/1", peer: RECORD })],
  ["PING", "5", draft("ping", "PING", { nonce: "8d1f" }, { to: undefined })],
  ["PING with a recipient", "4", draft("ping to", "PING", { nonce: "8d1f" })],
  ["PING with an empty nonce", "4", draft("ping empty", "PING", { nonce: "" })],
  ["PONG", "5", draft("pong", "PONG", { nonce: "8d1f" })],
  ["PEERS", "4", draft("peers", "PEERS", {})],
  ["PEERS with a number", "4", draft("peers n", "PEERS", { n: 20 })],
  ["PEERS with the number 0, which is not a missing one", "4", draft("peers 0", "PEERS", { n: 0 })],
  ["PEERS_RES without records", "5", draft("peers res", "PEERS_RES", { ref: REF, peers: [] })],
  [
    "PEERS_RES with records",
    "5",
    draft("peers res 2", "PEERS_RES", { ref: REF, peers: [RECORD, PUBLISHED_RECORD] }),
  ],
  [
    "PEERS_RES with something that is no record: it is counted, and spoils no other",
    "4",
    draft("peers res odd", "PEERS_RES", { ref: REF, peers: [RECORD, null, { peer_id: 1 }] }),
  ],
  ...Object.entries(TEXTS).map(([what, msg]) =>
    [`DIRECT with ${what}`, "5", draft(`direct ${what}`, "DIRECT", { msg })] as const
  ),
  ["ACK", "5", draft("ack", "ACK", { ref: REF })],
  ["ERROR with nothing but a code", "4", draft("error", "ERROR", { code: "BAD_FRAME" })],
  ["ERROR with a ref", "4", draft("error ref", "ERROR", { ref: REF, code: "NOT_FOR_ME" })],
  ["ERROR with a detail", "4", draft("error detail", "ERROR", { code: "RATE_LIMIT", detail: "try later" })],
  ["ERROR with both", "4", draft("error both", "ERROR", { ref: REF, code: "REPLAY", detail: "seen" })],
  ["ERROR with an extension's code", "11, reading 7", draft("error code", "ERROR", { ref: REF, code: "UNREACHABLE" })],
  ["an id that is no UUID", "3", draft("id", "PING", { nonce: "1" }, { id: "nachricht-ü-1" })],
  ["ts 0", "3", draft("ts 0", "PING", { nonce: "1" }, { ts: 0 })],
  ["a negative ts", "3", draft("ts -1", "PING", { nonce: "1" }, { ts: -1 })],
  ["the largest ts", "3", draft("ts max", "PING", { nonce: "1" }, { ts: Number.MAX_SAFE_INTEGER })],
];

export function messagesDocument(): unknown {
  return {
    vectors: drafts.map(([name, section, message]) => ({
      name,
      section,
      message: { v: 1, ...message },
      signature_input_utf8: Buffer.from(signatureInput(message)).toString(),
    })),
  };
}

export function recordsDocument(): unknown {
  const record = (name: string, addrs: readonly string[], over: { ts?: number; expires?: number } = {}) =>
    [name, SECOND.signer.record({ addrs, ts: TS, expires: EXPIRES, ...over }), true] as const;
  const { addrs: [first = "", ...others] } = RECORD;
  const forged = (name: string, over: Partial<PeerRecord>) => [name, { ...RECORD, ...over }, false] as const;
  const records = [
    record("three addresses", RECORD.addrs),
    record("no address", []),
    record("an address of a kind not known yet", ["quic://[2001:db8::1]:9001", "tcp://127.0.0.1:9001"]),
    record("an address in unicode", ["tcp://größe.example:9001"]),
    record("expired before it was made: the signature holds, the node refuses it", [], { expires: TS - 1 }),
    forged("another order of addresses", { addrs: [...others, first] }),
    forged("one address less", { addrs: others }),
    forged("two addresses run together", { addrs: [first + others.join("")] }),
    forged("a later expiry", { expires: EXPIRES + 1 }),
    forged("another ts", { ts: TS + 1 }),
    forged("another's node id", { peer_id: PUBLISHED.signer.nodeId }),
    forged("another's node id and key", { peer_id: PUBLISHED.signer.nodeId, pub: PUBLISHED.signer.pub }),
    forged("a signature cut short", { sig: RECORD.sig.slice(0, -4) }),
  ];
  return {
    vectors: records.map(([name, value, holds]) => ({
      name,
      section: "6",
      record: value,
      signature_input_utf8: Buffer.from(recordSignatureInput(value)).toString(),
      signature_holds: holds,
    })),
  };
}

/** The longest messages, described rather than written out. */
export function limitsDocument(): unknown {
  const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
  const vector = (name: string, unit: string) => {
    const frameOf = (msg: string) => encodeFrame(JSON.stringify({ v: 1, ...draft(name, "DIRECT", { msg }) }));
    const room = FRAME_BYTES - (frameOf("").length - 4);
    const times = Math.floor(room / Buffer.byteLength(unit));
    const msg = unit.repeat(times) + "a".repeat(room - times * Buffer.byteLength(unit));
    const message = draft(name, "DIRECT", { msg });
    return {
      name,
      section: "2",
      message: { v: 1, ...message, body: { msg: null } },
      msg: { unit, times, then: msg.slice(unit.length * times) },
      body_bytes: frameOf(msg).length - 4,
      frame_sha256_hex: sha256(frameOf(msg)),
      signature_input_sha256_hex: sha256(signatureInput(message)),
    };
  };
  return { vectors: [vector("the longest frame in ASCII", "a"), vector("the longest frame in unicode", "é€😀")] };
}
