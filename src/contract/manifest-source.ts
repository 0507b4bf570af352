/**
 * Where a bootstrap manifest is fetched from, as text.
 *
 * @module
 */
import { isLoopbackHost } from "../address.ts";

/** `url`: asked for over HTTP. `file`: read from this host's disk. */
export interface ManifestSource {
  readonly kind: "url" | "file";
  readonly text: string;
}

/** What a source must look like, for messages. */
export const MANIFEST_SOURCE_WANTED =
  "an https URL without user, password, query and fragment (http for loopback only), or a file name";

const SCHEME_REGEXP = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//;
const HTTP_REGEXP = /^https?:\/\/[^\s]+$/i;
const SOURCE_CHARACTERS_MAX = 2_048;

/**
 * Reads a source; `undefined` when it is none.
 *
 * The signature would hold over plain HTTP too; but who listens would know what this host asks for, and could keep an old manifest in the
 * place of a new one until it expires.
 */
export function readManifestSource(text: string): ManifestSource | undefined {
  if (text === "" || text.length > SOURCE_CHARACTERS_MAX || text.includes("\0")) return undefined;
  if (!SCHEME_REGEXP.test(text)) return { kind: "file", text };
  if (!HTTP_REGEXP.test(text) || !URL.canParse(text)) return undefined;
  const { protocol, hostname, username, password, search, hash } = new URL(text);
  if (`${username}${password}${search}${hash}` !== "") return undefined;
  return protocol === "https:" || isLoopbackHost(hostname) ? { kind: "url", text } : undefined;
}
