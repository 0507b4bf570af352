import { mailDirectoryPath, readContacts } from "../../mailbox/mod.ts";
import { fingerprintOf, isUnsealed, readSealing, type SealingNode } from "../../moltcomm/mod.ts";
import type { ContactsListFlags } from "../commands/contacts.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { formatTable } from "../table.ts";
import { safeJson, wantsColour } from "../terminal.ts";

export default async function list(this: Invocation, flags: ContactsListFlags): Promise<void> {
  const { runtime } = this.cli;
  const { standardOutput } = runtime.process;
  const loaded = await loadConfiguration(this.cli, flags);
  await requireWorkDirectory(runtime.files, loaded.directory);
  const directory = mailDirectoryPath(loaded.directory);
  const contacts = await readContacts(runtime.files, directory);
  const remembered = await readSealing(runtime.files, directory);
  const rows = contacts.map(({ name, node_id, addresses, blocked, unsealed_ts, added_ts }) => ({
    name,
    node_id,
    fingerprint: fingerprintOf(node_id),
    addresses,
    blocked,
    sealing: sealingOf(remembered.get(node_id), unsealed_ts),
    added_ts: added_ts ?? null,
  }));
  if (flags.json) {
    standardOutput.write(`${safeJson({ contacts: rows })}\n`);
    return;
  }
  if (rows.length === 0) {
    standardOutput.write("no contacts: barnacle contacts add INVITATION takes one up\n");
    return;
  }
  standardOutput.write(formatTable({
    columns: [{ title: "NAME" }, { title: "" }, { title: "NODE" }, { title: "FINGERPRINT" }, { title: "MAIL" }, {
      title: "ADDRESSES",
      widthMin: 12,
    }],
    rows: rows.map(({ name, node_id, fingerprint, addresses, blocked, sealing }) => [
      name,
      { text: blocked ? "blocked" : "", tone: "bad" },
      node_id,
      fingerprint,
      { text: sealing, tone: sealing === "sealed" ? "good" : sealing === "unsealed" ? "warning" : "faint" },
      addresses.join(", ") || "-",
    ]),
    widthMax: standardOutput.columns,
    colour: wantsColour(standardOutput, runtime.process.environment()),
  }));
}

/** What becomes of messages to a node that announced sealing at some time, or did not. */
function sealingOf(node: SealingNode | undefined, unsealedAtMs: number | undefined): "sealed" | "plain" | "unsealed" {
  if (node === undefined) return "plain";
  return isUnsealed(node, unsealedAtMs) ? "unsealed" : "sealed";
}
