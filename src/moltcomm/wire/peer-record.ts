/**
 * Peer records. Source: MoltComm v1, section 6.
 *
 * @module
 */
import { isInteger, isObject, isText } from "./shape.ts";
import type { PeerRecord } from "./types.ts";

/**
 * Checks the shape of a peer record: neither its signature, nor its expiry, nor whether its addresses can be read, since one of a kind
 * not known yet spoils no other.
 *
 * @returns the record without unknown fields; `undefined` when it is none
 */
export function readPeerRecord(value: unknown): PeerRecord | undefined {
  if (!isObject(value)) return undefined;
  const { peer_id, addrs, ts, expires, pub, sig } = value;
  if (!isText(peer_id) || !isText(pub) || !isText(sig)) return undefined;
  if (!isInteger(ts) || !isInteger(expires)) return undefined;
  if (!Array.isArray(addrs) || !addrs.every(isText)) return undefined;
  return { peer_id, addrs, ts, expires, pub, sig };
}
