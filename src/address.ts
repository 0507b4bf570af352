/**
 * Network addresses as text: what several rooms of the house read and write.
 *
 * @module
 */
import type { SocketAddress } from "./runtime/port.ts";

const LOOPBACK_IPV4_REGEXP = /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/i;
const PORT_MAX = 65_535;
const NAME_OR_IPV4_REGEXP = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*)):(\d{1,5})$/;
const IPV6_REGEXP = /^\[([0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?)\]:(\d{1,5})$/;

/** Reads `HOST:PORT`, where an IPv6 address stands in brackets; `undefined` when it is no such address. */
export function readAddress(text: string): SocketAddress | undefined {
  const match = NAME_OR_IPV4_REGEXP.exec(text) ?? IPV6_REGEXP.exec(text);
  const host = match?.[1];
  const port = Number(match?.[2]);
  if (host === undefined || port > PORT_MAX) return undefined;
  return text.startsWith("[") && !isIpv6(host) ? undefined : { host, port };
}

/** `HOST:PORT`, an IPv6 host in brackets: what `readAddress` reads. */
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

/** The URL parser knows the grammar of IPv6 addresses on every runtime; a zone index is not part of it. */
function isIpv6(host: string): boolean {
  return URL.canParse(`http://[${host.replace(/%.*$/, "")}]/`);
}
