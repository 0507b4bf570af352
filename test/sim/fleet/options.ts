/**
 * What one seed makes of a fleet: its size, its settings and the trouble it meets.
 *
 * Swarm options: each trouble is there in about half of the worlds and missing in the others, because a fleet that
 * meets everything at once never reaches what only long quiet, or one trouble alone, brings out.
 *
 * @module
 */
import { type CrashOutcome, drawFaults, type Faults, NO_FAULTS, type Range, type SeededRandom } from "../mod.ts";
import { HOST_TROUBLES } from "./host-troubles.ts";

/** What a fleet can meet. */
export const TROUBLES = [...HOST_TROUBLES, "registration", "report"] as const;
export type Trouble = (typeof TROUBLES)[number];

export interface FleetOptions {
  readonly agentCount: number;
  readonly intervalSeconds: number;
  readonly signsRequests: boolean;
  readonly logLevel: "info" | "debug";
  /** Instances of no real agent that publish in bursts, so that the hub's writes take more than one slice; often 0. */
  readonly crowdCount: number;
  /** How long trouble lasts, in simulated milliseconds. */
  readonly troubleMs: number;
  readonly troubles: readonly Trouble[];
  readonly pauseMs: Range;
  readonly lastsMs: Range;
  readonly jumpMsMax: number;
  readonly powerCutOutcome: CrashOutcome;
  readonly faults: Faults;
}

const MINUTE_MS = 60_000;

export function drawFleetOptions(random: SeededRandom): FleetOptions {
  const troubles = TROUBLES.filter(() => random.chance(0.5));
  return {
    agentCount: random.integer(2, 4),
    intervalSeconds: random.pick([5, 30, 30, 60, 120]),
    signsRequests: random.chance(0.3),
    logLevel: random.pick(["info", "debug"]),
    crowdCount: random.chance(0.2) ? random.integer(260, 600) : 0,
    troubleMs: random.integer(5, 30) * MINUTE_MS,
    troubles: troubles.length === 0 ? ["kill"] : troubles,
    pauseMs: random.pick([[500, 10_000], [1_000, 60_000], [10_000, 240_000]]),
    lastsMs: random.pick([[100, 5_000], [1_000, 60_000], [1_000, 400_000]]),
    jumpMsMax: random.pick([30_000, 10 * MINUTE_MS, 120 * MINUTE_MS]),
    powerCutOutcome: random.pick(["drawn", "torn", "lost"]),
    faults: random.chance(0.3) ? NO_FAULTS : drawFaults(random),
  };
}

/** On one line, for whoever replays the seed. */
export function describeOptions({ faults, troubles, ...rest }: FleetOptions): string {
  const fields = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
  const { disk, network } = faults;
  const kinds = [...Object.entries(disk), ...Object.entries(network)].map(([name, value]) =>
    `${name}:${String(value)}`
  );
  return `${fields.join(" ")} troubles=${troubles.join("+")} faults=${kinds.join(" ")}`;
}
