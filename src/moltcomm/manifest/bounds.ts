/** What is fixed about bootstrap manifests, each with its reason. @module */

const KIB = 1024;
const MINUTE_MS = 60_000;

/** Largest manifest read: a thousand relays take a quarter of it. */
export const MANIFEST_BYTES_MAX = 1_024 * KIB;
/** Largest signature file read: 88 characters and a line end; what is longer is something else. */
export const SIGNATURE_FILE_BYTES_MAX = 1 * KIB;
/** Relays in one manifest. */
export const MANIFEST_RELAYS_MAX = 1_024;
/** Addresses of one relay: as many as a peer record may have. */
export const RELAY_ADDRESSES_MAX = 16;
/** How much of a wrong value is shown. */
export const SHOWN_CHARACTERS_MAX = 80;
/** The last moment a `Date` can hold, in Unix milliseconds. Source: ECMA-262, "Time Values and Time Range". */
export const TIME_MS_MAX = 8.64e15;

/**
 * How far ahead of our clock a manifest may have been made: as far as a message. One from the far future would keep every later one out
 * until then.
 */
export const MANIFEST_AHEAD_MAX_MS = 10 * MINUTE_MS;
/** For one file of a source, from the name look-up to its last byte. */
export const FETCH_TIMEOUT_MS = 15_000;
/** How often the sources are asked; more often where the manifest in use lives a shorter time. */
export const REFRESH_MS = 60 * MINUTE_MS;
export const REFRESH_MIN_MS = MINUTE_MS;
/** A manifest in use is asked after so often in what is left of its life. */
export const REFRESHES_IN_LIFE = 4;
/** A start comes first. */
export const FIRST_REFRESH_MS = 500;
/** How a refresh is tried again when every source failed. */
export const REFRESH_BACKOFF = { initialMs: 5_000, maxMs: 30 * MINUTE_MS };
/** Expiry is looked for so often at least, as clocks get set. */
export const EXPIRY_LOOK_MAX_MS = 24 * 60 * MINUTE_MS;
/** Largest cache file: the manifest as a JSON text, in which a quotation mark or a line end takes two characters. */
export const CACHE_BYTES_MAX = 2 * MANIFEST_BYTES_MAX + 16 * KIB;
