/**
 * Addresses as they stand in `Host` headers.
 *
 * @module
 */
import { isLoopbackHost } from "../address.ts";

const AUTHORITY_REGEXP = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]/@?#\s]+)(?::\d{1,5})?$/;

/** Whether `HOST` or `HOST:PORT` names this host itself; `false` for anything malformed. */
export function isLoopbackAuthority(authority: string): boolean {
  const host = AUTHORITY_REGEXP.exec(authority)?.[1];
  return host !== undefined && isLoopbackHost(host);
}
