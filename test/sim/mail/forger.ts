/**
 * A hostile node's hand: messages signed with its own key, and messages that claim to be of others.
 *
 * @module
 */
import { encodeBase64 } from "../../../src/contract/mod.ts";
import { type Draft, type MessageType, Signer } from "../../../src/moltcomm/wire/mod.ts";
import type { SimHost, SimProcess } from "../mod.ts";
import { makeFrame, type SeenMessage } from "./frames.ts";

const SIGNATURE_BYTES = 64;
const KEYS_MAX = 100;

export class Forger {
  readonly signer: Signer;
  readonly #host: SimHost;
  readonly #process: SimProcess;
  readonly #makeId: () => string;
  /** Keys of others, by their node ids. */
  readonly #keys = new Map<string, string>();

  constructor(host: SimHost) {
    this.#host = host;
    const { process, runtime: { crypto, random } } = host.startIdle({ name: "forger" });
    this.#process = process;
    const { privatePkcs8, publicSpki } = crypto.generateEd25519();
    this.#makeId = () => random.uuid();
    this.signer = new Signer({ crypto }, { publicSpki, sign: crypto.ed25519Signer(privatePkcs8) });
  }

  /** Whether its process still runs: it ends with its host's power. */
  get isUsable(): boolean {
    return this.#process.isRunning;
  }

  newId(): string {
    return this.#makeId();
  }

  get nowMs(): number {
    return Math.floor(this.#host.wallMs());
  }

  /** Notes whose key is in a message. */
  learn({ from, pub }: SeenMessage): void {
    if (this.#keys.size < KEYS_MAX) this.#keys.set(from, pub);
  }

  /** A frame signed with our own key. */
  own<Type extends MessageType>(t: Type, to: string | undefined, body: Draft<Type>["body"]): Uint8Array<ArrayBuffer> {
    return this.signer.frame({ t, id: this.#makeId(), ts: this.nowMs, body, ...(to === undefined ? {} : { to }) });
  }

  /** A frame that claims to be of somebody else. */
  inTheNameOf(from: string, t: string, to: string, body: object): Uint8Array<ArrayBuffer> {
    const sig = encodeBase64(new Uint8Array(SIGNATURE_BYTES).fill(7));
    const pub = this.#keys.get(from) ?? this.signer.pub;
    return makeFrame(JSON.stringify({ v: 1, t, id: this.#makeId(), from, pub, to, ts: this.nowMs, body, sig }));
  }

  /** Answers to a `DIRECT` that none but its recipient may give. */
  answers({ id, from, to = "" }: SeenMessage): Uint8Array<ArrayBuffer>[] {
    return [
      this.own("ACK", from, { ref: id }),
      this.own("ERROR", from, { ref: id, code: "REPLAY", detail: "delivered, believe me" }),
      this.own("ERROR", from, { ref: id, code: "UNSUPPORTED", detail: "never" }),
      this.inTheNameOf(to, "ACK", from, { ref: id }),
      this.inTheNameOf(to, "ERROR", from, { ref: id, code: "REPLAY" }),
    ];
  }
}
