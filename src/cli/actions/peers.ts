import type { LoadedConfig } from "../../config/mod.ts";
import type { PeerAnswer, RelayAnswer } from "../../contract/mod.ts";
import { isBarnacleError } from "../../errors.ts";
import { mailDirectoryPath } from "../../mailbox/mod.ts";
import { announcesSealing, readSavedPeers } from "../../moltcomm/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import type { PeersFlags } from "../commands/peers.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { formatMoment } from "../duration.ts";
import { agentClient } from "../endpoint.ts";
import { contactNames } from "../mail/names.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { type Cell, formatTable } from "../table.ts";
import { safeJson, wantsColour } from "../terminal.ts";

/** The codes that say that no agent is there to be asked. */
const NOBODY = ["CONNECTION_REFUSED", "CONNECTION_RESET", "CONNECTION_CLOSED"] as const;

interface Peers {
  readonly running: boolean;
  readonly peers: readonly PeerAnswer[];
  /** Those at which this host is found, or could be. */
  readonly relays: readonly RelayAnswer[];
}

export default async function peers(this: Invocation, flags: PeersFlags): Promise<void> {
  const { runtime } = this.cli;
  const { process } = runtime;
  const loaded = await loadConfiguration(this.cli, flags);
  await requireWorkDirectory(runtime.files, loaded.directory);
  const names = await contactNames(runtime, loaded.directory);
  const { running, peers: known, relays } = await askOrRead(runtime, loaded);
  const rows = known.map((
    { node_id, addresses, agent, sealing = false, connected, relay = null, last_handshake, record_expires },
  ) => ({
    node_id,
    name: names.get(node_id) ?? null,
    addresses,
    agent,
    sealing,
    connected,
    relay,
    last_handshake,
    record_expires,
  }));
  if (flags.json) {
    process.standardOutput.write(`${safeJson({ running, peers: rows, relays })}\n`);
    return;
  }
  if (!running) process.standardError.write("no agent runs here: these are the peers that the last one kept\n");
  if (relays.length > 0) process.standardOutput.write(`${formatRelays(runtime, relays)}\n`);
  process.standardOutput.write(rows.length === 0 ? "no peers\n" : formatRows(runtime, rows));
}

async function askOrRead(runtime: Runtime, loaded: LoadedConfig): Promise<Peers> {
  const client = await agentClient(runtime, loaded);
  try {
    const { peers, relays = [] } = await client.peers();
    return { running: true, peers, relays };
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
    sealing: announcesSealing(agent),
    connected: false,
    last_handshake: lastHandshakeAtMs === null ? null : momentOf(lastHandshakeAtMs),
    record_expires: momentOf(recordExpiresAtMs) ?? "1970-01-01T00:00:00.000Z",
  }));
  return { running: false, peers, relays: [] };
}

/** A number from a file may be beyond what a date can be. */
function momentOf(unixMs: number): string | null {
  const date = new Date(unixMs);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

const RELAY_TONES = { registered: "good", connecting: "faint", waiting: "bad", spare: "faint" } as const;

function formatRelays({ process }: Runtime, relays: readonly RelayAnswer[]): string {
  return formatTable({
    columns: [{ title: "RELAY", widthMin: 12 }, { title: "STATE" }, { title: "ANSWERS IN", align: "right" }, {
      title: "NODE",
    }],
    rows: relays.map(({ address, node_id, pinned, round_trip_ms, state }) => [
      address,
      { text: state, tone: RELAY_TONES[state] },
      round_trip_ms === null ? "-" : `${Math.round(round_trip_ms)} ms`,
      node_id === null ? "-" : `${node_id}${pinned ? " (pinned)" : ""}`,
    ]),
    widthMax: process.standardOutput.columns,
    colour: wantsColour(process.standardOutput, process.environment()),
  });
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
    rows: rows.map(({ node_id, name, connected, relay = null, agent, last_handshake, addresses }) => [
      node_id,
      name ?? "-",
      stateOf(connected, relay),
      agent ?? "-",
      formatMoment(last_handshake, nowMs),
      addresses.join(", ") || "-",
    ]),
    widthMax: process.standardOutput.columns,
    colour: wantsColour(process.standardOutput, process.environment()),
  });
}

function stateOf(connected: boolean, relay: string | null): Cell {
  if (connected) return { text: "connected", tone: "good" };
  return relay === null ? { text: "known", tone: "faint" } : { text: "relayed", tone: "good" };
}
