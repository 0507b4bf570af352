/** Relays, seen from the nodes that are found at them and reach others over them. @module */
export { DialBack } from "./dial-back.ts";
export { hasMailbox } from "./mailboxes.ts";
export { Reachability } from "./reachability.ts";
export { Relays, type RelaysComponents, type RelaysInit } from "./relays.ts";
export { Ways } from "./ways.ts";
export type * from "./types.ts";
