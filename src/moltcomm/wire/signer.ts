/**
 * Signs what this node says. Source: MoltComm v1, sections 3, 4 and 6.
 *
 * @module
 */
import { deriveNodeId } from "../../contract/mod.ts";
import type { Crypto } from "../../runtime/port.ts";
import type { Identity } from "../identity.ts";
import { encodeBase64 } from "./base64.ts";
import { encodeFrame } from "./frame.ts";
import { recordSignatureInput, signatureInput, type UnsignedMessage } from "./signature-input.ts";
import type { Draft, MessageOf, MessageType, PeerRecord } from "./types.ts";

const VERSION = 1;

/** What a signer needs of the platform. */
export interface SignerComponents {
  readonly crypto: Pick<Crypto, "sha256">;
}

/** Puts this node's name and signature under messages and records. */
export class Signer {
  /** `from` of every message, `peer_id` of every record. */
  readonly nodeId: string;
  /** The public key, SPKI DER in base64. */
  readonly pub: string;
  readonly #identity: Pick<Identity, "sign">;

  constructor(components: SignerComponents, identity: Pick<Identity, "publicSpki" | "sign">) {
    this.nodeId = deriveNodeId(components.crypto, identity.publicSpki);
    this.pub = encodeBase64(identity.publicSpki);
    this.#identity = identity;
  }

  /**
   * The signed message.
   *
   * @throws `BODY_INVALID` when a text of the draft holds a lone surrogate: no other node would read it
   */
  sign<Type extends MessageType>(draft: Draft<Type>): MessageOf<Type> {
    const { t, id, to, ts, body } = draft;
    const sig = this.#signatureOf(draft);
    return { t, id, from: this.nodeId, pub: this.pub, ...(to === undefined ? {} : { to }), ts, body, sig };
  }

  /**
   * The signed message as a frame.
   *
   * @throws `BODY_INVALID` as `sign`
   */
  frame<Type extends MessageType>(draft: Draft<Type>): Uint8Array<ArrayBuffer> {
    const { t, id, to, ts, body } = draft;
    const sig = this.#signatureOf(draft);
    // One literal, without the copies that `sign` makes; JSON leaves out a `to` that is undefined.
    return encodeFrame(JSON.stringify({ v: VERSION, t, id, from: this.nodeId, pub: this.pub, to, ts, body, sig }));
  }

  /**
   * This node's signed peer record.
   *
   * @param init.addrs where it is reached, as `formatPeerAddress` writes them
   * @param init.ts when it is made, Unix milliseconds
   * @param init.expires until when it holds, Unix milliseconds
   */
  record(init: { readonly addrs: readonly string[]; readonly ts: number; readonly expires: number }): PeerRecord {
    const { addrs, ts, expires } = init;
    const unsigned = { peer_id: this.nodeId, addrs, ts, expires, pub: this.pub };
    return { ...unsigned, sig: encodeBase64(this.#identity.sign(recordSignatureInput(unsigned))) };
  }

  #signatureOf({ t, id, to = "", ts, body }: Draft<MessageType>): string {
    const unsigned = { t, id, from: this.nodeId, pub: this.pub, to, ts, body };
    // A draft's body is the one of its type, which the compiler cannot follow through the type parameter.
    return encodeBase64(this.#identity.sign(signatureInput(unsigned as UnsignedMessage)));
  }
}
