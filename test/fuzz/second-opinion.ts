/** The rules of sections 2 to 6 once more, written as tables and without speed in mind, to be compared with what src says. */

/** A value as JSON gives it. */
export type Json = ReturnType<typeof JSON.parse>;

/** What a frame's body is: a message of these signed values, or refused. */
export type Opinion = { readonly key: string; readonly message: Json } | { readonly code: "BAD_FRAME" | "UNSUPPORTED" };

type Rule = (value: Json) => boolean;
type Shape = Readonly<Record<string, Rule>>;

const text: Rule = (value) => typeof value === "string" && !/\p{Surrogate}/u.test(value);
const integer: Rule = (value) => typeof value === "number" && Number.isSafeInteger(value);
const array: Rule = (value) => Array.isArray(value);
const object: Rule = (value) => Object.prototype.toString.call(value) === "[object Object]";
const maybe = (rule: Rule): Rule => (value) => value === undefined || rule(value);
const all = (value: Json, shape: Shape) =>
  object(value) && Object.entries(shape).every(([name, rule]) => rule(own(value, name)));

const RECORD: Shape = {
  peer_id: text,
  pub: text,
  sig: text,
  ts: integer,
  expires: integer,
  addrs: (value) => array(value) && value.every(text),
};
const ENVELOPE: Shape = {
  t: text,
  id: text,
  from: text,
  pub: text,
  sig: text,
  ts: integer,
  body: object,
  to: (value) => value === null || maybe(text)(value),
};
const HELLO: Shape = { agent: maybe(text), peer: isRecord };
const NONCE: Shape = { nonce: text };
const BODIES: ReadonlyMap<unknown, Shape> = new Map(Object.entries({
  HELLO,
  HELLO_ACK: HELLO,
  PING: NONCE,
  PONG: NONCE,
  PEERS: { n: maybe(integer) },
  PEERS_RES: { ref: text, peers: array },
  DIRECT: { msg: text },
  ACK: { ref: text },
  ERROR: { ref: maybe(text), code: text, detail: maybe(text) },
}));

function own(value: Json, name: string): Json {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

export function isRecord(value: Json): boolean {
  return all(value, RECORD);
}

/** Everything that the signature of a record covers. */
export function recordKey({ peer_id, ts, expires, pub, addrs }: Json): string {
  return JSON.stringify(["record", peer_id, ts, expires, pub, addrs]);
}

/** Everything that the signature of a message covers. Zero is zero, with or without a sign. */
export function messageKey({ t, id, from, pub, to, ts, body }: Json): string {
  const { agent, peer, nonce, n, ref, peers, msg, code, detail } = body;
  const values: Readonly<Record<string, Json[]>> = {
    HELLO: [agent || "", peer?.sig],
    HELLO_ACK: [agent || "", peer?.sig],
    PING: [nonce],
    PONG: [nonce],
    PEERS: [n ?? ""],
    PEERS_RES: [ref, peers?.length],
    DIRECT: [msg],
    ACK: [ref],
    ERROR: [ref || "", code, detail || ""],
  };
  return JSON.stringify(["message", t, id, from, pub, to || "", ts, ...values[t] ?? []]);
}

/** What to make of a frame's body. */
export function secondOpinion(body: Uint8Array): Opinion {
  const decoded = Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8");
  if (!Buffer.from(decoded, "utf8").equals(body)) return { code: "BAD_FRAME" };
  let value: Json;
  try {
    value = JSON.parse(decoded);
  } catch {
    return { code: "BAD_FRAME" };
  }
  if (!all(value, { v: integer })) return { code: "BAD_FRAME" };
  if (value.v !== 1) return { code: "UNSUPPORTED" };
  if (!all(value, ENVELOPE)) return { code: "BAD_FRAME" };
  const shape = BODIES.get(value.t);
  if (shape === undefined) return { code: "UNSUPPORTED" };
  if (value.t === "DIRECT" && !value.to) return { code: "BAD_FRAME" };
  return all(value.body, shape) ? { key: messageKey(value), message: value } : { code: "BAD_FRAME" };
}

/** The bodies in a stream, and whether a frame that is too long ends it. */
export function splitStream(stream: Uint8Array, maxFrameBytes: number) {
  const bytes = Buffer.from(stream.buffer, stream.byteOffset, stream.length);
  const bodies: Uint8Array[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt32BE(at);
    if (length > maxFrameBytes) return { bodies, isTooLong: true, waitingBytes: 0 };
    if (at + 4 + length > bytes.length) break;
    bodies.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return { bodies, isTooLong: false, waitingBytes: bytes.length - at };
}
