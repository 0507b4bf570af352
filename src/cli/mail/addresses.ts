/**
 * Where this host's node is reached, for its invitation.
 *
 * @module
 */
import { isLoopbackHost, readAddress } from "../../address.ts";
import type { LoadedConfig } from "../../config/mod.ts";
import { formatPeerAddress, type MailAnswer, type PeerAddress, readPeerAddress } from "../../contract/mod.ts";
import { isBarnacleError } from "../../errors.ts";
import type { Runtime } from "../../runtime/port.ts";
import { agentClient, mailOf, readEndpointFile } from "../endpoint.ts";

/** Listening everywhere names no address that anybody could dial. */
const EVERYWHERE: readonly string[] = ["0.0.0.0", "::"];

/** An invitation is pasted: a few relays will do. */
const RELAYS_TOLD_MAX = 4;

/**
 * The addresses that are told: those configured, else the one the running agent listens on, else the one it would; and the relays at which
 * it is found, else those configured.
 */
export async function ownAddresses(runtime: Runtime, loaded: LoadedConfig): Promise<string[]> {
  const { advertise, listen, reachable, relayConnections, relays: configured } = loaded.config.moltcomm;
  const mail = await askAgent(runtime, loaded);
  const found = (mail?.relays ?? []).filter(({ state }) => state === "registered").map(({ address }) => address);
  const wanted = relayConnections > 0 ? configured : [];
  const relays = (found.length > 0 ? found : wanted).slice(0, RELAYS_TOLD_MAX).flatMap(plain);
  const own = advertise.length > 0 ? advertise.flatMap(plain) : plain(mail?.address ?? listen);
  const isTold = (text: string): boolean => {
    if (readPeerAddress(text)?.scheme === "relay") return true;
    if (reachable !== "auto") return reachable === "yes";
    // Where relays lead here, what nobody can dial would only cost others their time.
    return relays.length === 0 || advertise.length > 0 || (mail?.reachable !== "no" && canBeReached([text]));
  };
  return [...new Set([...own.filter(isTold), ...relays])];
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

/** Only asked where an agent left word: the port may be another than the configured one, and it knows which relays serve. */
async function askAgent(runtime: Runtime, loaded: LoadedConfig): Promise<MailAnswer | undefined> {
  if (await readEndpointFile(runtime.files, loaded.directory) === undefined) return undefined;
  const client = await agentClient(runtime, loaded);
  try {
    return mailOf(await client.status(), loaded).mail;
  } catch (thrown) {
    // It was killed, or wants a token that we do not have: what is configured is told instead.
    if (isBarnacleError(thrown) && thrown.code !== "INTERNAL") return undefined;
    throw thrown;
  } finally {
    client.close();
  }
}
