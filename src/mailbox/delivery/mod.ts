/**
 * Outgoing mail, from the outbox to the recipient's answer: the journal that makes it durable, the dispatcher that sends it, and the
 * journal as the commands read it.
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
export { type Deliveries, readDeliveries, type ReadDeliveriesOptions } from "./read-deliveries.ts";
export { waitForDelivery, type WaitForDeliveryComponents, type WaitForDeliveryInit } from "./wait-for-delivery.ts";
