/**
 * Addresses as an operator writes them.
 *
 * @module
 */
import { formatAddress, readAddress } from "../address.ts";
import { BarnacleError } from "../errors.ts";
import type { SocketAddress } from "../runtime/port.ts";

/** What a listen address must look like, for messages. */
export const LISTEN_ADDRESS_WANTED = "HOST:PORT, such as 127.0.0.1:7410 or [::1]:7410";

/**
 * Reads `HOST:PORT`, where an IPv6 address stands in brackets and port 0 takes a free one.
 *
 * @throws `CONFIG_INVALID` when it is no such address
 */
export function parseListenAddress(text: string): SocketAddress {
  const address = readAddress(text);
  if (address !== undefined) return address;
  throw new BarnacleError({
    code: "CONFIG_INVALID",
    action: "Read a listen address",
    value: JSON.stringify(text),
    wanted: LISTEN_ADDRESS_WANTED,
  });
}

/** A listener on all addresses is reached on loopback. */
const REACHABLE_HOSTS: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** The base URL under which this host reaches its own listener, without a trailing slash. */
export function listenUrl(scheme: "http" | "https", { host, port }: SocketAddress): string {
  return `${scheme}://${formatAddress({ host: REACHABLE_HOSTS[host] ?? host, port })}`;
}
