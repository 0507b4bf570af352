/**
 * What one seed makes of a mail fleet: its size, its settings, what its agents write, and the trouble it meets.
 *
 * Swarm options, as in the status fleet: each trouble is there in about half of the worlds.
 *
 * @module
 */
import { HOST_TROUBLES } from "../fleet/host-troubles.ts";
import { type CrashOutcome, drawFaults, type Faults, NO_FAULTS, type Range, type SeededRandom } from "../mod.ts";

/**
 * What a mail fleet can meet. `inbox`: an operator deletes or replaces it; `archive`: asks for it; `readOnly`: a
 * directory that cannot be written; `cursor`: rubbish in it.
 */
export const MAIL_TROUBLES = [...HOST_TROUBLES, "inbox", "archive", "readOnly", "cursor"] as const;
/** `router`: the router in front of a host forgets its connections; of no effect where there is none, so it is drawn where there are. */
export type MailTrouble = (typeof MAIL_TROUBLES)[number] | "router";

/** What the proxy in front of some hosts does to a frame that passes, each with this probability. */
export interface ProxyRates {
  readonly drop: number;
  readonly duplicate: number;
  /** The frame goes after the one behind it. */
  readonly swap: number;
  /** Another frame, seen before, goes in between. */
  readonly replay: number;
  /** The sender gets a forged answer. */
  readonly forge: number;
  readonly cut: number;
  /** Stands still for up to 5 s. */
  readonly stall: number;
}

export interface MailOptions {
  readonly hostCount: number;
  /** How long trouble lasts, in simulated milliseconds. */
  readonly troubleMs: number;
  readonly troubles: readonly MailTrouble[];
  readonly pauseMs: Range;
  readonly lastsMs: Range;
  readonly jumpMsMax: number;
  readonly powerCutOutcome: CrashOutcome;
  readonly faults: Faults;
  /** Between two edits of one agent. */
  readonly editMs: Range;
  /** Edits of all agents together; the messages are the price of a world. */
  readonly editsMax: number;
  readonly unreadPerSenderMax: number;
  /** Hosts whose address is the proxy's: the first ones. */
  readonly proxiedCount: number;
  readonly proxy: ProxyRates;
  /** A hostile node is about. */
  readonly isHostile: boolean;
  readonly logLevel: "info" | "debug";
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** An honest proxy. */
export const NO_RATES: ProxyRates = { drop: 0, duplicate: 0, swap: 0, replay: 0, forge: 0, cut: 0, stall: 0 };

export function drawMailOptions(random: SeededRandom): MailOptions {
  const troubles: MailTrouble[] = MAIL_TROUBLES.filter(() => random.chance(0.4));
  const hostCount = random.pick([3, 3, 3, 4, 4, 5, 6]);
  return {
    hostCount,
    troubleMs: random.pick([30, 60, 60, 120, 240]) * SECOND_MS,
    troubles: troubles.length === 0 ? ["kill"] : troubles,
    pauseMs: random.pick([[200, 3_000], [500, 8_000], [2_000, 20_000]]),
    lastsMs: random.pick([[100, 2_000], [1_000, 10_000], [5_000, 60_000]]),
    jumpMsMax: random.pick([20 * MINUTE_MS, 3 * HOUR_MS, 10 * 24 * HOUR_MS]),
    powerCutOutcome: random.pick(["drawn", "torn", "lost"]),
    faults: random.chance(0.4) ? NO_FAULTS : drawFaults(random),
    editMs: random.pick([[100, 3_000], [1_000, 10_000], [5_000, 20_000]]),
    editsMax: random.integer(10, 30),
    unreadPerSenderMax: random.pick([1_000, 1_000, 3]),
    proxiedCount: random.chance(0.5) ? 0 : random.integer(1, hostCount),
    proxy: random.chance(0.2) ? NO_RATES : drawRates(random),
    isHostile: random.chance(0.4),
    logLevel: random.pick(["info", "debug"]),
  };
}

function drawRates(random: SeededRandom): ProxyRates {
  const rate = (most: number): number => random.chance(0.5) ? 0 : most * random.unit() ** 2;
  return {
    drop: rate(0.2),
    duplicate: rate(0.5),
    swap: rate(0.5),
    replay: rate(0.5),
    forge: rate(0.5),
    cut: rate(0.1),
    stall: rate(0.1),
  };
}

/** On one line, for whoever replays the seed. */
export function describeMailOptions({ faults, proxy, troubles, ...rest }: MailOptions): string {
  const list = (fields: object): string =>
    Object.entries(fields).map(([name, value]) => `${name}:${String(value)}`).join(" ");
  const fields = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
  return `${fields.join(" ")} troubles=${troubles.join("+")} proxy=${list(proxy)} faults=${list(faults.disk)} ${
    list(faults.network)
  }`;
}
