/**
 * The mailbox: the files by which an agent that sleeps reads and writes, as the daemon looks after them. What the commands need besides is
 * in `commands.ts`.
 *
 * @module
 */
export { agentNamedBy, idForAgent, recipientOf } from "./agent-address.ts";
export { type Contact, editContacts, isContactName, readContacts } from "./contact-file.ts";
export { Contacts, type ContactsComponents } from "./contacts.ts";
export { type ArchiveResult, Inbox, inboxPaths } from "./inbox/mod.ts";
export { Mailbox, type MailboxComponents, type MailboxInit, type MailboxView } from "./mailbox.ts";
export { ensureMailDirectory, mailDirectoryPath } from "./mail-directory.ts";
export * from "./types.ts";
