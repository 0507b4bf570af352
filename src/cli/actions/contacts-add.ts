import { readAddress } from "../../address.ts";
import {
  formatPeerAddress,
  isInvitation,
  isNodeId,
  parseInvitation,
  PEER_ADDRESS_WANTED,
  readPeerAddress,
} from "../../contract/mod.ts";
import { addContact } from "../../mailbox/commands.ts";
import { editContacts, ensureMailDirectory, mailDirectoryPath } from "../../mailbox/mod.ts";
import { fingerprintOf } from "../../moltcomm/mod.ts";
import type { ContactsAddFlags } from "../commands/contacts.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { usageError } from "../failure.ts";
import { ownNodeId } from "../mail/identity.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { escapeText } from "../terminal.ts";

export default async function add(this: Invocation, flags: ContactsAddFlags, who: string): Promise<void> {
  const { runtime } = this.cli;
  const { nodeId, name: ownName, addresses: told } = readWho(who);
  const name = flags.name ?? ownName;
  if (name === undefined) throw usageError("Add a contact", "no name", "one with --name NAME");
  const addresses = flags.address === undefined ? told : flags.address.map(checkedAddress);
  const loaded = await loadConfiguration(this.cli, flags);
  await requireWorkDirectory(runtime.files, loaded.directory);
  if (await ownNodeId(runtime, loaded) === nodeId) {
    throw usageError("Add a contact", "this host's own node id", "another host's");
  }
  await ensureMailDirectory(runtime, loaded.directory);
  const atMs = runtime.clock.wallMs();
  const { contact, isNew } = await editContacts(
    runtime,
    mailDirectoryPath(loaded.directory),
    (contacts) => addContact(contacts, { name, nodeId, addresses, atMs }),
  );
  const done = isNew ? "added" : "updated";
  runtime.process.standardOutput.write(
    `${done} ${escapeText(contact.name)} (${nodeId}), fingerprint ${fingerprintOf(nodeId)}\n`,
  );
}

function readWho(
  who: string,
): { readonly nodeId: string; readonly name?: string; readonly addresses: readonly string[] } {
  if (isInvitation(who)) return parseInvitation(who);
  const nodeId = who.trim();
  if (isNodeId(nodeId)) return { nodeId, addresses: [] };
  const hint = "barnacle id shows both on the other host";
  throw usageError("Add a contact", JSON.stringify(who), "an invitation (moltcomm:…) or a node id (ed25519:…)", hint);
}

/** A bare HOST:PORT is taken for tcp, as in the configuration. */
function checkedAddress(text: string): string {
  const bare = readAddress(text);
  const address = readPeerAddress(text) ?? (bare === undefined ? undefined : { scheme: "tcp" as const, ...bare });
  if (address === undefined || address.port === 0) {
    throw usageError("Read --address", JSON.stringify(text), PEER_ADDRESS_WANTED);
  }
  return formatPeerAddress(address);
}
