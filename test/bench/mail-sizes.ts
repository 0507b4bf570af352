/** What one 200-byte message is made of, in bytes that are signed, sent and stored: the baselines do the same work on the same sizes. */
import { encodeFrame, signatureInput } from "../../src/moltcomm/wire/mod.ts";

export const MESSAGE_BYTES = 200;

const FROM = `ed25519:${"A".repeat(43)}`;
const TO = `ed25519:${"B".repeat(43)}`;
const PUB = `${"A".repeat(59)}=`;
const SIG = `${"A".repeat(86)}==`;
const ID = "00000000-0000-4000-8000-000000000000";
const TS = 1_767_225_600_000;

const direct = {
  t: "DIRECT",
  id: ID,
  from: FROM,
  pub: PUB,
  to: TO,
  ts: TS,
  body: { msg: "x".repeat(MESSAGE_BYTES) },
} as const;
const ack = { t: "ACK", id: ID, from: TO, pub: PUB, to: FROM, ts: TS, body: { ref: ID } } as const;

/** What the sender signs and the receiver checks. */
export function directInput(): Uint8Array {
  return signatureInput(direct);
}

/** What the receiver signs and the sender checks. */
export function ackInput(): Uint8Array {
  return signatureInput(ack);
}

/** Bytes on the wire: there and back. */
export function frameBytes(): { readonly direct: number; readonly ack: number } {
  const length = (message: object) => encodeFrame(JSON.stringify({ v: 1, ...message, sig: SIG })).length;
  return { direct: length(direct), ack: length(ack) };
}

/** Bytes of the inbox's line, its newline included. */
export function inboxLineBytes(): number {
  const line = { seq: 100_000, received_ts: TS, from: FROM, id: ID, to: TO, msg: direct.body.msg };
  return JSON.stringify(line).length + 1;
}

/** A line for an outbox; `index` tells the messages apart. */
export function outboxLine(to: string, index: number): string {
  return `{"to":${JSON.stringify(to)},"msg":${JSON.stringify(String(index).padEnd(MESSAGE_BYTES, "x"))}}\n`;
}
