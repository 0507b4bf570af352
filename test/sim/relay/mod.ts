/**
 * Fleets whose hosts find each other at relays, some of which lie, and the checkers that watch them.
 *
 * `runRelayFleet({ seed })` runs one world; the same seed gives the same run. Beside those of the mail fleet there are `found`,
 * which is `presence.ts`, and `sealed`, which is in `taps.ts`; and `whole` asks that all mail arrives even where liars lie to the
 * end, as long as an honest relay is among those of everybody's.
 *
 * @module
 */
export type { RelayFleetInit } from "./relay-fleet.ts";
export { describeRelayOptions, type RelayOptions } from "./options.ts";
export { type RelayOutcome, runRelayFleet } from "./scenario.ts";
