/** What the status tests share: a service on a loop in simulated time, and a receiver that does as it is told. @module */
import type { StatusDocument } from "../../../src/contract/mod.ts";
import type { RegisteredAgent } from "../../../src/contract/mod.ts";
import { Redactor, Secret } from "../../../src/log/mod.ts";
import type { ServiceFacts, StatusInit } from "../../../src/status/mod.ts";
import { createStatusService } from "../../../src/status/mod.ts";
import { MemoryFiles } from "../../support/memory-files.ts";
import { nodeCryptoPort } from "../../support/node-crypto.ts";
import { type Bench, makeBench } from "../scheduler/support.ts";

export const KEY = "a-key-that-nobody-may-ever-see";
export const REGISTRATION_PATH = "/work/agents.json";
export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;

/** One request as the receiver saw it. */
export interface Received {
  readonly atMs: number;
  readonly url: string;
  readonly method: string;
  readonly redirect: string | undefined;
  readonly headers: Headers;
  readonly text: string;
  readonly document: StatusDocument;
}

type Behaviour = (received: Received, signal: AbortSignal | undefined) => Response | Promise<Response>;

export const accepted = (): Response =>
  Response.json({ accepted: true, message_id: null, duplicate: false }, { status: 202 });

/** The same answer for everything. */
export const plain = (status: number, headers: Record<string, string> = {}, body = "") => (): Response =>
  new Response(body, { status, headers });

/** The times between requests. */
export function gaps(times: readonly { readonly atMs: number }[]): number[] {
  return times.slice(1).map((time, index) => time.atMs - (times[index]?.atMs ?? 0));
}

/** A receiver that is up and never answers: it ends when the call gives up. */
export const silent: Behaviour = (_received, signal) =>
  new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));

/** Stands in for the port's HTTP client. */
export class FakeReceiver {
  readonly received: Received[] = [];
  behave: Behaviour = accepted;
  readonly #clock: Bench["clock"];

  constructor(clock: Bench["clock"]) {
    this.#clock = clock;
  }

  readonly fetch = async (input: Request | URL | string, init: RequestInit = {}): Promise<Response> => {
    if (typeof init.body !== "string") throw new Error("A document is sent as text");
    const text = init.body;
    const received: Received = {
      atMs: this.#clock.monotonicMs(),
      url: input instanceof Request ? input.url : input.toString(),
      method: init.method ?? "GET",
      redirect: init.redirect,
      headers: new Headers(init.headers),
      text,
      document: JSON.parse(text),
    };
    this.received.push(received);
    return await this.behave(received, init.signal ?? undefined);
  };

  get documents(): StatusDocument[] {
    return this.received.map((received) => received.document);
  }

  get last(): Received {
    const last = this.received.at(-1);
    if (last === undefined) throw new Error("Nothing was received");
    return last;
  }
}

export const SERVICE: ServiceFacts = {
  serviceName: "project-chimera",
  instanceId: "host-1",
  version: "0.4.2",
  tags: {},
  isPaused: false,
  intervalMs: 30_000,
};

export const HEALTH: StatusInit["health"] = {
  windowMs: 300_000,
  errorRateThreshold: 0.2,
  errorRateTasksMin: 5,
  queueWindowMs: 120_000,
  recoveryMs: 120_000,
};

export function agent(name: string, more: Partial<RegisteredAgent> = {}): RegisteredAgent {
  return { name, capabilities: [], slots: 1, paused: false, ...more };
}

export interface StatusBenchInit {
  readonly service?: Partial<ServiceFacts>;
  readonly health?: Partial<StatusInit["health"]>;
  readonly publish?: Partial<NonNullable<StatusInit["publish"]>>;
  readonly isPublishing?: boolean;
  readonly agents?: readonly RegisteredAgent[];
  readonly seed?: number;
  readonly onPublished?: () => void;
  readonly onDegraded?: () => void;
}

/** A service with all its parts real but the platform, the receiver and time. */
export function makeStatusBench(init: StatusBenchInit = {}) {
  const bench = makeBench({}, init.seed ?? 1);
  const files = new MemoryFiles();
  if (init.agents !== undefined) files.put(REGISTRATION_PATH, JSON.stringify({ agents: init.agents }));
  const receiver = new FakeReceiver(bench.clock);
  const redact = new Redactor();
  redact.register(KEY);
  const publish: StatusInit["publish"] = {
    baseUrl: "https://receiver.example",
    apiKey: new Secret(KEY),
    timeoutMs: 5_000,
    fetch: receiver.fetch,
    receiverUnreachableMs: 600_000,
    clockSkewMaxMs: 60_000,
    ...init.publish,
  };
  const service = createStatusService({ ...bench, files, redact, crypto: nodeCryptoPort }, {
    agentName: "Chimera",
    service: { ...SERVICE, ...init.service },
    registrationPath: REGISTRATION_PATH,
    health: { ...HEALTH, ...init.health },
    ...(init.onPublished === undefined ? {} : { onPublished: init.onPublished }),
    ...(init.onDegraded === undefined ? {} : { onDegraded: init.onDegraded }),
    ...(init.isPublishing === false ? {} : { publish }),
  });
  async function ask(path: string, body?: unknown): Promise<Record<string, unknown>> {
    const route = service.routes.find((candidate) => candidate.path === path);
    if (route === undefined) throw new Error(`There is no ${path}`);
    const raw = new Request(`http://127.0.0.1${path}`);
    const rest = { peer: { remoteHost: "" }, params: {}, query: undefined, bodyText: "", principal: undefined };
    const answer = await route.handle({ raw, body, ...rest });
    return await answer.json() as Record<string, unknown>;
  }
  /** Starts the service and the loop, and lets the first publication happen. */
  async function start(): Promise<void> {
    await service.start();
    service.addLastClosingAct();
    bench.scheduler.start();
    await bench.clock.advance(SECOND_MS);
  }
  return { ...bench, files, receiver, service, ask, start };
}

/** Lets the loop stop while time passes. */
export async function stop(bench: ReturnType<typeof makeStatusBench>, withinMs = 5_000): Promise<number> {
  const startedAtMs = bench.clock.monotonicMs();
  let endedAtMs: number | undefined;
  const stopped = bench.scheduler.stop(withinMs).then(() => {
    endedAtMs = bench.clock.monotonicMs();
  });
  for (let step = 0; step < 100 && endedAtMs === undefined; step++) await bench.clock.advance(100);
  await stopped;
  return (endedAtMs ?? Infinity) - startedAtMs;
}
