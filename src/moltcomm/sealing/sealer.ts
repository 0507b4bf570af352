/**
 * Seals a message and opens one; each by itself, with an ephemeral key of its own. Source: MoltComm v1, section 11, reading 10.
 *
 * @module
 */
import type { Identity } from "../identity.ts";
import { type Addressing, associatedData, readSealedText, writeSealedText } from "./sealed-text.ts";
import type { Suite, SuiteComponents } from "./suite.ts";

/** What a sealed message turned out to be. */
export type Opened =
  | { readonly msg: string }
  /** `malformed`: not written as sealed messages are. `unopenable`: not sealed to us, by this sender, under this id. */
  | { readonly wrong: "malformed" | "unopenable" };

/** Of the ephemeral key, which comes first. */
const ENC_BYTES = 32;

/** A byte-order mark at the start is the sender's, and part of the message. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** See the module's description. */
export class Sealer {
  readonly #components: SuiteComponents;
  readonly #identity: Pick<Identity, "agreementKey">;
  #suite: Suite | undefined;
  #loading: Promise<Suite> | undefined;

  constructor(components: SuiteComponents, identity: Pick<Identity, "agreementKey">) {
    this.#components = components;
    this.#identity = identity;
  }

  /**
   * The `msg` that only the recipient can read.
   *
   * @param publicKey the recipient's, in its X25519 form
   * @param text well-formed
   * @throws when nothing can be sealed to this key
   */
  async seal(text: string, publicKey: Uint8Array, addressing: Addressing): Promise<string> {
    const suite = this.#suite ?? await this.#load();
    const { enc, ciphertext } = await suite.seal(publicKey, encoder.encode(text), associatedData(addressing));
    return writeSealedText(enc, ciphertext);
  }

  /** What stands in a `msg` that claims to be sealed. @throws only when the code for it cannot be loaded */
  async open(msg: string, addressing: Addressing): Promise<Opened> {
    const bytes = readSealedText(msg);
    if (bytes === undefined) return { wrong: "malformed" };
    const suite = this.#suite ?? await this.#load();
    const sealed = { enc: bytes.subarray(0, ENC_BYTES), ciphertext: bytes.subarray(ENC_BYTES) };
    try {
      const plaintext = await suite.open(this.#identity.agreementKey(), sealed, associatedData(addressing));
      return { msg: decoder.decode(plaintext) };
    } catch {
      // Whether the key, the addressing, the ciphertext or the text in it is wrong tells only those who tried something.
      return { wrong: "unopenable" };
    }
  }

  #load(): Promise<Suite> {
    return this.#loading ??= import("./suite.ts").then(
      ({ createSuite }) => this.#suite = createSuite(this.#components),
    );
  }
}
