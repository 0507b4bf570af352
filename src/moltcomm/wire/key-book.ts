/**
 * Whether a signature holds. Source: MoltComm v1, sections 1, 4 and 6, and section 11, reading 9.
 *
 * @module
 */
import { deriveNodeId, isEd25519Spki } from "../../contract/mod.ts";
import type { Crypto, Ed25519Verifier } from "../../runtime/port.ts";
import { decodeBase64 } from "./base64.ts";
import { recordSignatureInput, signatureInput } from "./signature-input.ts";
import type { Message, PeerRecord } from "./types.ts";

const SPKI_BYTES = 44;
const SIGNATURE_BYTES = 64;

/** What a key book needs of the platform. */
export interface KeyBookComponents {
  readonly crypto: Pick<Crypto, "sha256" | "ed25519Verifier">;
}

interface Key {
  readonly nodeId: string;
  readonly holds: Ed25519Verifier;
}

/** Checks signatures, and keeps the keys read for it: reading one takes as long as checking a signature. */
export class KeyBook {
  readonly #crypto: KeyBookComponents["crypto"];
  readonly #keysMax: number;
  /** By `pub`, the one longest unused first. */
  readonly #keys = new Map<string, Key>();
  /** The last of them. */
  #last: Key | undefined;

  /** @param init.keysMax keys kept; the one longest unused makes room */
  constructor(components: KeyBookComponents, init: { readonly keysMax: number }) {
    this.#crypto = components.crypto;
    this.#keysMax = init.keysMax;
  }

  /** Keys kept now. */
  get size(): number {
    return this.#keys.size;
  }

  /** Whether `pub` is an exact key, `from` is its node id, and the signature is by it. @param message as `readMessage` gives it */
  verify(message: Message): boolean {
    const signature = decodeBase64(message.sig, SIGNATURE_BYTES);
    if (signature === undefined) return false;
    return this.#keyOf(message.pub, message.from)?.holds(signatureInput(message), signature) ?? false;
  }

  /** As `verify`, for a peer record and its `peer_id`. Its expiry is not looked at. @param record as `readPeerRecord` gives it */
  verifyRecord(record: PeerRecord): boolean {
    const signature = decodeBase64(record.sig, SIGNATURE_BYTES);
    if (signature === undefined) return false;
    return this.#keyOf(record.pub, record.peer_id)?.holds(recordSignatureInput(record), signature) ?? false;
  }

  /** The node id of a public key in base64; `undefined` when it is not exactly one. */
  nodeIdOf(pub: string): string | undefined {
    const known = this.#keys.get(pub);
    if (known !== undefined) return known.nodeId;
    const spki = decodeSpki(pub);
    return spki && deriveNodeId(this.#crypto, spki);
  }

  /** The key, once it is sure that it belongs to the node id: a false claim costs no reading of a key. */
  #keyOf(pub: string, nodeId: string): Key | undefined {
    const known = this.#keys.get(pub);
    if (known === undefined) return this.#read(pub, nodeId);
    if (known.nodeId !== nodeId) return undefined;
    // Most messages are by the sender of the one before, whose place is right already.
    if (known !== this.#last) {
      this.#keys.delete(pub);
      this.#keys.set(pub, known);
      this.#last = known;
    }
    return known;
  }

  #read(pub: string, nodeId: string): Key | undefined {
    const spki = decodeSpki(pub);
    if (spki === undefined || deriveNodeId(this.#crypto, spki) !== nodeId) return undefined;
    const holds = this.#crypto.ed25519Verifier(spki);
    if (holds === undefined) return undefined;
    const key = { nodeId, holds };
    this.#keys.set(pub, key);
    this.#last = key;
    const [longestUnused] = this.#keys.keys();
    if (this.#keys.size > this.#keysMax && longestUnused !== undefined) this.#keys.delete(longestUnused);
    return key;
  }
}

function decodeSpki(pub: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = decodeBase64(pub, SPKI_BYTES);
  return bytes !== undefined && isEd25519Spki(bytes) ? bytes : undefined;
}
