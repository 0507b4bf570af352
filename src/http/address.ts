/**
 * Addresses as they stand in URLs and `Host` headers.
 *
 * @module
 */
import type { SocketAddress } from "../runtime/port.ts";

const LOOPBACK_IPV4_REGEXP = /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/i;
const AUTHORITY_REGEXP = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]/@?#\s]+)(?::\d{1,5})?$/;

/** `HOST:PORT`, an IPv6 host in brackets. */
export function formatAddress(address: SocketAddress): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/**
 * Whether only this host itself can be meant: `localhost` and names under it (RFC 6761, section 6.3), 127.0.0.0/8,
 * `::1`.
 *
 * @param host a name or an IP address, with or without brackets
 */
export function isLoopbackHost(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, "").replace(/\.$/, "").toLowerCase();
  if (plain === "localhost" || plain.endsWith(".localhost") || plain === "::1") return true;
  return LOOPBACK_IPV4_REGEXP.test(plain);
}

/** Whether `HOST` or `HOST:PORT` names this host itself; `false` for anything malformed. */
export function isLoopbackAuthority(authority: string): boolean {
  const host = AUTHORITY_REGEXP.exec(authority)?.[1];
  return host !== undefined && isLoopbackHost(host);
}
