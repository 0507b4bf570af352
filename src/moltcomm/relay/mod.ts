/** The relay: how nodes that cannot be dialled are reached. Loaded only where one runs. @module */
export { addMember, MemberList, type MemberListInit } from "./members.ts";
export { createRelay } from "./relay.ts";
export type * from "./types.ts";

/** The mailbox's own code, which a relay without one never loads. */
export function loadMailbox(): Promise<typeof import("./mailbox/mod.ts")> {
  return import("./mailbox/mod.ts");
}
