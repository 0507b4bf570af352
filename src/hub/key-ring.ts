/**
 * Who may use a running hub.
 *
 * @module
 */
import { HEARTBEAT_KEY_HEADER } from "../contract/mod.ts";
import { type Authenticator, bearerTokenOf } from "../http/mod.ts";
import type { Secret } from "../log/mod.ts";
import type { Clock, Crypto } from "../runtime/port.ts";
import { KeyRates, type KeyRatesInit } from "./key-rates.ts";
import { type ActiveKey, ANONYMOUS, OWN_AGENT } from "./keys.ts";

const API_KEY_CHARACTERS_MAX = 4_096;

/** How the ring admits. */
export interface KeyRingInit extends KeyRatesInit {
  /** Whether requests without a key are taken while the hub has never had one: for listeners on loopback only. */
  readonly allowAnonymous: boolean;
  /** Accepted beside the keys of the database, and kept in memory only. */
  readonly extraKeys: readonly { readonly name: string; readonly key: Secret }[];
  /** Opens for the agent in our own process, in memory only; it closes the hub to nobody. */
  readonly ownAgentKey?: Secret | undefined;
}

const NOBODY: readonly Candidate[] = [];
const AGREED_ANONYMOUS = { principal: ANONYMOUS };

interface Candidate {
  readonly hash: Uint8Array;
  readonly agreed: { readonly principal: string };
}

/**
 * The keys that open now, by hash.
 *
 * A token is hashed, the hash's first bytes find the candidates, and these are compared in constant time: neither the
 * token nor how much of a hash was right shows in the time of a refusal, and the time does not grow with the number of
 * keys.
 */
export class KeyRing implements Authenticator {
  readonly #crypto: Pick<Crypto, "sha256" | "equalInConstantTime">;
  readonly #rates: KeyRates;
  readonly #init: KeyRingInit;
  readonly #extra: readonly ActiveKey[];
  readonly #own: readonly ActiveKey[];
  #byPrefix: ReadonlyMap<number, readonly Candidate[]> = new Map();
  #isAnonymousAllowed = false;
  #hasKeys = false;

  constructor(
    components: {
      readonly crypto: Pick<Crypto, "sha256" | "equalInConstantTime">;
      readonly clock: Pick<Clock, "monotonicMs">;
    },
    init: KeyRingInit,
  ) {
    this.#crypto = components.crypto;
    this.#init = init;
    this.#rates = new KeyRates(components, init);
    const hashed = ({ name, key }: KeyRingInit["extraKeys"][number]) => ({
      name,
      hash: components.crypto.sha256(key.reveal()),
    });
    this.#extra = init.extraKeys.map(hashed);
    this.#own = init.ownAgentKey === undefined ? [] : [hashed({ name: OWN_AGENT, key: init.ownAgentKey })];
  }

  /** Whether anybody but our own agent could come in. */
  get isOpenable(): boolean {
    return this.#isAnonymousAllowed || this.#hasKeys;
  }

  /**
   * Takes the keys as the database has them now.
   *
   * @param keys.isEmpty whether there never was any: a hub whose last key was revoked is closed, not open to everybody
   */
  replace(keys: { readonly active: readonly ActiveKey[]; readonly isEmpty: boolean }): void {
    const byPrefix = new Map<number, readonly Candidate[]>();
    for (const { name, hash } of [...keys.active, ...this.#extra, ...this.#own]) {
      const prefix = prefixOf(hash);
      byPrefix.set(prefix, [...byPrefix.get(prefix) ?? [], { hash, agreed: { principal: name } }]);
    }
    this.#byPrefix = byPrefix;
    this.#hasKeys = keys.active.length + this.#extra.length > 0;
    this.#isAnonymousAllowed = this.#init.allowAnonymous && keys.isEmpty && this.#extra.length === 0;
  }

  authenticate(request: Request): { readonly principal: string } | undefined {
    const agreed = this.#recognize(bearerTokenOf(request) ?? apiKeyOf(request));
    if (agreed !== undefined) this.#rates.check(agreed.principal);
    return agreed;
  }

  #recognize(token: string | undefined): { readonly principal: string } | undefined {
    if (this.#isAnonymousAllowed) return AGREED_ANONYMOUS;
    if (token === undefined) return undefined;
    const hash = this.#crypto.sha256(token);
    for (const candidate of this.#byPrefix.get(prefixOf(hash)) ?? NOBODY) {
      if (this.#crypto.equalInConstantTime(candidate.hash, hash)) return candidate.agreed;
    }
    return undefined;
  }
}

/** The key where a Monitor puts it. Source: the Monitor's contract, "Who calls whom". */
function apiKeyOf(request: Request): string | undefined {
  const key = request.headers.get(HEARTBEAT_KEY_HEADER);
  return key === null || key === "" || key.length > API_KEY_CHARACTERS_MAX ? undefined : key;
}

/** The first 24 bits. */
function prefixOf(hash: Uint8Array): number {
  return ((hash[0] ?? 0) << 16) | ((hash[1] ?? 0) << 8) | (hash[2] ?? 0);
}
