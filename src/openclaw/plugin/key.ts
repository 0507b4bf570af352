/**
 * The key of the routes that the plugin serves.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";

/** Of a key file; more is none. */
const KEY_CHARACTERS_MAX = 4_096;
const SCHEME = "bearer ";

/** The key, read anew each time: whoever replaces it need not restart the gateway. `undefined` when there is none. */
export function readKey(keyFile: string | undefined): string | undefined {
  if (keyFile === undefined) return undefined;
  try {
    const text = readFileSync(keyFile, "utf8").trim();
    return text === "" || text.length > KEY_CHARACTERS_MAX ? undefined : text;
  } catch {
    // Not there, or not ours to read: nobody is let in.
    return undefined;
  }
}

/** Whether a request carries the key; compared in constant time, by digests. */
export function isAllowed(request: IncomingMessage, key: string | undefined): boolean {
  const given = request.headers.authorization ?? "";
  if (key === undefined || given.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return false;
  return timingSafeEqual(digest(given.slice(SCHEME.length).trim()), digest(key));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
