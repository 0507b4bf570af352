/**
 * Whom a word on the command line means.
 *
 * @module
 */
import { type Invitation, isInvitation, isNodeId, parseInvitation } from "../../contract/mod.ts";
import type { LoadedConfig } from "../../config/mod.ts";
import {
  addContact,
  findContact,
  freeName,
  mailDirectoryPath,
  readContacts,
  unknownContact,
} from "../../mailbox/mod.ts";
import { editContacts, ensureMailDirectory } from "../../mailbox/mod.ts";
import type { Runtime } from "../../runtime/port.ts";

/** Somebody to write to or to ask about. */
export interface Recipient {
  readonly nodeId: string;
  /** What this host calls it, or what it calls itself. */
  readonly name?: string;
  /** The invitation it was named by. */
  readonly invitation?: Invitation;
}

/**
 * Whom a contact's name, a node id or an invitation means.
 *
 * @throws `CONTACT_UNKNOWN`, `INVITATION_INVALID`; `CONFIG_INVALID` when the contacts are needed and broken
 */
export async function readRecipient(runtime: Runtime, loaded: LoadedConfig, text: string): Promise<Recipient> {
  if (isInvitation(text)) {
    const invitation = parseInvitation(text);
    const { nodeId, name } = invitation;
    return { nodeId, ...(name === undefined ? {} : { name }), invitation };
  }
  const word = text.trim();
  if (isNodeId(word)) return { nodeId: word };
  const contact = findContact(await readContacts(runtime.files, mailDirectoryPath(loaded.directory)), word);
  if (contact === undefined) throw unknownContact(text);
  return { nodeId: contact.node_id, name: contact.name };
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
