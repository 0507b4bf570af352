/**
 * Where a MoltComm node is reached, as text. Source: MoltComm v1, section 6.
 *
 * @module
 */
import { formatAddress, readAddress } from "../address.ts";

/** `tcp`: dial the node itself. `relay`: dial this relay, which forwards to the node. */
export interface PeerAddress {
  readonly scheme: "tcp" | "relay";
  readonly host: string;
  readonly port: number;
}

const PEER_ADDRESS_REGEXP = /^(tcp|relay):\/\/([^/?#@\s]+)\/?$/;
/** The longest name of the DNS, with scheme and port. */
const PEER_ADDRESS_CHARACTERS_MAX = "relay://".length + 255 + ":65535".length;

/** What a peer address must look like, for messages. */
export const PEER_ADDRESS_WANTED = "tcp://HOST:PORT or relay://HOST:PORT, such as tcp://203.0.113.10:9001";

/** Reads `tcp://HOST:PORT` or `relay://HOST:PORT`; `undefined` when it is neither. Port 0 is read: a listener may ask for it. */
export function readPeerAddress(text: string): PeerAddress | undefined {
  if (text.length > PEER_ADDRESS_CHARACTERS_MAX) return undefined;
  const match = PEER_ADDRESS_REGEXP.exec(text);
  const address = match?.[2] === undefined ? undefined : readAddress(match[2]);
  if (address === undefined) return undefined;
  return { scheme: match?.[1] === "relay" ? "relay" : "tcp", ...address };
}

/** The text that `readPeerAddress` reads. */
export function formatPeerAddress(address: PeerAddress): string {
  return `${address.scheme}://${formatAddress(address)}`;
}
