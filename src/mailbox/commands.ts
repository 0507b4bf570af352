/**
 * The mailbox as the commands of the host use it: preparing a work directory, reading what the daemon writes, editing contacts. A second
 * door beside `mod.ts`, because the start of an agent should not carry what it does not run.
 *
 * @module
 */
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
export { type Deliveries, readDeliveries } from "./delivery/read-deliveries.ts";
export { waitForDelivery } from "./delivery/wait-for-delivery.ts";
export { takeSectionOut } from "./heartbeat/edit.ts";
export {
  ensureHeartbeatSection,
  examineHeartbeat,
  type HeartbeatFound,
  type HeartbeatPlaced,
  type HeartbeatTaken,
  mendHeartbeatFile,
  removeHeartbeatSection,
} from "./heartbeat/heartbeat-file.ts";
export { findSection } from "./heartbeat/markers.ts";
export { mendSection } from "./heartbeat/mend.ts";
export { absoluteSection, HEARTBEAT_SECTION } from "./heartbeat/section.ts";
export { followInbox } from "./inbox/follow.ts";
export { acknowledge, type InboxReading, type ReaderPlace, readInbox, type SenderSummary } from "./inbox/reader.ts";
export { RejectionFinder } from "./outbox/rejection-finder.ts";
export { readTold, rememberScratch, type Told } from "./preparation/manifest.ts";
export { type IdentityKeeper, type PreparationComponents, prepareForMail } from "./preparation/prepare.ts";
export { removePreparation, removeUnreadSection } from "./preparation/remove.ts";
export { attemptStep, type Step, type StepOutcome } from "./preparation/step.ts";
