/**
 * Whether a manifest may be used: its signature first, so that nothing a stranger wrote is even parsed, then what it says, then its time.
 * Source: MoltComm v1, section 9.
 *
 * @module
 */
import type { Crypto } from "../../runtime/port.ts";
import { MANIFEST_AHEAD_MAX_MS } from "./bounds.ts";
import { looksLikeObject, type ManifestReading, readManifest } from "./read-manifest.ts";
import { isRelayAddress } from "./relay-address.ts";
import { checkSignature, type ManifestKey } from "./signature.ts";
import type { Manifest, ManifestPair, PinnedRelay, Refusal } from "./types.ts";

/** Reads a manifest whose signature holds. Its times are not looked at. */
export function openManifest(
  crypto: Pick<Crypto, "sha256">,
  pair: ManifestPair,
  key: ManifestKey,
): ManifestReading {
  if (!looksLikeObject(pair.bytes)) {
    return { refused: { code: "not_json", detail: "it is no JSON object but something else, such as a web page" } };
  }
  const wrong = checkSignature(crypto, pair, key);
  return wrong === undefined ? readManifest(crypto, pair.bytes) : { refused: wrong };
}

/**
 * Whether a manifest that comes from elsewhere is of the right time.
 *
 * @param now.knownMs when the one that is known was made: what is older is somebody's attempt to bring back relays that were given up
 * @returns `undefined` when it is
 */
export function checkTimes(
  manifest: Manifest,
  now: { readonly wallMs: number; readonly knownMs: number | undefined },
): Refusal | undefined {
  const { expiresMs, generatedMs } = manifest;
  if (expiresMs <= now.wallMs) return { code: "expired", detail: `it expired on ${timeText(expiresMs)}` };
  if (generatedMs > now.wallMs + MANIFEST_AHEAD_MAX_MS) {
    return {
      code: "made_in_future",
      detail: `it says it was made on ${timeText(generatedMs)}: one of the clocks is wrong`,
    };
  }
  if (now.knownMs === undefined || generatedMs >= now.knownMs) return undefined;
  const detail = `it was made on ${timeText(generatedMs)}, and one made on ${timeText(now.knownMs)} is known`;
  return { code: "older_than_known", detail };
}

/** The relays of a manifest that can be used now. */
export function usableRelays(manifest: Manifest, wallMs: number): PinnedRelay[] {
  if (manifest.expiresMs <= wallMs) return [];
  return manifest.relays
    .filter(({ expiresMs }) => expiresMs === undefined || expiresMs > wallMs)
    .map(({ nodeId, pub, addresses }) => ({ nodeId, pub, addresses: addresses.filter(isRelayAddress) }));
}

/** When what can be used changes next; `undefined` when it does not any more. */
export function nextExpiryMs({ expiresMs, relays }: Manifest, wallMs: number): number | undefined {
  const times = [expiresMs, ...relays.map((relay) => Math.min(relay.expiresMs ?? expiresMs, expiresMs))];
  const ahead = times.filter((time) => time > wallMs);
  return ahead.length === 0 || expiresMs <= wallMs ? undefined : ahead.reduce((left, right) => Math.min(left, right));
}

/** RFC 3339, UTC. */
export function timeText(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
