/**
 * Fleets of the real node with its mailbox in simulated worlds, and the checkers that watch them.
 *
 * `runMailFleet({ seed })` runs one world; the same seed gives the same run. Checkers, by the design's invariants: `lost`
 * (1), `twice` (2) and `seq` (3) are the inbox ledger's, which sees every acknowledgement leave and every line that an
 * operator takes away; `outbox` (4), `order` (5), `bounds` (7), `life` (8) and `whole` (10) have files of their own.
 *
 * @module
 */
export type { MailFleetInit } from "./mail-fleet.ts";
export { describeMailOptions, type MailOptions } from "./options.ts";
export { type MailOutcome, runMailFleet } from "./scenario.ts";
