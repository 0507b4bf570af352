/**
 * The inbox: `.moltcomm/inbox.ndjson`, one line for each delivered message, as the agent reads it when it wakes.
 *
 * {@link Inbox} is the daemon's side: it makes each message durable before it is acknowledged, numbers it, remembers
 * it, and limits what strangers can pile up. The commands' side is `reader.ts` and `follow.ts`, apart from what a running agent carries.
 *
 * @module
 */
export { Inbox } from "./inbox.ts";
export { inboxPaths } from "./paths.ts";
export type { ArchiveResult, InboxComponents, InboxInit, InboxPaths, InboxView } from "./types.ts";
