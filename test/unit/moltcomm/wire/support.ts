/** Two identities and what they sign, for the tests of the wire. */
import {
  type FrameReader,
  KeyBook,
  type Message,
  type MessageOf,
  readMessage,
  Signer,
} from "../../../../src/moltcomm/wire/mod.ts";
import { createSimCrypto } from "../../../sim/crypto.ts";
import { SeededRandom } from "../../../sim/random.ts";
import { nodeCryptoPort as crypto } from "../../../support/node-crypto.ts";

export const TS = 1_700_000_000_000;
export const ID = "00000000-0000-4000-8000-000000000001";

export function makeSigner(seed: number): Signer {
  const { privatePkcs8, publicSpki } = createSimCrypto(new SeededRandom(seed)).generateEd25519();
  return new Signer({ crypto }, { publicSpki, sign: crypto.ed25519Signer(privatePkcs8) });
}

export const ana: Signer = makeSigner(1);
export const ben: Signer = makeSigner(2);

export function makeKeyBook(keysMax = 16): KeyBook {
  return new KeyBook({ crypto }, { keysMax });
}

/** A `DIRECT` from Ana to Ben. */
export function direct(msg: string): MessageOf<"DIRECT"> {
  return ana.sign({ t: "DIRECT", id: ID, to: ben.nodeId, ts: TS, body: { msg } });
}

/** Reads a value, or a text as it is, as the body of a frame. */
export function read(value: unknown): ReturnType<typeof readMessage> {
  return readMessage(new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value)));
}

/** The message as JSON has it, with fields put over it; `undefined` takes one out. */
export function withFields(message: Message, over: object): object {
  return { v: 1, ...message, ...over };
}

/** Every whole frame, and what was thrown after them. */
export function takeAll(reader: FrameReader): { readonly bodies: Uint8Array[]; readonly thrown: unknown } {
  const bodies: Uint8Array[] = [];
  try {
    for (let body = reader.next(); body !== undefined; body = reader.next()) bodies.push(body);
    return { bodies, thrown: undefined };
  } catch (thrown) {
    return { bodies, thrown };
  }
}
