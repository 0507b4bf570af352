/** What was really signed: the only messages and records that may ever verify. */
import { type Draft, type MessageType, type PeerRecord, Signer } from "../../src/moltcomm/wire/mod.ts";
import { createSimCrypto } from "../sim/crypto.ts";
import { SeededRandom } from "../sim/random.ts";
import { nodeCryptoPort as crypto } from "../support/node-crypto.ts";
import { type Json, messageKey, recordKey } from "./second-opinion.ts";

const TEXTS = ["", "hello", "5:hello,", "Grüße 😀", "e\u0301", "\0\n\u2028", "1:1,6:DIRECT,", "x".repeat(300)];
const MESSAGES_OF_EACH_TYPE = 6;
const TYPES: readonly MessageType[] = [
  "HELLO",
  "HELLO_ACK",
  "PING",
  "PONG",
  "PEERS",
  "PEERS_RES",
  "DIRECT",
  "ACK",
  "ERROR",
];

/** A pool of signed messages and the signatures made for it, by what they cover. */
export interface Originals {
  /** As they stand on the wire. */
  readonly messages: readonly Json[];
  /** Signatures by what was signed, as the second opinion has it. */
  readonly signatures: ReadonlyMap<string, string>;
}

/** Makes the pool; equal seeds make equal pools. */
export function makeOriginals(seed: number): Originals {
  const random = new SeededRandom(seed);
  const signers = [makeSigner(random), makeSigner(random), makeSigner(random)];
  const records = signers.flatMap((signer) => [0, 1, 3].map((count) => makeRecord(random, signer, count)));
  const messages = TYPES.flatMap((t) =>
    Array.from({ length: MESSAGES_OF_EACH_TYPE }, () => makeMessage(random, random.pick(signers), t, records))
  );
  const signatures = new Map<string, string>();
  for (const record of records) signatures.set(recordKey(record), record.sig);
  for (const message of messages) signatures.set(messageKey(message), message.sig);
  return { messages, signatures };
}

function makeSigner(random: SeededRandom): Signer {
  const { privatePkcs8, publicSpki } = createSimCrypto(random).generateEd25519();
  return new Signer({ crypto }, { publicSpki, sign: crypto.ed25519Signer(privatePkcs8) });
}

function makeRecord(random: SeededRandom, signer: Signer, addressCount: number): PeerRecord {
  const addrs = ["tcp://203.0.113.10:9001", "relay://[::1]:9002", "quic://x"].slice(0, addressCount);
  return signer.record({ addrs, ts: random.integer(0, 2 ** 41), expires: random.integer(0, 2 ** 41) });
}

function makeMessage(random: SeededRandom, signer: Signer, t: MessageType, records: readonly PeerRecord[]): Json {
  const draft: Draft<MessageType> = {
    t,
    id: random.uuid(),
    ts: random.integer(0, 2 ** 41),
    body: makeBody(random, t, records),
    ...(t === "DIRECT" || random.chance(0.5) ? { to: signer.nodeId } : {}),
  };
  return { v: 1, ...signer.sign(draft) };
}

function makeBody(random: SeededRandom, t: MessageType, records: readonly PeerRecord[]): Json {
  const text = () => random.pick(TEXTS);
  const optional = (field: string) => random.chance(0.5) ? { [field]: text() } : {};
  switch (t) {
    case "HELLO":
    case "HELLO_ACK":
      return { ...optional("agent"), peer: random.pick(records) };
    case "PING":
    case "PONG":
      return { nonce: text() };
    case "PEERS":
      return random.chance(0.5) ? { n: random.integer(-1, 30) } : {};
    case "PEERS_RES":
      return { ref: random.uuid(), peers: records.slice(0, random.integer(0, 3)) };
    case "DIRECT":
      return { msg: text() };
    case "ACK":
      return { ref: random.uuid() };
    case "ERROR":
      return { ...optional("ref"), code: random.pick(["BAD_SIG", "REPLAY", "ODD"]), ...optional("detail") };
  }
}
