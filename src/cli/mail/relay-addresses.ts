/**
 * Where this host's relay is reached.
 *
 * @module
 */
import { isLoopbackHost, readAddress } from "../../address.ts";
import type { LoadedConfig } from "../../config/mod.ts";
import { formatPeerAddress, readPeerAddress } from "../../contract/mod.ts";
import { readManifestAddress } from "../../moltcomm/mod.ts";
import type { TextOutput } from "../../runtime/port.ts";
import { escapeText } from "../terminal.ts";

/** Listening everywhere names no address that anybody could dial. */
const EVERYWHERE: readonly string[] = ["0.0.0.0", "::"];

/** The addresses that are told: those configured, else the one it listens on, if that can be dialled. */
export function relayAddresses(loaded: LoadedConfig): readonly string[] {
  const { advertise, listen } = loaded.config.relay;
  if (advertise.length > 0) return advertise;
  const address = readAddress(listen);
  if (address === undefined || address.port === 0 || EVERYWHERE.includes(address.host)) return [];
  return [formatPeerAddress({ scheme: "relay", ...address })];
}

/** Says which of these addresses mean nothing to other hosts, and where no other host could reach any of them. */
export function noteUnreachable(addresses: readonly string[], standardError: TextOutput): void {
  for (const address of addresses.filter((text) => readManifestAddress(text) === undefined)) {
    standardError.write(
      `note: ${escapeText(address)} is no address that everybody can dial, and no manifest takes it\n`,
    );
  }
  if (addresses.some((text) => !isLoopbackHost(readPeerAddress(text)?.host ?? "localhost"))) return;
  standardError.write(
    "note: no address of the relay can be reached from other hosts; set relay.listen and relay.advertise\n",
  );
}
