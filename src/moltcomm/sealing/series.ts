/**
 * Series: many messages to one node under one ephemeral key. Source: MoltComm v1, section 11, reading 10; RFC 9180, sections 5.1.1 and 5.3.
 *
 * An agreement of keys for each message costs as much as all else that is done for it. HPKE's own means for many messages is the context,
 * made once. Its sequence numbers are counted within the library and would need every message, in order; ours get lost, come again, and
 * come to a recipient that has restarted. So each message of a series is sealed with a key that the context exports, and names its number
 * and the ephemeral key: a recipient that has forgotten the series makes it anew.
 *
 * The nonce is the number and eight bytes of the hash of the message's id. The number alone makes it unique; the id keeps it so where a
 * host's memory was copied and both copies go on counting.
 *
 * @module
 */
import type { Crypto } from "../../runtime/port.ts";
import { SERIES_MS_MAX, SERIES_NUMBER_MAX } from "../bounds.ts";

/** What a context exports for a series, and how much of it. */
export const SERIES_EXPORT = "moltcomm/hpke1s";
export const SERIES_KEY_BYTES = 32;

const NONCE_BYTES = 12;
const NUMBER_BYTES = 4;

/** The nonce of a message in a series. */
export function seriesNonce(crypto: Pick<Crypto, "sha256">, number: number, id: string): Uint8Array<ArrayBuffer> {
  const nonce = new Uint8Array(NONCE_BYTES);
  const hash = crypto.sha256(id);
  for (let index = 0; index < NUMBER_BYTES; index++) nonce[index] = number >>> (8 * (NUMBER_BYTES - 1 - index));
  for (let index = NUMBER_BYTES; index < NONCE_BYTES; index++) nonce[index] = hash[index - NUMBER_BYTES] as number;
  return nonce;
}

/** A series that we send. */
export class SentSeries {
  readonly enc: Uint8Array;
  readonly key: Uint8Array;
  readonly #sinceMs: number;
  #last = 0;

  /** @param nowMs Unix milliseconds: a host that was asleep, or restored from a copy, begins anew */
  constructor(init: { readonly enc: Uint8Array; readonly key: Uint8Array }, nowMs: number) {
    this.enc = init.enc;
    this.key = init.key;
    this.#sinceMs = nowMs;
  }

  /** The next number; `undefined` once there were enough, or it has lasted long enough. */
  next(nowMs: number): number | undefined {
    const ageMs = nowMs - this.#sinceMs;
    if (this.#last >= SERIES_NUMBER_MAX || ageMs < 0 || ageMs >= SERIES_MS_MAX) return undefined;
    return ++this.#last;
  }
}

/** Keys of series that we receive, by ephemeral key, the one longest unused first. One that was forgotten costs an agreement of keys. */
export class ReceivedSeries {
  readonly #keysMax: number;
  readonly #keys = new Map<string, Uint8Array>();
  /** Those that are being made. */
  readonly #making = new Map<string, Promise<Uint8Array>>();

  constructor(init: { readonly keysMax: number }) {
    this.#keysMax = init.keysMax;
  }

  get(name: string): Uint8Array | undefined {
    const key = this.#keys.get(name);
    if (key === undefined) return undefined;
    this.#keys.delete(name);
    this.#keys.set(name, key);
    return key;
  }

  /** The key of a series, made once for all messages that wait for it. Rejects when `make` does. */
  async getOrMake(name: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const known = this.get(name) ?? this.#making.get(name);
    if (known !== undefined) return await known;
    const making = make();
    this.#making.set(name, making);
    try {
      return await making;
    } finally {
      this.#making.delete(name);
    }
  }

  /** A message has opened with it, so it is worth being kept. */
  keep(name: string, key: Uint8Array): void {
    this.#keys.delete(name);
    this.#keys.set(name, key);
    const [longestUnused] = this.#keys.keys();
    if (this.#keys.size > this.#keysMax && longestUnused !== undefined) this.#keys.delete(longestUnused);
  }
}
