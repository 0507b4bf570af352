/**
 * Fleets of the real agent and hub in simulated worlds, and the checkers that watch them.
 *
 * `runFleet({ seed })` runs one world; the same seed gives the same run. Each checker has a file in `checkers/`, and
 * names what it found; `secrets` looks at every text as it is written, `durability` right after each kill of the hub.
 *
 * @module
 */
export type { Sabotage } from "./crew.ts";
export type { FleetInit } from "./fleet.ts";
export { describeOptions, type FleetOptions } from "./options.ts";
export type { CheckerName, Violation } from "./record.ts";
export { type FleetOutcome, runFleet } from "./scenario.ts";
