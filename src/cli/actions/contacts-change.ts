import { blockContact, type Edited, removeContact, unsealContact } from "../../mailbox/commands.ts";
import { type Contact, editContacts, mailDirectoryPath } from "../../mailbox/mod.ts";
import { ensureMailDirectory } from "../../mailbox/mod.ts";
import type { Action, CommonFlags } from "../command.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { escapeText } from "../terminal.ts";

type Edit = (contacts: readonly Contact[], who: string, atMs: number) => Edited;

/** A command that changes one contact and says so. */
function change(done: string, edit: Edit): { readonly default: Action<CommonFlags, [string]> } {
  async function run(this: Invocation, flags: CommonFlags, who: string): Promise<void> {
    const { runtime } = this.cli;
    const loaded = await loadConfiguration(this.cli, flags);
    await requireWorkDirectory(runtime.files, loaded.directory);
    await ensureMailDirectory(runtime, loaded.directory);
    const atMs = runtime.clock.wallMs();
    const contact = await editContacts(
      runtime,
      mailDirectoryPath(loaded.directory),
      (contacts) => edit(contacts, who.trim(), atMs),
    );
    runtime.process.standardOutput.write(`${done} ${escapeText(contact.name)} (${contact.node_id})\n`);
  }
  return { default: run };
}

/** The commands by name. */
export const changes = {
  block: change("blocked", (contacts, who, atMs) => blockContact(contacts, who, { blocked: true, atMs })),
  unblock: change("unblocked", (contacts, who, atMs) => blockContact(contacts, who, { blocked: false, atMs })),
  unseal: change(
    "plain messages allowed to",
    (contacts, who, atMs) => unsealContact(contacts, who, { unsealed: true, atMs }),
  ),
  seal: change(
    "plain messages no longer allowed to",
    (contacts, who, atMs) => unsealContact(contacts, who, { unsealed: false, atMs }),
  ),
  remove: change("removed", (contacts, who) => removeContact(contacts, who)),
};
