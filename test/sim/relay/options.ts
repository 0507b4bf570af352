/**
 * What one seed makes of a fleet with relays: that of a mail fleet, and who stands behind which router, how many relays there
 * are, and what some of them do instead of relaying.
 *
 * @module
 */
import { describeMailOptions, drawMailOptions, type MailOptions, NO_RATES } from "../mail/options.ts";
import { NO_FAULTS, type SeededRandom } from "../mod.ts";

/** What hostile clients do to relays. See `hostile-clients.ts`. */
export const HOSTILE_ACTS = [
  "flood",
  "nobody",
  "itself",
  "ids",
  "replay",
  "foreign",
  "deaf",
  "slow",
  "half",
  "garbage",
  "idle",
  "boxes",
] as const;
export type HostileAct = (typeof HOSTILE_ACTS)[number];

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
  /** Relays keep what comes for those that are away: so many messages for each. */
  readonly mailbox: { readonly framesPerNode: number } | undefined;
  /** Hosts sleep for minutes and more, one after the other. */
  readonly sleeps: boolean;
  /** What clients that nobody invited do; none of it: there are none. */
  readonly hostileActs: readonly HostileAct[];
  /** Kernels ask by themselves whether the far end of a connection is there. */
  readonly keepsAlive: boolean;
  /** Nodes know relays from manifests alone, which pin their identities. */
  readonly pins: boolean;
}

const MINUTE_MS = 60_000;
/** As many as the configuration has by default: more than any world sends. */
const MANY_FRAMES = 1_000;

/** No mailbox, nobody who sleeps or means harm, no manifest. */
export const NOTHING_WORSE = {
  mailbox: undefined,
  sleeps: false,
  hostileActs: [],
  keepsAlive: false,
  pins: false,
} as const;

const PEACEFUL = {
  unreadPerSenderMax: 1_000,
  troubles: ["cursor"],
  liars: [],
  faults: NO_FAULTS,
  sleeps: false,
  troubleMs: 2 * MINUTE_MS,
} as const;

/** Whether nothing is wrong but hostile clients, so that nobody else may notice anything. */
export function isPeaceful({ faults, hostileActs, liars, sleeps, troubles }: RelayOptions): boolean {
  const isQuiet = troubles.every((trouble) => trouble === "cursor") && faults === NO_FAULTS;
  return hostileActs.length > 0 && liars.length === 0 && !sleeps && isQuiet;
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
  return drawWorse(random, drawPlain(random));
}

/** What relays and nodes can meet beside routers and lies. */
function drawWorse(random: SeededRandom, options: RelayOptions): RelayOptions {
  const sleeps = random.chance(0.3);
  const isPeaceful = random.chance(0.3);
  const hostileActs = random.chance(0.4) ? HOSTILE_ACTS.filter(() => random.chance(0.4)) : [];
  const worse: RelayOptions = {
    ...options,
    mailbox: random.chance(0.5)
      ? { framesPerNode: random.pick([MANY_FRAMES, MANY_FRAMES, MANY_FRAMES, 3]) }
      : undefined,
    sleeps,
    hostileActs,
    keepsAlive: random.chance(0.5),
    pins: random.chance(0.35),
    ...sleeps
      ? { troubleMs: random.integer(15, 60) * MINUTE_MS, editMs: [2_000, 120_000], pauseMs: [10_000, 120_000] }
      : {},
  };
  // Where nothing else is wrong, nobody may notice that somebody is hostile.
  return hostileActs.length > 0 && isPeaceful ? { ...worse, ...PEACEFUL } : worse;
}

function drawPlain(random: SeededRandom): RelayOptions {
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
    ...NOTHING_WORSE,
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
export function describeRelayOptions({ liars, mailbox, hostileActs, ...rest }: RelayOptions): string {
  const told = liars.map((lies) =>
    Object.entries(lies).filter(([, rate]) => rate > 0).map(([name, rate]) => `${name}:${Number(rate).toFixed(3)}`)
  );
  const box = mailbox === undefined ? "none" : String(mailbox.framesPerNode);
  return `mailbox=${box} hostile=${hostileActs.join("+")} liars=[${told.map((each) => each.join(" ")).join(" | ")}] ${
    describeMailOptions(rest)
  }`;
}
