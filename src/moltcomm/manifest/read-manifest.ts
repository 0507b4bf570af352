/**
 * Reading a manifest. Pure: no time, no signature.
 *
 * What is wrong with the whole refuses the whole; what is wrong with an entry costs that entry, and an address that cannot be read costs
 * that address: one relay's mistake, or a kind of address yet to come, must not cut anybody off from the others.
 *
 * @module
 */
import { decodeBase64, deriveNodeId, isEd25519Spki, isNodeId } from "../../contract/mod.ts";
import type { Crypto } from "../../runtime/port.ts";
import { MANIFEST_RELAYS_MAX, RELAY_ADDRESSES_MAX, SHOWN_CHARACTERS_MAX, TIME_MS_MAX } from "./bounds.ts";
import { isRelayAddress, readManifestAddress } from "./relay-address.ts";
import type { EntryFault, LeftOut, Manifest, ManifestRelay, Refusal } from "./types.ts";

/** What reading a manifest came to. */
export type ManifestReading = { readonly manifest: Manifest } | { readonly refused: Refusal };

/** Notes what cannot be used. */
type Leave = (code: EntryFault, detail: string) => undefined;

const BRACE = 0x7b;
const BLANK = [0x20, 0x09, 0x0a, 0x0d];

/** Whether the bytes can be a JSON object at all: a page that says "not found", or logs in, is told by its first byte. */
export function looksLikeObject(bytes: Uint8Array): boolean {
  return bytes.find((byte) => !BLANK.includes(byte)) === BRACE;
}

/** Reads the manifest in the bytes. */
export function readManifest(crypto: Pick<Crypto, "sha256">, bytes: Uint8Array): ManifestReading {
  const value = parse(bytes);
  if (!isObject(value)) return refused("not_json", "it is no JSON object in UTF-8");
  const { v, generated_ts: generatedMs, expires_ts: expiresMs, relays } = value;
  if (v !== 1) {
    const code = Number.isSafeInteger(v) ? "version_unknown" : "malformed";
    return refused(code, `v is ${show(v)}, wanted 1`);
  }
  if (!isTime(generatedMs)) {
    return refused("malformed", `generated_ts is ${show(generatedMs)}, wanted Unix milliseconds`);
  }
  if (!isTime(expiresMs)) return refused("malformed", `expires_ts is ${show(expiresMs)}, wanted Unix milliseconds`);
  if (!Array.isArray(relays)) return refused("malformed", `relays is ${show(relays)}, wanted a list`);
  if (relays.length > MANIFEST_RELAYS_MAX) {
    return refused("too_many_relays", `it has ${relays.length} relays, at most ${MANIFEST_RELAYS_MAX} are taken`);
  }
  const entries = readEntries(crypto, relays);
  // An empty list is a word of its own: there are no relays any more.
  if (relays.length > 0 && entries.relays.length === 0) {
    return refused("no_relays", `none of its ${relays.length} relays can be used: ${entries.leftOut[0]?.detail}`);
  }
  return { manifest: { generatedMs, expiresMs, ...entries } };
}

function readEntries(
  crypto: Pick<Crypto, "sha256">,
  entries: readonly unknown[],
): Pick<Manifest, "relays" | "leftOut"> {
  const relays: ManifestRelay[] = [];
  const leftOut: LeftOut[] = [];
  const known = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    const leave: Leave = (code, detail) => {
      leftOut.push({ index, code, detail });
      return undefined;
    };
    const relay = readEntry(crypto, entry, leave);
    if (relay === undefined) continue;
    if (known.has(relay.nodeId)) leave("entry_repeated", `${relay.nodeId} stands there already`);
    else relays.push(relay);
    known.add(relay.nodeId);
  }
  return { relays, leftOut };
}

function readEntry(
  crypto: Pick<Crypto, "sha256">,
  entry: unknown,
  leave: Leave,
): ManifestRelay | undefined {
  if (!isObject(entry)) return leave("entry_malformed", `it is ${show(entry)}, wanted an object`);
  const { node_id: nodeId, pub, addrs, expires_ts: expiresMs } = entry;
  if (typeof nodeId !== "string" || !isNodeId(nodeId)) {
    return leave("entry_malformed", `node_id is ${show(nodeId)}, wanted a node id`);
  }
  const spki = typeof pub === "string" ? decodeBase64(pub) : undefined;
  if (typeof pub !== "string" || spki === undefined || !isEd25519Spki(spki)) {
    return leave("entry_malformed", `pub is ${show(pub)}, wanted an Ed25519 key, 44 bytes of SPKI DER in base64`);
  }
  if (expiresMs !== undefined && !isTime(expiresMs)) {
    return leave("entry_malformed", `expires_ts is ${show(expiresMs)}, wanted Unix milliseconds, or nothing`);
  }
  if (deriveNodeId(crypto, spki) !== nodeId) {
    return leave("node_id_wrong", `node_id ${nodeId} is not the one of its pub`);
  }
  const addresses = readAddresses(addrs, leave);
  return addresses && { nodeId, pub, addresses, expiresMs };
}

function readAddresses(addrs: unknown, leave: Leave): readonly string[] | undefined {
  if (!Array.isArray(addrs)) return leave("entry_malformed", `addrs is ${show(addrs)}, wanted a list`);
  if (addrs.length > RELAY_ADDRESSES_MAX) {
    return leave("too_many_addresses", `it has ${addrs.length} addresses, at most ${RELAY_ADDRESSES_MAX} are taken`);
  }
  const addresses = new Set<string>();
  for (const text of addrs) {
    const address = typeof text === "string" ? readManifestAddress(text) : undefined;
    if (address === undefined) leave("address_strange", `the address ${show(text)} is none that can be dialled`);
    else addresses.add(address);
  }
  if ([...addresses].some(isRelayAddress)) return [...addresses];
  return leave("no_relay_address", "it has no address relay://HOST:PORT that can be used");
}

function parse(bytes: Uint8Array): unknown {
  if (!looksLikeObject(bytes)) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    // Whatever is wrong with it, it is not what was asked for.
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= TIME_MS_MAX;
}

function refused(code: Refusal["code"], detail: string): { readonly refused: Refusal } {
  return { refused: { code, detail } };
}

function show(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "a list";
  if (isObject(value)) return "an object";
  const text = JSON.stringify(typeof value === "string" ? value.slice(0, SHOWN_CHARACTERS_MAX) : value);
  return typeof value === "string" && value.length > SHOWN_CHARACTERS_MAX ? `${text} and more` : text;
}
