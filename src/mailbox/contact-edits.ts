/**
 * Changes of the contacts, as functions from one list to the next, for `editContacts`.
 *
 * @module
 */
import { isNodeId } from "../contract/mod.ts";
import { BarnacleError } from "../errors.ts";
import {
  type Contact,
  CONTACT_ADDRESSES_MAX,
  CONTACT_NAME_WANTED,
  CONTACTS_MAX,
  isContactName,
  nameKey,
} from "./contact-file.ts";

/** The contacts after a change, and the one it was about. */
export interface Edited<Result = Contact> {
  readonly contacts: readonly Contact[];
  readonly result: Result;
}

/** Somebody to take up. */
export interface NewContact {
  readonly name: string;
  readonly nodeId: string;
  readonly addresses: readonly string[];
  /** Unix milliseconds. */
  readonly atMs: number;
}

const BLOCKED_NAME_CHARACTERS = 8;

/** The contact of that name, in any case, or of that node id. */
export function findContact(contacts: readonly Contact[], nameOrId: string): Contact | undefined {
  const key = nameKey(nameOrId);
  return contacts.find(({ name, node_id }) => node_id === nameOrId || nameKey(name) === key);
}

/**
 * Takes somebody up. A contact of the same name and node id gets the new addresses, in place of the old ones where there are any.
 *
 * @throws `CONTACT_EXISTS` when the name or the node id belongs to another contact, `USAGE` when the name is none
 */
export function addContact(
  contacts: readonly Contact[],
  added: NewContact,
): Edited<{ contact: Contact; isNew: boolean }> {
  const name = checkedName(added.name);
  const byName = contacts.find((contact) => nameKey(contact.name) === nameKey(name));
  const byId = contacts.find((contact) => contact.node_id === added.nodeId);
  if (byId !== undefined && byId === byName) {
    const contact = { ...byId, addresses: added.addresses.length === 0 ? byId.addresses : limited(added.addresses) };
    return { contacts: replaced(contacts, byId, contact), result: { contact, isNew: false } };
  }
  if (byId !== undefined) {
    throw exists(
      `${added.nodeId}, which is ${quote(byId.name)} already`,
      `barnacle contacts rename ${quote(byId.name)} NAME`,
    );
  }
  if (byName !== undefined) {
    throw exists(`the name ${quote(name)}, which is ${byName.node_id}`, "give another one with --name NAME");
  }
  if (contacts.length >= CONTACTS_MAX) throw exists(`${contacts.length} contacts`, "remove some of them first");
  const contact: Contact = {
    name,
    node_id: added.nodeId,
    addresses: limited(added.addresses),
    blocked: false,
    added_ts: added.atMs,
  };
  return { contacts: [...contacts, contact], result: { contact, isNew: true } };
}

/** Gives a contact another name. @throws `CONTACT_UNKNOWN`, `CONTACT_EXISTS`, `USAGE` when the name is none */
export function renameContact(contacts: readonly Contact[], nameOrId: string, newName: string): Edited {
  const contact = knownContact(contacts, nameOrId);
  const name = checkedName(newName);
  const other = contacts.find((each) => each !== contact && nameKey(each.name) === nameKey(name));
  if (other !== undefined) throw exists(`the name ${quote(name)}, which is ${other.node_id}`, "choose another one");
  const renamed = { ...contact, name };
  return { contacts: replaced(contacts, contact, renamed), result: renamed };
}

/**
 * Blocks a contact, or a node id that is none yet, which is then taken up under a name made of it; or admits it again.
 *
 * @throws `CONTACT_UNKNOWN` for a name that is nobody's
 */
export function blockContact(
  contacts: readonly Contact[],
  nameOrId: string,
  { blocked, atMs }: { readonly blocked: boolean; readonly atMs: number },
): Edited {
  if (blocked && isNodeId(nameOrId) && findContact(contacts, nameOrId) === undefined) {
    const added = addContact(contacts, {
      name: nameForBlocked(contacts, nameOrId),
      nodeId: nameOrId,
      addresses: [],
      atMs,
    });
    return blockContact(added.contacts, nameOrId, { blocked, atMs });
  }
  const contact = knownContact(contacts, nameOrId);
  if (contact.blocked === blocked) return { contacts, result: contact };
  const changed = { ...contact, blocked };
  return { contacts: replaced(contacts, contact, changed), result: changed };
}

