import type { PeerAnswer } from "../../contract/mod.ts";
import type { LoadedConfig } from "../../config/mod.ts";
import { isBarnacleError } from "../../errors.ts";
import { mailDirectoryPath } from "../../mailbox/mod.ts";
import { readSavedPeers } from "../../moltcomm/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import type { PeersFlags } from "../commands/peers.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { formatMoment } from "../duration.ts";
import { agentClient } from "../endpoint.ts";
import { contactNames } from "../mail/names.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { formatTable } from "../table.ts";
import { safeJson, wantsColour } from "../terminal.ts";

/** The codes that say that no agent is there to be asked. */
const NOBODY = ["CONNECTION_REFUSED", "CONNECTION_RESET", "CONNECTION_CLOSED"] as const;

interface Peers {
  readonly running: boolean;
  readonly peers: readonly PeerAnswer[];
}

export default async function peers(this: Invocation, flags: PeersFlags): Promise<void> {
  const { runtime } = this.cli;
  const { process } = runtime;
  const loaded = await loadConfiguration(this.cli, flags);
  await requireWorkDirectory(runtime.files, loaded.directory);
  const names = await contactNames(runtime, loaded.directory);
  const { running, peers: known } = await askOrRead(runtime, loaded);
  const rows = known.map(({ node_id, addresses, agent, connected, last_handshake, record_expires }) => ({
    node_id,
    name: names.get(node_id) ?? null,
    addresses,
    agent,
    connected,
    last_handshake,
    record_expires,
  }));
  if (flags.json) {
    process.standardOutput.write(`${safeJson({ running, peers: rows })}\n`);
    return;
  }
  if (!running) process.standardError.write("no agent runs here: these are the peers that the last one kept\n");
  process.standardOutput.write(rows.length === 0 ? "no peers\n" : formatRows(runtime, rows));
}

async function askOrRead(runtime: Runtime, loaded: LoadedConfig): Promise<Peers> {
  const client = await agentClient(runtime, loaded);
  try {
    return { running: true, peers: (await client.peers()).peers };
  } catch (thrown) {
    if (!isBarnacleError(thrown, ...NOBODY)) throw thrown;
  } finally {
    client.close();
  }
  const saved = await readSavedPeers(runtime.files, mailDirectoryPath(loaded.directory));
  const peers = saved.map(({ nodeId, addresses, agent, lastHandshakeAtMs, recordExpiresAtMs }) => ({
    node_id: nodeId,
    addresses: [...addresses],
    agent: agent ?? null,
    connected: false,
    last_handshake: lastHandshakeAtMs === null ? null : momentOf(lastHandshakeAtMs),
    record_expires: momentOf(recordExpiresAtMs) ?? "1970-01-01T00:00:00.000Z",
  }));
  return { running: false, peers };
}

/** A number from a file may be beyond what a date can be. */
function momentOf(unixMs: number): string | null {
  const date = new Date(unixMs);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function formatRows(runtime: Runtime, rows: readonly (PeerAnswer & { readonly name: string | null })[]): string {
  const { clock, process } = runtime;
  const nowMs = clock.wallMs();
  return formatTable({
    columns: [
      { title: "NODE" },
      { title: "NAME" },
      { title: "STATE" },
      { title: "AGENT", widthMin: 8 },
      { title: "MET" },
      { title: "ADDRESSES", widthMin: 12 },
    ],
    rows: rows.map(({ node_id, name, connected, agent, last_handshake, addresses }) => [
      node_id,
      name ?? "-",
      connected ? { text: "connected", tone: "good" } : { text: "known", tone: "faint" },
      agent ?? "-",
      formatMoment(last_handshake, nowMs),
      addresses.join(", ") || "-",
    ]),
    widthMax: process.standardOutput.columns,
    colour: wantsColour(process.standardOutput, process.environment()),
  });
}
