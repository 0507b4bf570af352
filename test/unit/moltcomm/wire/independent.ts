/** A second reading of section 4 and of the signatures, sharing nothing with src, so that both cannot be wrong in the same way. */
import { createHash, createPublicKey, verify } from "node:crypto";

/** A value as JSON gives it: tests look into it freely. */
export type Json = ReturnType<typeof JSON.parse>;

function netstring(value: string | number | null | undefined): Buffer {
  const bytes = Buffer.from(String(value ?? ""), "utf8");
  return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes, Buffer.from(",")]);
}

const BODY_FIELDS: Readonly<Record<string, (body: Json) => (string | number | undefined)[]>> = {
  HELLO: (body) => [body.agent, body.peer.sig],
  HELLO_ACK: (body) => [body.agent, body.peer.sig],
  PING: (body) => [body.nonce],
  PONG: (body) => [body.nonce],
  PEERS: (body) => [body.n],
  PEERS_RES: (body) => [body.ref, body.peers.length],
  DIRECT: (body) => [body.msg],
  ACK: (body) => [body.ref],
  ERROR: (body) => [body.ref, body.code, body.detail],
};

export function independentInput(message: Json): Buffer {
  const { v, t, id, from, pub, to, ts, body } = message;
  const values = [v, t, id, from, pub, to, ts, ...(BODY_FIELDS[t]?.(body) ?? [])];
  return Buffer.concat([Buffer.from("moltcomm/v1\n"), ...values.map(netstring)]);
}

export function independentRecordInput({ peer_id, ts, expires, pub, addrs }: Json): Buffer {
  const values = [peer_id, ts, expires, pub, addrs.length, ...addrs];
  return Buffer.concat([Buffer.from("moltcomm/peer/v1\n"), ...values.map(netstring)]);
}

export function independentVerify(input: Uint8Array, nodeId: string, pub: string, sig: string): boolean {
  const der = Buffer.from(pub, "base64");
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  const derived = `ed25519:${createHash("sha256").update(der).digest("base64url")}`;
  return derived === nodeId && verify(null, input, key, Buffer.from(sig, "base64"));
}
