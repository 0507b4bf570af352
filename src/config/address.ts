/**
 * Addresses as an operator writes them.
 *
 * @module
 */
import { BarnacleError } from "../errors.ts";
import type { SocketAddress } from "../runtime/port.ts";

/** What a listen address must look like, for messages. */
export const LISTEN_ADDRESS_WANTED = "HOST:PORT, such as 127.0.0.1:7410 or [::1]:7410";

const PORT_MAX = 65_535;
const NAME_OR_IPV4_REGEXP = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*)):(\d{1,5})$/;
const IPV6_REGEXP = /^\[([0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?)\]:(\d{1,5})$/;
const LOOPBACK_IPV4_REGEXP = /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/i;

/**
 * Reads `HOST:PORT`, where an IPv6 address stands in brackets and port 0 takes a free one.
 *
 * @throws `CONFIG_INVALID` when it is no such address
 */
export function parseListenAddress(text: string): SocketAddress {
  const address = readListenAddress(text);
  if (address !== undefined) return address;
  throw new BarnacleError({
    code: "CONFIG_INVALID",
    action: "Read a listen address",
    value: JSON.stringify(text),
    wanted: LISTEN_ADDRESS_WANTED,
  });
}

/** As `parseListenAddress`, but `undefined` where that throws. */
export function readListenAddress(text: string): SocketAddress | undefined {
  const match = NAME_OR_IPV4_REGEXP.exec(text) ?? IPV6_REGEXP.exec(text);
  const host = match?.[1];
  const port = Number(match?.[2]);
  if (host === undefined || port > PORT_MAX) return undefined;
  return text.startsWith("[") && !isIpv6(host) ? undefined : { host, port };
}

/** `HOST:PORT`, an IPv6 host in brackets: what `parseListenAddress` reads. */
export function formatAddress(address: SocketAddress): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/**
 * Whether only this host itself can reach the address: `localhost` and names under it (RFC 6761, section 6.3),
 * 127.0.0.0/8, `::1`.
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

/** A listener on all addresses is reached on loopback. */
const REACHABLE_HOSTS: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** The base URL under which this host reaches its own listener, without a trailing slash. */
export function listenUrl(scheme: "http" | "https", { host, port }: SocketAddress): string {
  return `${scheme}://${formatAddress({ host: REACHABLE_HOSTS[host] ?? host, port })}`;
}
