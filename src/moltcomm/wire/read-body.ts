/**
 * The body of each type of message. Source: MoltComm v1, section 5.
 *
 * The signature cannot tell an optional text that is empty from one that is missing (section 4), so both are read as missing.
 *
 * @module
 */
import { readPeerRecord } from "./peer-record.ts";
import { type Fields, isInteger, isOptionalText, isText } from "./shape.ts";
import type { Bodies, HelloBody, MessageType, NonceBody } from "./types.ts";

type BodyReader<Type extends MessageType> = (body: Fields) => Bodies[Type] | undefined;

const BODY_READERS: { readonly [Type in MessageType]: BodyReader<Type> } = {
  HELLO: readHello,
  HELLO_ACK: readHello,
  PING: readNonce,
  PONG: readNonce,
  PEERS: ({ n }) => n === undefined ? {} : isInteger(n) ? { n } : undefined,
  PEERS_RES: ({ ref, peers }) => isText(ref) && Array.isArray(peers) ? { ref, peers } : undefined,
  DIRECT: ({ msg }) => isText(msg) ? { msg } : undefined,
  ACK: ({ ref }) => isText(ref) ? { ref } : undefined,
  ERROR: ({ ref, code, detail }) => {
    if (!isOptionalText(ref) || !isText(code) || !isOptionalText(detail)) return undefined;
    return { code, ...(ref ? { ref } : {}), ...(detail ? { detail } : {}) };
  },
};

/** Whether this is a type of message that we know. */
export function isMessageType(t: string): t is MessageType {
  return Object.hasOwn(BODY_READERS, t);
}

/** The body without unknown fields; `undefined` when a required field is missing or one is of the wrong type. */
export function readBody(t: MessageType, body: Fields): Bodies[MessageType] | undefined {
  return BODY_READERS[t](body);
}

function readHello({ agent, peer }: Fields): HelloBody | undefined {
  const record = readPeerRecord(peer);
  if (record === undefined || !isOptionalText(agent)) return undefined;
  return agent ? { agent, peer: record } : { peer: record };
}

function readNonce({ nonce }: Fields): NonceBody | undefined {
  return isText(nonce) ? { nonce } : undefined;
}
