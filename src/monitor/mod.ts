/**
 * The Monitor of a host: measures it, answers the OpenClaw side on the bridge, reports to a backend. Source: the Monitor's contract.
 *
 * Nothing here is about the other side of the bridge, which asks a Monitor that is already there.
 *
 * @module
 */
export { describeOccupant, identifyOccupant, type Occupant } from "./bridge/occupant.ts";
export { createMonitor } from "./monitor.ts";
export type { Monitor, MonitorComponents, MonitorInit } from "./types.ts";