/**
 * Allows plain messages to a contact that once took sealed ones, until it announces sealing again; or takes that back. A node id that
 * is no contact yet is taken up for it, as by `blockContact`.
 *
 * @throws `CONTACT_UNKNOWN` for a name that is nobody's
 */
export function unsealContact(
  contacts: readonly Contact[],
  nameOrId: string,
  { unsealed, atMs }: { readonly unsealed: boolean; readonly atMs: number },
): Edited {
  if (unsealed && isNodeId(nameOrId) && findContact(contacts, nameOrId) === undefined) {
    const added = addContact(contacts, {
      name: freeName(contacts, undefined, nameOrId),
      nodeId: nameOrId,
      addresses: [],
      atMs,
    });
    return unsealContact(added.contacts, nameOrId, { unsealed, atMs });
  }
  const contact = knownContact(contacts, nameOrId);
  const { unsealed_ts: _before, ...others } = contact;
  const changed = unsealed ? { ...others, unsealed_ts: atMs } : others;
  return { contacts: replaced(contacts, contact, changed), result: changed };
}

/** Forgets a contact. @throws `CONTACT_UNKNOWN` */
export function removeContact(contacts: readonly Contact[], nameOrId: string): Edited {
  const contact = knownContact(contacts, nameOrId);
  return { contacts: contacts.filter((each) => each !== contact), result: contact };
}

/** A name for somebody who brings one along: his own where it can be used and is free, else one with a part of his node id. */
export function freeName(contacts: readonly Contact[], wanted: string | undefined, nodeId: string): string {
  const plain = wanted?.trim() ?? "";
  const isFree = (name: string) => contacts.every((contact) => nameKey(contact.name) !== nameKey(name));
  if (isContactName(plain) && isFree(plain)) return plain;
  const letters = nodeId.slice("ed25519:".length).replaceAll(/[-_]/g, "");
  const stem = isContactName(plain) ? plain.slice(0, 40).trimEnd() : "node";
  for (let length = BLOCKED_NAME_CHARACTERS; length < letters.length; length++) {
    const name = `${stem}-${letters.slice(0, length)}`;
    if (isContactName(name) && isFree(name)) return name;
  }
  return `node-${letters}`;
}

function nameForBlocked(contacts: readonly Contact[], nodeId: string): string {
  return freeName(contacts, undefined, nodeId);
}

function knownContact(contacts: readonly Contact[], nameOrId: string): Contact {
  const contact = findContact(contacts, nameOrId);
  if (contact === undefined) throw unknownContact(nameOrId);
  return contact;
}

/** Nobody of that name is known. */
export function unknownContact(nameOrId: string): BarnacleError {
  return new BarnacleError({
    code: "CONTACT_UNKNOWN",
    action: "Find a contact",
    value: quote(nameOrId),
    wanted: "the name or node id of a contact",
    hint: "barnacle contacts list shows them; barnacle contacts add takes up another",
  });
}

function checkedName(name: string): string {
  if (isContactName(name)) return name;
  throw new BarnacleError({
    code: "USAGE",
    action: "Name a contact",
    value: quote(name),
    wanted: CONTACT_NAME_WANTED,
    hint: "choose a name with --name NAME",
  });
}

function limited(addresses: readonly string[]): readonly string[] {
  return [...new Set(addresses)].slice(0, CONTACT_ADDRESSES_MAX);
}

function replaced(contacts: readonly Contact[], old: Contact, next: Contact): readonly Contact[] {
  return contacts.map((contact) => contact === old ? next : contact);
}

function exists(value: string, hint: string): BarnacleError {
  return new BarnacleError({
    code: "CONTACT_EXISTS",
    action: "Add a contact",
    value,
    wanted: "a new name and a new node id",
    hint,
  });
}

function quote(text: string): string {
  return JSON.stringify(text);
}
