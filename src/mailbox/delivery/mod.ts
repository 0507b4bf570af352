/**
 * Outgoing mail, from the outbox to the recipient's answer: the journal that makes it durable, and the dispatcher that sends it. The
 * journal as the commands read it is in `read-deliveries.ts` and `wait-for-delivery.ts`.
 *
 * @module
 */
export { Dispatcher, type DispatcherComponents, type DispatcherInit } from "./dispatcher.ts";
export type { DispatcherView } from "./dispatcher-view.ts";
export {
  DeliveryJournal,
  type DeliveryJournalComponents,
  type DeliveryJournalInit,
  type JournalView,
} from "./journal.ts";
export type { OfferedMessage, PendingMessage } from "./pending-message.ts";
