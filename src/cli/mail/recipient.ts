/**
 * Whom a word on the command line means.
 *
 * @module
 */
import type { LoadedConfig } from "../../config/mod.ts";
import { type Invitation, isInvitation, isNodeId, parseInvitation } from "../../contract/mod.ts";
import { addContact, findContact, freeName, unknownContact } from "../../mailbox/commands.ts";
import { mailDirectoryPath, readContacts, recipientOf } from "../../mailbox/mod.ts";
import { editContacts, ensureMailDirectory } from "../../mailbox/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import { ownNodeId } from "./identity.ts";

/** Somebody to write to or to ask about. */
export interface Recipient {
  readonly nodeId: string;
  /** What this host calls it, or what it calls itself. */
  readonly name?: string;
  /** Which of several agents under this node id is meant. */
  readonly agent?: string;
  /** The invitation it was named by. */
  readonly invitation?: Invitation;
}

/**
 * Whom a contact's name, a node id or an invitation means; with `/AGENT` behind a name or an id, which of its agents. Nothing but that is
 * another agent under this host's own identity.
 *
 * @throws `CONTACT_UNKNOWN`, `INVITATION_INVALID`; `CONFIG_INVALID` when the contacts are needed and broken
 */
export async function readRecipient(runtime: Runtime, loaded: LoadedConfig, text: string): Promise<Recipient> {
  if (isInvitation(text)) {
    const invitation = parseInvitation(text);
    const { nodeId, name } = invitation;
    return { nodeId, ...(name === undefined ? {} : { name }), invitation };
  }
  const { agent, name: word } = recipientOf(text.trim());
  const named = agent === undefined ? {} : { agent };
  if (isNodeId(word)) return { nodeId: word, ...named };
  const own = word === "" && agent !== undefined ? await ownNodeId(runtime, loaded) : undefined;
  if (own !== undefined && agent !== undefined) return { nodeId: own, name: agent, agent };
  const contact = findContact(await readContacts(runtime.files, mailDirectoryPath(loaded.directory)), word);
  if (contact === undefined) throw unknownContact(text);
  return { nodeId: contact.node_id, name: contact.name, ...named };
}

/**
 * Takes up whom an invitation names, unless it is a contact already: the agent finds the addresses there.
 *
 * @returns the name it was given; `undefined` when it was known
 */
export async function takeUpInvited(
  runtime: Runtime,
  loaded: LoadedConfig,
  invitation: Invitation,
): Promise<string | undefined> {
  await ensureMailDirectory(runtime, loaded.directory);
  return await editContacts<string | undefined>(runtime, mailDirectoryPath(loaded.directory), (contacts) => {
    const { nodeId, addresses } = invitation;
    if (findContact(contacts, nodeId) !== undefined) return { contacts, result: undefined };
    const name = freeName(contacts, invitation.name, nodeId);
    const added = addContact(contacts, { name, nodeId, addresses, atMs: runtime.clock.wallMs() });
    return { contacts: added.contacts, result: name };
  });
}
