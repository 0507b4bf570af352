/**
 * Broken builds of nodes and relays: each does to one process's platform what a fault in Barnacle would come to, and the checker
 * named beside it has to notice.
 *
 * @module
 */
import { BarnacleError } from "../../../src/errors.ts";
import type { Draft } from "../../../src/moltcomm/wire/mod.ts";
import type { Network, Runtime } from "../../../src/runtime/port.ts";
import type { Sabotage } from "../fleet/crew.ts";
import type { CheckerName, Role } from "../fleet/record.ts";
import { endLater, leakTimers } from "../fleet/sabotage.ts";
import { makeFrame, readFrame } from "../mail/frames.ts";
import { rewire, type Wiring } from "../mail/rewiring.ts";
import { QUIET, signerOf } from "../mail/sabotage.ts";
import { NO_FAULTS, type SimHost } from "../mod.ts";
import {
  changeConnections,
  fromElsewhere,
  hideFrames,
  loseFrames,
  seeNoQueue,
  waitForAll,
} from "./broken-platforms.ts";
import { NO_LIES, NOTHING_WORSE, type RelayOptions } from "./options.ts";
import { RELAY_PORT } from "./relay-fleet.ts";

export interface BrokenRelayBuild {
  readonly what: string;
  readonly caughtBy: CheckerName;
  readonly sabotage: Sabotage;
  /** The world in which it shows, beside {@link QUIET_RELAYS}. */
  readonly options?: Partial<RelayOptions>;
  /** In so many worlds it must show once; default: in the first. */
  readonly seedsMax?: number;
}

/** A world in which only the broken build is wrong, as far as the table does not ask for more. */
export const QUIET_RELAYS: Partial<RelayOptions> = {
  ...QUIET,
  honestCount: 2,
  liars: [],
  relayConnections: 1,
  hiddenCount: 3,
  routerCount: 3,
  knowsRelays: true,
  sealing: "required",
  liesToTheEnd: false,
  ...NOTHING_WORSE,
};

/** Hosts sleep, and relays keep what comes for them. */
const SLEEPY = {
  mailbox: { framesPerNode: 1_000 },
  sleeps: true,
  hostCount: 5,
  hiddenCount: 5,
  routerCount: 5,
  honestCount: 1,
  editMs: [10_000, 60_000],
  editsMax: 120,
  troubleMs: 1_200_000,
} as const;
/** Messages are lost with connections while others are under way behind them. */
const LOSSY = {
  troubles: ["router"],
  pauseMs: [2_000, 8_000],
  editMs: [100, 600],
  editsMax: 300,
  honestCount: 1,
  sealing: "off",
  troubleMs: 90_000,
  faults: { ...NO_FAULTS, network: { ...NO_FAULTS.network, latencyMs: [20, 300] } },
} as const;
const LYING = { honestCount: 1, relayConnections: 2, liesToTheEnd: true, troubleMs: 120_000 } as const;
const PLAIN_EACH = 3;

