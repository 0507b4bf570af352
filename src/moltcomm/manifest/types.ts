/** What manifests are made of, and what may be wrong with one. Source: MoltComm v1, section 9. @module */

/** A relay and the identity it must prove when it is connected to. */
export interface PinnedRelay {
  /** `relay://HOST:PORT`, the best first; at least one. */
  readonly addresses: readonly string[];
  readonly nodeId: string;
  /** The public key, SPKI DER in base64. */
  readonly pub: string;
}

/** Where pinned relays come from. */
export interface RelaySource {
  /** Those that can be used now. */
  relays(): readonly PinnedRelay[];
  /** Calls `listener` when that may have changed. @returns a function that ends it */
  onChange(listener: () => void): () => void;
}

/** An entry of a manifest. */
export interface ManifestRelay {
  readonly nodeId: string;
  readonly pub: string;
  /** Every address that could be read, in the manifest's order; at least one is a relay's. */
  readonly addresses: readonly string[];
  /** Unix milliseconds; `undefined`: as long as the manifest. */
  readonly expiresMs: number | undefined;
}

/** A manifest as it was understood. Times are Unix milliseconds. */
export interface Manifest {
  readonly generatedMs: number;
  readonly expiresMs: number;
  readonly relays: readonly ManifestRelay[];
  /** What of it cannot be used. It costs nothing but itself. */
  readonly leftOut: readonly LeftOut[];
}

/** A part of a manifest that cannot be used. */
export interface LeftOut {
  /** Which entry of `relays`, from 0. */
  readonly index: number;
  readonly code: EntryFault;
  /** In words, without a subject: "…, wanted …". */
  readonly detail: string;
}

/** What may be wrong with an entry. Stable: metrics carry it. `address_strange` costs the one address, the others the whole entry. */
export type EntryFault =
  | "entry_malformed"
  | "entry_repeated"
  | "node_id_wrong"
  | "address_strange"
  | "too_many_addresses"
  | "no_relay_address";

/** Why a manifest is refused as a whole. Stable: metrics carry it. */
export type ManifestFault =
  // fetching
  | "unreachable"
  | "timed_out"
  | "certificate_invalid"
  | "not_found"
  | "http_status"
  | "redirected"
  | "too_large"
  | "unreadable"
  // the signature
  | "signature_missing"
  | "signature_malformed"
  | "signature_wrong"
  // what it says
  | "not_json"
  | "malformed"
  | "version_unknown"
  | "too_many_relays"
  | "no_relays"
  | "expired"
  | "made_in_future"
  | "older_than_known";

/** A refusal: why, and in words that name no more of the far end's text than is fit to be shown. */
export interface Refusal {
  readonly code: ManifestFault;
  readonly detail: string;
}

/** The two files as they were fetched. */
export interface ManifestPair {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The content of the signature file. */
  readonly signature: Uint8Array<ArrayBuffer>;
}
