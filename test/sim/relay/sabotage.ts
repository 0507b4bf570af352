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
import { NO_LIES, type RelayOptions } from "./options.ts";
import { RELAY_PORT } from "./relay-fleet.ts";

export interface BrokenRelayBuild {
  readonly what: string;
  readonly caughtBy: CheckerName;
  readonly sabotage: Sabotage;
  /** The world in which it shows, beside {@link QUIET_RELAYS}. */
  readonly options?: Partial<RelayOptions>;
  /** Default: 1. */
  readonly seed?: number;
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
};

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
    seed: 2,
    sabotage: onRole("agent", (runtime, host) => ({
      ...runtime,
      network: rewire(runtime.network, saysNothingOfOrder(runtime, host)),
    })),
  },
  {
    what: "a node that believes answers that the recipient did not sign",
    caughtBy: "outbox",
    options: { ...LYING, liars: [{ ...NO_LIES, forge: 0.5, dropMail: 0.5 }] },
    sabotage: onRole("agent", (runtime) => ({
      ...runtime,
      crypto: { ...runtime.crypto, ed25519Verifier: () => () => true },
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
    sabotage: onRole("relay", (runtime) => ({ ...runtime, clock: leakTimers(runtime.clock) })),
  },
];

function onRole(broken: Role, change: (runtime: Runtime, host: SimHost) => Runtime): Sabotage {
  return (runtime, role, host) => role === broken ? change(runtime, host) : runtime;
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