export const BROKEN_RELAY_BUILDS: readonly BrokenRelayBuild[] = [
  {
    what: "a node that does not connect to a relay again",
    caughtBy: "found",
    options: { troubles: ["router"], pauseMs: [10_000, 20_000], honestCount: 1, troubleMs: 30_000 },
    sabotage: onRole("agent", (runtime) => ({ ...runtime, network: dialRelaysOnce(runtime.network) })),
  },
  {
    what: "a relay that hands on everything but mail",
    caughtBy: "whole",
    sabotage: onRole("relay", (runtime) => ({ ...runtime, network: rewire(runtime.network, loseMail) })),
  },
  {
    what: "a relay that logs what it reads",
    caughtBy: "sealed",
    options: { sealing: "off" },
    sabotage: onRole("relay", (runtime) => ({ ...runtime, network: rewire(runtime.network, logMail(runtime)) })),
  },
  {
    what: "a node that sends in plain now and then",
    caughtBy: "sealed",
    options: { sealing: "auto" },
    sabotage: onRole("agent", (runtime) => ({ ...runtime, network: rewire(runtime.network, sendPlain) })),
  },
  {
    what: "a relay that lets messages pass those that did not get there",
    caughtBy: "order",
    options: LOSSY,
    seedsMax: 12,
    sabotage: onRole("agent", (runtime, host) => ({
      ...runtime,
      network: rewire(runtime.network, saysNothingOfOrder(runtime, host)),
    })),
  },
  {
    what: "a node that believes answers that the recipient did not sign",
    caughtBy: "outbox",
    options: { ...LYING, liars: [{ ...NO_LIES, forge: 0.5, dropMail: 0.5 }] },
    sabotage: onRole("agent", believeAll),
  },
  {
    what: "a relay that says to keep what it has not written",
    caughtBy: "kept",
    options: SLEEPY,
    seedsMax: 6,
    sabotage: onRole("relay", (runtime) => ({ ...runtime, databases: loseFrames(runtime.databases) })),
  },
  {
    what: "a relay that does not hand over what it keeps",
    caughtBy: "kept",
    options: SLEEPY,
    seedsMax: 6,
    sabotage: onRole("relay", (runtime) => ({ ...runtime, databases: hideFrames(runtime.databases) })),
  },
  {
    what: "a node that believes whoever signs a manifest",
    caughtBy: "pinned",
    options: { pins: true, relayConnections: 3, troubleMs: 240_000 },
    seedsMax: 3,
    sabotage: onRole("agent", believeAll),
  },
  {
    what: "a relay that believes whoever says to be a node",
    caughtBy: "unharmed",
    options: { hostileActs: ["foreign"] },
    sabotage: onRole("relay", believeAll),
  },
  {
    what: "a relay that reads nobody while one does not read",
    caughtBy: "unharmed",
    options: { hostileActs: ["deaf"], honestCount: 1 },
    sabotage: onRole("relay", (runtime) => ({ ...runtime, network: waitForAll(runtime) })),
  },
  {
    what: "a relay that takes whatever it is sent for one that does not read",
    caughtBy: "bounds",
    options: { hostileActs: ["deaf"], honestCount: 1 },
    sabotage: onRole("relay", (runtime) => ({ ...runtime, network: changeConnections(runtime.network, seeNoQueue) })),
  },
  {
    what: "a relay that takes each connection for one from elsewhere",
    caughtBy: "bounds",
    options: { hostileActs: ["idle"], honestCount: 1 },
    sabotage: onRole("relay", (runtime) => ({
      ...runtime,
      network: changeConnections(runtime.network, (connection) => fromElsewhere(connection, runtime)),
    })),
  },
  {
    what: "a relay that a timer's error ends",
    caughtBy: "life",
    options: { troubleMs: 110_000 },
    sabotage: onRole("relay", endLater),
  },
  {
    what: "a relay that forgets to cancel its timers",
    caughtBy: "bounds",
    seedsMax: 6,
    sabotage: onRole("relay", (runtime) => ({ ...runtime, clock: leakTimers(runtime.clock) })),
  },
];

function onRole(broken: Role, change: (runtime: Runtime, host: SimHost) => Runtime): Sabotage {
  return (runtime, role, host) => role === broken ? change(runtime, host) : runtime;
}

/** Every signature holds. */
function believeAll(runtime: Runtime): Runtime {
  return { ...runtime, crypto: { ...runtime.crypto, ed25519Verifier: () => () => true } };
}

/** The node's `HELLO`s, signed anew without a word on order: the relay does for it what it does for anybody. */
function saysNothingOfOrder({ crypto }: Runtime, host: SimHost): () => Wiring {
  return () => ({
    outgoing: (frame) => {
      const message = readFrame(frame);
      if (message?.t !== "HELLO") return [frame];
      const { id, to, ts, body } = message;
      const draft = { t: "HELLO", id, ts, body: { ...body, agent: "another/1" } } as Draft<"HELLO">;
      return [signerOf(host, crypto).frame(to === undefined ? draft : { ...draft, to })];
    },
  });
}

/** Of each relay the first connection is made, and no further one. */
function dialRelaysOnce(network: Network): Network {
  const dialled = new Set<string>();
  return {
    listen: (address, accept) => network.listen(address, accept),
    dial: async (address, handler, options) => {
      if (address.port === RELAY_PORT && dialled.has(address.host)) {
        throw new BarnacleError({ code: "CONNECTION_REFUSED", action: `Connect to ${address.host}` });
      }
      const connection = await network.dial(address, handler, options);
      dialled.add(address.host);
      return connection;
    },
  };
}

function loseMail(): Wiring {
  return { incoming: (frame) => readFrame(frame)?.t === "DIRECT" ? [] : [frame] };
}

function logMail({ process }: Runtime): () => Wiring {
  return () => ({
    incoming: (frame) => {
      const message = readFrame(frame);
      if (message?.t === "DIRECT") process.standardError.write(`handed on ${JSON.stringify(message.body)}\n`);
      return [frame];
    },
  });
}

/** Each third message of a connection goes in plain. */
function sendPlain(): Wiring {
  let count = 0;
  return {
    outgoing: (frame) => {
      const message = readFrame(frame);
      if (message?.t !== "DIRECT" || ++count % PLAIN_EACH !== 0) return [frame];
      return [makeFrame(JSON.stringify({ ...message, body: { msg: "<host0-0> in plain" } }))];
    },
  };
}
