/** The mailbox: the files by which an agent that sleeps reads and writes. @module */
export { agentNamedBy, idForAgent, recipientOf } from "./agent-address.ts";
export {
  addContact,
  blockContact,
  type Edited,
  findContact,
  freeName,
  type NewContact,
  removeContact,
  renameContact,
  unknownContact,
  unsealContact,
} from "./contact-edits.ts";
export { type Contact, editContacts, isContactName, nameKey, readContacts } from "./contact-file.ts";
export { Contacts, type ContactsComponents } from "./contacts.ts";
export { type Deliveries, readDeliveries, waitForDelivery } from "./delivery/mod.ts";
export {
  ensureHeartbeatSection,
  examineHeartbeat,
  type HeartbeatFound,
  type HeartbeatPlaced,
  type HeartbeatTaken,
  mendHeartbeatFile,
  removeHeartbeatSection,
} from "./heartbeat/heartbeat-file.ts";
export { placeSection, takeSectionOut } from "./heartbeat/edit.ts";
export { findSection } from "./heartbeat/markers.ts";
export { mendSection } from "./heartbeat/mend.ts";
export { absoluteSection, HEARTBEAT_SECTION } from "./heartbeat/section.ts";
export {
  acknowledge,
  type ArchiveResult,
  followInbox,
  Inbox,
  inboxPaths,
  type InboxReading,
  type ReaderPlace,
  readInbox,
  type SenderSummary,
} from "./inbox/mod.ts";
export { RejectionFinder } from "./outbox/mod.ts";
export { Mailbox, type MailboxComponents, type MailboxInit, type MailboxView } from "./mailbox.ts";
export { ensureMailDirectory, mailDirectoryPath } from "./mail-directory.ts";
export { type IdentityKeeper, type PreparationComponents, prepareForMail } from "./preparation/prepare.ts";
export { readTold, rememberScratch, type Told } from "./preparation/manifest.ts";
export { removePreparation } from "./preparation/remove.ts";
export { attemptStep, type Step, type StepOutcome } from "./preparation/step.ts";
export * from "./types.ts";
