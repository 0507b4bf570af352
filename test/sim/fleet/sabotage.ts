/**
 * Broken builds: each does to one process's platform what a fault in Barnacle would come to, and the checker named
 * beside it has to notice.
 *
 * @module
 */
import type { Clock, Databases, HttpClient, Runtime, SqlDatabase } from "../../../src/runtime/port.ts";
import type { Sabotage } from "./crew.ts";
import type { FleetOptions } from "./options.ts";
import type { CheckerName } from "./record.ts";

export interface BrokenBuild {
  readonly what: string;
  readonly caughtBy: CheckerName;
  readonly sabotage: Sabotage;
  /** The world in which it shows, where it does not show in every one. */
  readonly options?: Partial<FleetOptions>;
}

const HOUR_MS = 3_600_000;
/** All but no jitter: with none at all a refused dial would be repeated without time passing. */
const UNIT = 0.002;
const CRASH_AFTER_MS = 100_000;

export const BROKEN_BUILDS: readonly BrokenBuild[] = [
  {
    what: "a hub that acknowledges and drops the flush",
    caughtBy: "durability",
    options: { troubles: ["kill"], lastsMs: [1_000, 60_000] },
    sabotage: (runtime, role) => role === "hub" ? { ...runtime, databases: dropCommits(runtime.databases) } : runtime,
  },
  {
    what: "an agent that counts publications as done and sends none",
    caughtBy: "convergence",
    sabotage: (runtime, role) => role === "agent" ? withFetch(runtime, sendNothing) : runtime,
  },
  {
    what: "an agent that logs its request with the key",
    caughtBy: "secrets",
    sabotage: (runtime, role) => role === "agent" ? withFetch(runtime, logRequests(runtime)) : runtime,
  },
  {
    what: "an agent that a timer's error ends",
    caughtBy: "life",
    sabotage: (runtime, role) => role === "agent" ? endLater(runtime) : runtime,
  },
  {
    what: "an agent whose backoff does not wait",
    caughtBy: "rate",
    options: { troubles: ["unplug"], pauseMs: [1_000, 10_000], lastsMs: [60_000, 400_000], intervalSeconds: 30 },
    sabotage: (runtime, role) =>
      role === "agent" ? { ...runtime, random: { ...bind(runtime.random), unit: () => UNIT } } : runtime,
  },
  {
    what: "an agent that forgets to cancel its timers",
    caughtBy: "bounds",
    sabotage: (runtime, role) => role === "agent" ? { ...runtime, clock: leakTimers(runtime.clock) } : runtime,
  },
  {
    what: "an agent that does not listen to SIGTERM",
    caughtBy: "stop",
    sabotage: (runtime, role) =>
      role === "agent" ? { ...runtime, process: { ...runtime.process, onSignal: () => () => undefined } } : runtime,
  },
  {
    what: "an agent that makes itself a new id at each start",
    caughtBy: "identity",
    options: { troubles: ["kill"], signsRequests: false },
    sabotage: (runtime, role) => role === "agent" ? forgetId(runtime) : runtime,
  },
];

function withFetch(runtime: Runtime, make: (client: HttpClient) => HttpClient["fetch"]): Runtime {
  const { http } = runtime;
  return {
    ...runtime,
    http: {
      serve: (options) => http.serve(options),
      client: (options) => {
        const client = http.client(options);
        return { fetch: make(client), close: () => client.close() };
      },
    },
  };
}

function sendNothing(): HttpClient["fetch"] {
  return () => Promise.resolve(new Response('{"accepted":true}', { status: 202 }));
}

function logRequests({ process }: Runtime): (client: HttpClient) => HttpClient["fetch"] {
  return (client) => (input, init) => {
    const headers = JSON.stringify([...new Headers(init?.headers)]);
    process.standardError.write(`{"event":"request","headers":${headers}}\n`);
    return client.fetch(input, init);
  };
}

function dropCommits(databases: Databases): Databases {
  return {
    open: async (path) => {
      const database = await databases.open(path);
      // The history's own database would never have a table, and such a hub does not start.
      if (!path.endsWith("hub.sqlite")) return database;
      const broken: SqlDatabase = {
        exec: (sql) => database.exec(sql === "COMMIT" ? "ROLLBACK" : sql),
        prepare: (sql) => database.prepare(sql),
        close: () => database.close(),
      };
      return broken;
    },
  };
}

/** A build that a timer ends. */
export function endLater(runtime: Runtime): Runtime {
  runtime.clock.setTimer(CRASH_AFTER_MS, () => runtime.process.exit(1));
  return runtime;
}

/** A build that sets a timer more than it cancels. */
export function leakTimers(clock: Clock): Clock {
  return {
    wallMs: () => clock.wallMs(),
    monotonicMs: () => clock.monotonicMs(),
    nextTurn: (callback) => clock.nextTurn(callback),
    setTimer: (delayMs, callback) => {
      clock.setTimer(HOUR_MS, () => undefined);
      return clock.setTimer(delayMs, callback);
    },
  };
}

function forgetId(runtime: Runtime): Runtime {
  const { files } = runtime;
  const forgetful = bind(files);
  return {
    ...runtime,
    files: {
      ...forgetful,
      read: async (path, maxBytes) => {
        if (path.endsWith("instance.json")) await files.remove(path).catch(() => undefined);
        return await files.read(path, maxBytes);
      },
    },
  };
}

/** The methods of a class's object, so that they can be spread. */
export function bind<T extends object>(object: T): T {
  const bound: Record<string, unknown> = {};
  for (let at: object | null = object; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      const value: unknown = Reflect.get(object, name);
      if (name !== "constructor" && typeof value === "function" && !(name in bound)) bound[name] = value.bind(object);
    }
  }
  return bound as T;
}
