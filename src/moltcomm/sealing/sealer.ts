/**
 * Seals a message and opens one: each by itself, with an ephemeral key of its own, or as one of a series. Source: MoltComm v1, section 11,
 * reading 10.
 *
 * @module
 */
import type { Crypto } from "../../runtime/port.ts";
import { SERIES_RECEIVED_MAX } from "../bounds.ts";
import type { Identity } from "../identity.ts";
import {
  type Addressing,
  associatedData,
  nameOf,
  readSealedText,
  type SealedParts,
  writeSealedText,
} from "./sealed-text.ts";
import { ReceivedSeries, SentSeries, seriesNonce } from "./series.ts";
import type { Suite, SuiteComponents } from "./suite.ts";

/** What a sealer works with. */
export interface SealerComponents extends SuiteComponents {
  readonly crypto: SuiteComponents["crypto"] & Pick<Crypto, "sha256">;
}

/** What a sealed message turned out to be. */
export type Opened =
  | { readonly msg: string }
  /** `malformed`: not written as sealed messages are. `unopenable`: not sealed to us, by this sender, under this id. */
  | { readonly wrong: "malformed" | "unopenable" };

/** A byte-order mark at the start is the sender's, and part of the message. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** See the module's description. */
export class Sealer {
  readonly #components: SealerComponents;
  readonly #identity: Pick<Identity, "agreementKey">;
  readonly #received = new ReceivedSeries({ keysMax: SERIES_RECEIVED_MAX });
  #suite: Suite | undefined;
  #loading: Promise<Suite> | undefined;

  constructor(components: SealerComponents, identity: Pick<Identity, "agreementKey">) {
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
    return writeSealedText({ enc, ciphertext, number: undefined });
  }

  /** Begins a series to a node. @param nowMs Unix milliseconds @throws when nothing can be sealed to this key */
  async begin(publicKey: Uint8Array, nowMs: number): Promise<SentSeries> {
    const suite = this.#suite ?? await this.#load();
    return new SentSeries(await suite.beginSeries(publicKey), nowMs);
  }

  /** As `seal`, in a series; `undefined` when that has come to its end. */
  sealNext(text: string, series: SentSeries, addressing: Addressing, nowMs: number): string | undefined {
    const number = this.#suite === undefined ? undefined : series.next(nowMs);
    if (number === undefined || this.#suite === undefined) return undefined;
    const { enc, key } = series;
    const nonce = seriesNonce(this.#components.crypto, number, addressing.id);
    const init = { key, nonce, associatedData: associatedData(addressing) };
    const ciphertext = this.#suite.sealWith(init, encoder.encode(text));
    return writeSealedText({ enc, ciphertext, number });
  }

  /** As `open`, at once, where the message is of a series that is known; `undefined` where it is not. */
  openNow(msg: string, addressing: Addressing): Opened | undefined {
    if (this.#suite === undefined) return undefined;
    const parts = readSealedText(msg);
    if (parts === undefined) return { wrong: "malformed" };
    if (parts.number === undefined) return undefined;
    const key = this.#received.get(nameOf(parts.enc));
    return key && this.#openWith(this.#suite, key, { ...parts, number: parts.number }, addressing);
  }

  /** What stands in a `msg` that claims to be sealed. @throws only when the code for it cannot be loaded */
  async open(msg: string, addressing: Addressing): Promise<Opened> {
    const parts = readSealedText(msg);
    if (parts === undefined) return { wrong: "malformed" };
    const suite = this.#suite ?? await this.#load();
    const { enc, number } = parts;
    try {
      if (number === undefined) {
        const plaintext = await suite.open(this.#identity.agreementKey(), parts, associatedData(addressing));
        return { msg: decoder.decode(plaintext) };
      }
      const name = nameOf(enc);
      const key = await this.#received.getOrMake(name, () => suite.joinSeries(this.#identity.agreementKey(), enc));
      const opened = this.#openWith(suite, key, { ...parts, number }, addressing);
      if ("msg" in opened) this.#received.keep(name, key);
      return opened;
    } catch {
      // Whether the key, the addressing, the ciphertext or the text in it is wrong tells only those who tried something.
      return { wrong: "unopenable" };
    }
  }

  #openWith(
    suite: Suite,
    key: Uint8Array,
    { ciphertext, number }: SealedParts & { readonly number: number },
    addressing: Addressing,
  ): Opened {
    const nonce = seriesNonce(this.#components.crypto, number, addressing.id);
    try {
      return {
        msg: decoder.decode(suite.openWith({ key, nonce, associatedData: associatedData(addressing) }, ciphertext)),
      };
    } catch {
      return { wrong: "unopenable" };
    }
  }

  #load(): Promise<Suite> {
    return this.#loading ??= import("./suite.ts").then(
      ({ createSuite }) => this.#suite = createSuite(this.#components),
    );
  }
}
