/**
 * The inbox: `.moltcomm/inbox.ndjson`, one line for each delivered message, as the agent reads it when it wakes.
 *
 * {@link Inbox} is the daemon's side: it makes each message durable before it is acknowledged, numbers it, remembers
 * it, and limits what strangers can pile up. {@link readInbox} and its neighbours are the commands' side.
 *
 * @module
 */
export { followInbox, type FollowInit } from "./follow.ts";
export { Inbox } from "./inbox.ts";
export { inboxPaths } from "./paths.ts";
export { acknowledge, type InboxReading, type ReaderPlace, readInbox, type SenderSummary } from "./reader.ts";
export type { ArchiveResult, InboxComponents, InboxInit, InboxPaths, InboxView } from "./types.ts";
