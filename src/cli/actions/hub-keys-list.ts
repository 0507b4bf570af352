import type { KeysListFlags } from "../commands/hub.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { withHubKeys } from "../hub-keys.ts";
import { formatTable } from "../table.ts";
import { safeJson, wantsColour } from "../terminal.ts";

export default async function listKeys(this: Invocation, flags: KeysListFlags): Promise<void> {
  const { runtime } = this.cli;
  const { standardOutput } = runtime.process;
  const loaded = await loadConfiguration(this.cli, flags);
  const entries = await withHubKeys(runtime, loaded, (keys) => keys.listKeys()) ?? [];
  const rows = entries.map(({ id, name, createdAtMs, revokedAtMs }) => ({
    id,
    name,
    created: moment(createdAtMs),
    revoked: revokedAtMs === null ? null : moment(revokedAtMs),
  }));
  if (flags.json) {
    standardOutput.write(`${safeJson({ keys: rows })}\n`);
    return;
  }
  if (rows.length === 0) {
    standardOutput.write("no keys: barnacle hub keys add NAME makes one\n");
    return;
  }
  standardOutput.write(formatTable({
    columns: [{ title: "ID" }, { title: "NAME", widthMin: 8 }, { title: "MADE" }, { title: "REVOKED" }],
    rows: rows.map(({ id, name, created, revoked }) => [id, name, created, revoked ?? "-"]),
    widthMax: standardOutput.columns,
    colour: wantsColour(standardOutput, runtime.process.environment()),
  }));
}

function moment(unixMs: number): string {
  return `${new Date(unixMs).toISOString().slice(0, 19)}Z`;
}
