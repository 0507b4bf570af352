/**
 * Making a manifest, and signing one: what the publisher does. Strict where the reader is lenient, since whatever a reader would leave out
 * is a mistake here that can still be mended.
 *
 * @module
 */
import { decodeBase64, deriveNodeId, isEd25519Spki } from "../../contract/mod.ts";
import { BarnacleError } from "../../errors.ts";
import type { Crypto } from "../../runtime/port.ts";
import { MANIFEST_BYTES_MAX } from "./bounds.ts";
import { timeText } from "./open-manifest.ts";
import { readManifest } from "./read-manifest.ts";
import type { Manifest } from "./types.ts";

/** A relay to be listed. */
export interface RelayEntry {
  /** Absent: derived from `pub`. */
  readonly nodeId?: string;
  readonly pub: string;
  readonly addresses: readonly string[];
  /** Unix milliseconds. */
  readonly expiresMs?: number;
}

/** What a relay says of itself, as `relay info --json` prints it: `node_id`, `pub`, `addrs` (or `addresses`), `expires_ts`. */
interface RelayInfo {
  readonly node_id?: unknown;
  readonly pub?: unknown;
  readonly addrs?: unknown;
  readonly addresses?: unknown;
  readonly expires_ts?: unknown;
}

/**
 * Reads what a relay says of itself. Shapes only: `composeManifest` checks the rest.
 *
 * @param from where the text is from, for messages
 * @throws `MANIFEST_INVALID`
 */
export function readRelayInfo(text: string, from: string): RelayEntry {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(`Read the relay in ${from}`, "no JSON", "what barnacle relay info --json prints");
  }
  const { node_id: nodeId, pub, addrs, addresses = addrs, expires_ts: expiresMs }: RelayInfo =
    typeof value === "object" && value !== null ? value : {};
  const isList = Array.isArray(addresses) && addresses.every((each) => typeof each === "string");
  if (typeof nodeId !== "string" || typeof pub !== "string" || !isList) {
    throw invalid(`Read the relay in ${from}`, "JSON of another shape", "node_id, pub and addrs");
  }
  return { nodeId, pub, addresses, ...(typeof expiresMs === "number" ? { expiresMs } : {}) };
}

/**
 * The text of a manifest file.
 *
 * @throws `MANIFEST_INVALID` with everything a reader would leave out or refuse
 */
export function composeManifest(
  crypto: Pick<Crypto, "sha256">,
  init: { readonly relays: readonly RelayEntry[]; readonly generatedMs: number; readonly expiresMs: number },
): string {
  const document = {
    v: 1,
    generated_ts: init.generatedMs,
    expires_ts: init.expiresMs,
    relays: init.relays.map(({ nodeId, pub, addresses, expiresMs }) => ({
      node_id: nodeId ?? nodeIdOf(crypto, pub),
      pub,
      addrs: addresses,
      ...(expiresMs === undefined ? {} : { expires_ts: expiresMs }),
    })),
  };
  const text = `${JSON.stringify(document, undefined, 2)}\n`;
  checkManifest(crypto, new TextEncoder().encode(text), { action: "Make the manifest", wallMs: init.generatedMs });
  return text;
}

/**
 * Checks a manifest before it is published.
 *
 * @throws `MANIFEST_INVALID` with everything a reader would leave out or refuse
 */
export function checkManifest(
  crypto: Pick<Crypto, "sha256">,
  bytes: Uint8Array,
  { action, wallMs }: { readonly action: string; readonly wallMs: number },
): Manifest {
  if (bytes.length > MANIFEST_BYTES_MAX) {
    throw invalid(action, `${bytes.length} bytes`, `at most ${MANIFEST_BYTES_MAX}`);
  }
  const reading = readManifest(crypto, bytes);
  if ("refused" in reading) {
    throw new BarnacleError({ code: "MANIFEST_INVALID", action, problems: [reading.refused.detail] });
  }
  const { manifest } = reading;
  const problems = manifest.leftOut.map(({ index, detail }) => `relay ${index + 1}: ${detail}`);
  const { expiresMs, generatedMs, relays } = manifest;
  if (expiresMs <= wallMs) problems.push(`it expired on ${timeText(expiresMs)}`);
  if (expiresMs <= generatedMs) problems.push("it expires before it was made");
  for (const relay of relays) {
    if (relay.expiresMs !== undefined && relay.expiresMs <= wallMs) {
      problems.push(`${relay.nodeId} expired on ${timeText(relay.expiresMs)}`);
    }
  }
  if (problems.length > 0) throw new BarnacleError({ code: "MANIFEST_INVALID", action, problems });
  return manifest;
}

/** The empty string for what is no key: reading the manifest says so. */
function nodeIdOf(crypto: Pick<Crypto, "sha256">, pub: string): string {
  const spki = decodeBase64(pub);
  return spki !== undefined && isEd25519Spki(spki) ? deriveNodeId(crypto, spki) : "";
}

function invalid(action: string, value: string, wanted: string): BarnacleError {
  return new BarnacleError({ code: "MANIFEST_INVALID", action, value, wanted });
}
