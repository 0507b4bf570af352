/**
 * One run of a fleet with relays: the life of a mail fleet, with more between its hosts.
 *
 * @module
 */
import { liveMail } from "../mail/scenario.ts";
import { RelayFleet, type RelayFleetInit } from "./relay-fleet.ts";

/** What a run came to. */
export interface RelayOutcome {
  readonly fleet: RelayFleet;
  readonly simulatedMs: number;
  readonly traceHash: string;
}

/** Runs one seed to its end; what is wrong is in `fleet.record.violations`. */
export async function runRelayFleet(init: RelayFleetInit): Promise<RelayOutcome> {
  const fleet = new RelayFleet(init);
  return { fleet, ...await liveMail(fleet) };
}
