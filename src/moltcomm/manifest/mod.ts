/**
 * Bootstrap manifests: a signed list of relays, from publishing to use. Source: MoltComm v1, section 9.
 *
 * @module
 */
export { type FetchComponents, type Fetched, fetchManifest, fetchPair } from "./fetch-pair.ts";
export { checkManifest, composeManifest, readRelayInfo, type RelayEntry } from "./make-manifest.ts";
export { type CachedManifest, readCachedManifest } from "./manifest-cache.ts";
export {
  ManifestClient,
  type ManifestClientComponents,
  type ManifestClientInit,
  type ManifestView,
} from "./manifest-client.ts";
export { MANIFEST_BYTES_MAX } from "./bounds.ts";
export { checkTimes, openManifest, usableRelays } from "./open-manifest.ts";
export { MANIFEST_FILE, type ManifestPlaces, placesOf, signaturePlace } from "./places.ts";
export { readManifestAddress } from "./relay-address.ts";
export { type ManifestReading, readManifest } from "./read-manifest.ts";
export { type ManifestKey, readManifestKey, signManifest } from "./signature.ts";
export { type PublishingKey, readPublishingKey } from "./publishing-key.ts";
export type * from "./types.ts";
