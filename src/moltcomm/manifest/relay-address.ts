/**
 * Which addresses of a manifest are dialled.
 *
 * Stricter than what a person may configure: an address that two implementations could understand differently, or that means another host
 * on each, has no place in a file for everybody.
 *
 * @module
 */
import { formatPeerAddress, readPeerAddress } from "../../contract/mod.ts";

const NAME = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;
const NAME_CHARACTERS_MAX = 253;
/** Whatever has a last label like this is meant as IPv4. Source: WHATWG URL, "ends in a number". */
const ENDS_IN_NUMBER = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** The address in its one form; `undefined` when it is none that anybody could dial. */
export function readManifestAddress(text: string): string | undefined {
  const address = readPeerAddress(text);
  if (address === undefined || address.port === 0) return undefined;
  const isFit = address.host.includes(":") ? isFitIpv6(address.host) : isFitNameOrIpv4(address.host);
  return isFit ? formatPeerAddress(address) : undefined;
}

/** Whether the address is a relay's. @param text as `readManifestAddress` gives it */
export function isRelayAddress(text: string): boolean {
  return text.startsWith("relay:");
}

/** A zone names an interface of one host, and `::` every address of it. */
function isFitIpv6(host: string): boolean {
  return !host.includes("%") && new URL(`http://[${host}]/`).hostname !== "[::]";
}

function isFitNameOrIpv4(host: string): boolean {
  if (ENDS_IN_NUMBER.test(host)) return IPV4.test(host) && !host.startsWith("0.");
  return host.length <= NAME_CHARACTERS_MAX && NAME.test(host);
}
