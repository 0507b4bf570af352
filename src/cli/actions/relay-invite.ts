import { isInvitation, isNodeId, parseInvitation } from "../../contract/mod.ts";
import { createLogger, Redactor } from "../../log/mod.ts";
import { loadRelay } from "../../moltcomm/mod.ts";
import { WorkDirectory } from "../../store/mod.ts";
import type { RelayInviteFlags } from "../commands/relay.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { usageError } from "../failure.ts";
import { noteUnreachable, relayAddresses } from "../mail/relay-addresses.ts";
import { escapeText } from "../terminal.ts";

export default async function relayInvite(this: Invocation, flags: RelayInviteFlags, who: string): Promise<void> {
  const { runtime } = this.cli;
  const { clock, process: { standardError, standardOutput } } = runtime;
  const { nodeId, name } = readNode(who);
  const loaded = await loadConfiguration(this.cli, flags);
  const { access, membersFile: file } = loaded.config.relay;
  const logger = createLogger({ clock, output: standardError, redact: new Redactor() }, {
    level: loaded.config.log.level,
    format: loaded.config.log.format === "json" ? "json" : "text",
  });
  await new WorkDirectory({ ...runtime, logger }, loaded).prepare();
  const { addMember } = await loadRelay();
  const isNew = await addMember(runtime, { file, nodeId, name: flags.name ?? name });
  standardError.write(`${nodeId} ${isNew ? "is now" : "was already"} in ${escapeText(file)}\n`);
  if (access === "open") {
    standardError.write("note: this relay is open to everybody; --access listed makes the list count\n");
  }
  const addresses = relayAddresses(loaded);
  noteUnreachable(addresses, standardError);
  standardOutput.write(addresses.map((address) => `${address}\n`).join(""));
}

/** @throws `USAGE` for what is neither, `INVITATION_INVALID` for a damaged invitation */
function readNode(text: string): { readonly nodeId: string; readonly name?: string } {
  if (isInvitation(text)) return parseInvitation(text);
  const word = text.trim();
  if (isNodeId(word)) return { nodeId: word };
  const hint = "barnacle id on the other host shows both";
  throw usageError("Invite a node", JSON.stringify(text), "a node id or an invitation", hint);
}
