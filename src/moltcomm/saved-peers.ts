/**
 * The peers that the last agent kept, for commands while none runs. Reads and nothing else: what is damaged is left for the agent to deal
 * with.
 *
 * @module
 */
import { isBarnacleError } from "../errors.ts";
import type { Files } from "../runtime/port.ts";
import { joinPath } from "../store/mod.ts";
import { PEERS_FILE_BYTES_MAX } from "./bounds.ts";
import type { PeerView } from "./types.ts";
import { readPeerRecord } from "./wire/mod.ts";

/**
 * The peers in `.moltcomm/peers.json`, in the order of the file; none where there is no such file or it cannot be understood.
 *
 * @param directory `.moltcomm`
 * @throws `PERMISSION_DENIED`, `IO_ERROR`
 */
export async function readSavedPeers(files: Pick<Files, "read">, directory: string): Promise<PeerView[]> {
  let bytes: Uint8Array;
  try {
    bytes = await files.read(joinPath(directory, "peers.json"), PEERS_FILE_BYTES_MAX);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY", "BODY_TOO_LARGE")) return [];
    throw thrown;
  }
  const value = parseJson(bytes);
  const peers = typeof value === "object" && value !== null && "peers" in value ? value.peers : undefined;
  return Array.isArray(peers) ? peers.map(viewOf).filter((peer) => peer !== undefined) : [];
}

function viewOf(saved: unknown): PeerView | undefined {
  if (typeof saved !== "object" || saved === null) return undefined;
  const { record: given, met_at: metAt, agent }: { record?: unknown; met_at?: unknown; agent?: unknown } = saved;
  const record = readPeerRecord(given);
  if (record === undefined) return undefined;
  return {
    nodeId: record.peer_id,
    addresses: record.addrs,
    ...(typeof agent === "string" ? { agent } : {}),
    connected: false,
    lastHandshakeAtMs: typeof metAt === "number" ? metAt : null,
    recordExpiresAtMs: record.expires,
  };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // As much as no file: the agent sets it aside when it starts.
    return undefined;
  }
}
