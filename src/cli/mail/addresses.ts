/**
 * Where this host's node is reached, for its invitation.
 *
 * @module
 */
import { isLoopbackHost, readAddress } from "../../address.ts";
import type { LoadedConfig } from "../../config/mod.ts";
import { formatPeerAddress, type PeerAddress, readPeerAddress } from "../../contract/mod.ts";
import { isBarnacleError } from "../../errors.ts";
import type { Runtime } from "../../runtime/port.ts";
import { agentClient, readEndpointFile } from "../endpoint.ts";

/** Listening everywhere names no address that anybody could dial. */
const EVERYWHERE: readonly string[] = ["0.0.0.0", "::"];

/** The addresses that are told: those configured, else the one the running agent listens on, else the one it would. */
export async function ownAddresses(runtime: Runtime, loaded: LoadedConfig): Promise<string[]> {
  const { advertise, listen } = loaded.config.moltcomm;
  if (advertise.length > 0) return advertise.flatMap(plain);
  return plain(await listeningAddress(runtime, loaded) ?? listen);
}

/** Whether some other host could reach one of these addresses. */
export function canBeReached(addresses: readonly string[]): boolean {
  return addresses.some((text) => !isLoopbackHost(readPeerAddress(text)?.host ?? "localhost"));
}

function plain(text: string): string[] {
  const bare = readAddress(text);
  const address: PeerAddress | undefined = readPeerAddress(text) ??
    (bare === undefined ? undefined : { scheme: "tcp", ...bare });
  if (address === undefined || address.port === 0 || EVERYWHERE.includes(address.host)) return [];
  return [formatPeerAddress(address)];
}

/** Only asked for where an agent left word: the port may be another than the configured one. */
async function listeningAddress(runtime: Runtime, loaded: LoadedConfig): Promise<string | undefined> {
  if (await readEndpointFile(runtime.files, loaded.directory) === undefined) return undefined;
  const client = await agentClient(runtime, loaded);
  try {
    return (await client.status()).mail?.address ?? undefined;
  } catch (thrown) {
    // It was killed, or wants a token that we do not have: what is configured is told instead.
    if (isBarnacleError(thrown) && thrown.code !== "INTERNAL") return undefined;
    throw thrown;
  } finally {
    client.close();
  }
}
