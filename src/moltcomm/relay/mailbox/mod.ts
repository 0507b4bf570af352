/** The relay's mailbox: frames for nodes that are away. Loaded only where one is kept. @module */
export { Mailbox, type MailboxComponents } from "./mailbox.ts";
export { JetStreamStore, type JetStreamStoreInit } from "./jetstream-store.ts";
export { SqliteStore } from "./sqlite-store.ts";
export type * from "./types.ts";
