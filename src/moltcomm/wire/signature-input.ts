/**
 * The bytes that are signed. They are made of values, never of raw JSON, so key order and white space do not matter. Source: MoltComm
 * v1, section 4.
 *
 * @module
 */
import { encodeNetstrings } from "./netstring.ts";
import type { MessageOf, MessageType, PeerRecord } from "./types.ts";

const ENVELOPE_DOMAIN = "moltcomm/v1\n";
const RECORD_DOMAIN = "moltcomm/peer/v1\n";
const VERSION = "1";

/** A message of which only the signature may be missing. */
export type UnsignedMessage = { readonly [Type in MessageType]: Omit<MessageOf<Type>, "sig"> }[MessageType];
/** A peer record of which only the signature may be missing. */
export type UnsignedRecord = Omit<PeerRecord, "sig">;

/**
 * What the signature of a message covers.
 *
 * @throws `BODY_INVALID` when a text of the message holds a lone surrogate; `readMessage` gives none such
 */
export function signatureInput(message: UnsignedMessage): Uint8Array<ArrayBuffer> {
  const { t, id, from, pub, to = "", ts } = message;
  return encodeNetstrings(ENVELOPE_DOMAIN, [VERSION, t, id, from, pub, to, String(ts), ...bodyValues(message)]);
}

/**
 * What the signature of a peer record covers.
 *
 * @throws `BODY_INVALID` when a text of the record holds a lone surrogate; `readPeerRecord` gives none such
 */
export function recordSignatureInput(record: UnsignedRecord): Uint8Array<ArrayBuffer> {
  const { peer_id, ts, expires, pub, addrs } = record;
  return encodeNetstrings(RECORD_DOMAIN, [peer_id, String(ts), String(expires), pub, String(addrs.length), ...addrs]);
}

function bodyValues({ t, body }: UnsignedMessage): readonly string[] {
  switch (t) {
    case "HELLO":
    case "HELLO_ACK":
      return [body.agent ?? "", body.peer.sig];
    case "PING":
    case "PONG":
      return [body.nonce];
    case "PEERS":
      return [body.n === undefined ? "" : String(body.n)];
    case "PEERS_RES":
      return [body.ref, String(body.peers.length)];
    case "DIRECT":
      return [body.msg];
    case "ACK":
      return [body.ref];
    case "ERROR":
      return [body.ref ?? "", body.code, body.detail ?? ""];
  }
}
