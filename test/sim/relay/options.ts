/**
 * What one seed makes of a fleet with relays: that of a mail fleet, and who stands behind which router, how many relays there
 * are, and what some of them do instead of relaying.
 *
 * @module
 */
import { describeMailOptions, drawMailOptions, type MailOptions, NO_RATES } from "../mail/options.ts";
import type { SeededRandom } from "../mod.ts";

/** What a lying relay does to a frame, each with this probability. */
export interface Lies {
  readonly drop: number;
  /** The same for mail alone: who only looks whether it is there sees nothing wrong. */
  readonly dropMail: number;
  readonly dropAnswers: number;
  readonly duplicate: number;
  /** The frame goes after the one behind it. */
  readonly swap: number;
  /** Another frame, seen before by any of the liars, goes in between. */
  readonly replay: number;
  readonly corrupt: number;
  /** The frame comes later, up to two minutes. */
  readonly withhold: number;
  /** Its sender hears that the recipient is not there. */
  readonly unreachable: number;
  /** Its sender gets forged answers; so it does where the frame is passed on. */
  readonly forge: number;
  /** Of each `HELLO` for the relay: somebody else answers it. */
  readonly impersonate: number;
  /** Of each `HELLO` for the relay: it is played again to an honest relay. */
  readonly replayHello: number;
}

export interface RelayOptions extends MailOptions {
  readonly honestCount: number;
  /** What each of the others does. */
  readonly liars: readonly Lies[];
  readonly relayConnections: number;
  /** Hosts behind routers: the last ones. */
  readonly hiddenCount: number;
  readonly routerCount: number;
  /** Everybody's contacts name all relays; else all know the first host, which can be dialled. */
  readonly knowsRelays: boolean;
  readonly sealing: "off" | "auto" | "required";
  /** The liars do not stop when all other trouble does. Everybody is found at an honest relay, too, then. */
  readonly liesToTheEnd: boolean;
}

export const NO_LIES: Lies = {
  drop: 0,
  dropMail: 0,
  dropAnswers: 0,
  duplicate: 0,
  swap: 0,
  replay: 0,
  corrupt: 0,
  withhold: 0,
  unreachable: 0,
  forge: 0,
  impersonate: 0,
  replayHello: 0,
};

export function drawRelayOptions(random: SeededRandom): RelayOptions {
  const mail = drawMailOptions(random);
  const troubles = [...mail.troubles, ...(random.chance(0.4) ? ["router" as const] : [])];
  const honestCount = random.pick([1, 1, 2, 2, 3]);
  const liars = Array.from({ length: random.pick([0, 0, 1, 1, 2]) }, () => drawLies(random));
  const relayConnections = random.chance(0.4) ? honestCount + liars.length : random.integer(1, 2);
  const knowsRelays = random.chance(0.7);
  return {
    ...mail,
    troubles,
    troubleMs: mail.troubleMs + 60_000,
    // A proxy, and a hostile node that dials, are the mail fleet's; here relays stand in between.
    proxiedCount: 0,
    proxy: NO_RATES,
    isHostile: false,
    honestCount,
    liars,
    relayConnections,
    hiddenCount: knowsRelays ? random.integer(1, mail.hostCount) : mail.hostCount - 1,
    routerCount: random.integer(1, mail.hostCount),
    knowsRelays,
    sealing: random.pick(["off", "auto", "auto", "required"]),
    liesToTheEnd: relayConnections > liars.length && random.chance(0.6),
  };
}

/** One liar: often with one lie that it always tells, else with some that it tells now and then. */
function drawLies(random: SeededRandom): Lies {
  const names = Object.keys(NO_LIES);
  if (random.chance(0.4)) return { ...NO_LIES, [random.pick(names)]: 1 };
  const rates = names.map((name) => [name, random.chance(0.5) ? 0 : 0.5 * random.unit() ** 2]);
  return { ...NO_LIES, ...Object.fromEntries(rates) as Partial<Lies> };
}

/** On one line, for whoever replays the seed. */
export function describeRelayOptions({ liars, ...rest }: RelayOptions): string {
  const told = liars.map((lies) =>
    Object.entries(lies).filter(([, rate]) => rate > 0).map(([name, rate]) => `${name}:${Number(rate).toFixed(3)}`)
  );
  return `liars=[${told.map((each) => each.join(" ")).join(" | ")}] ${describeMailOptions(rest)}`;
}
