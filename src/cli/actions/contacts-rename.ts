import { renameContact } from "../../mailbox/commands.ts";
import { editContacts, mailDirectoryPath } from "../../mailbox/mod.ts";
import { ensureMailDirectory } from "../../mailbox/mod.ts";
import type { CommonFlags } from "../command.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { escapeText } from "../terminal.ts";

export default async function rename(
  this: Invocation,
  flags: CommonFlags,
  who: string,
  newName: string,
): Promise<void> {
  const { runtime } = this.cli;
  const loaded = await loadConfiguration(this.cli, flags);
  await requireWorkDirectory(runtime.files, loaded.directory);
  await ensureMailDirectory(runtime, loaded.directory);
  const contact = await editContacts(
    runtime,
    mailDirectoryPath(loaded.directory),
    (contacts) => renameContact(contacts, who.trim(), newName),
  );
  runtime.process.standardOutput.write(`${escapeText(who)} is now ${escapeText(contact.name)} (${contact.node_id})\n`);
}
