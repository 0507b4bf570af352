/** What the tests of waking share: an agent that sleeps, its mail, and a gateway that can be told what to answer. @module */
import { Secret } from "../../../../src/log/mod.ts";
import type { Gateway } from "../../../../src/openclaw/mod.ts";
import { Waker, type WakerInit } from "../../../../src/openclaw/waking/mod.ts";
import { type Asked, FarEnd } from "../../../support/far-end.ts";
import { makeBench } from "../../scheduler/support.ts";

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const BASE_URL = "http://127.0.0.1:18789";
export const HOOK_TOKEN = "hook-token-of-many-letters";
export const KEY = "key-of-the-plugin";

/** A gateway that runs, with webhooks, and one agent that works in `/work`. */
export function makeGateway(change: Partial<Gateway> = {}): Gateway {
  return {
    profile: undefined,
    stateDirectory: "/home/ann/.openclaw",
    configPath: "/home/ann/.openclaw/openclaw.json",
    isNamed: false,
    mode: "local",
    port: 18_789,
    portFrom: "default",
    baseUrl: BASE_URL,
    hooks: {
      isEnabled: true,
      url: `${BASE_URL}/hooks`,
      token: new Secret(HOOK_TOKEN),
      allowedAgentIds: undefined,
    },
    version: { number: "2026.9.6", from: "gateway" },
    generation: "scratch",
    agents: [agent("main", "/work", true)],
    state: "running",
    unknown: [],
    ...change,
  };
}

export function agent(id: string, workspace: string, isDefault = false): Gateway["agents"][number] {
  return { id, name: id, workspace, hasWorkspace: true, isWorkspacePinned: true, isDefault };
}

export const json = (status: number, body: unknown, headers: Record<string, string> = {}) => (): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

export const taken = json(200, { ok: true, mode: "now", eventOutcome: "queued" });

/** A waker in simulated time. `deliver` puts messages into the inbox, `readAll` is the agent reading them. */
export function makeWaker(change: Partial<WakerInit> = {}) {
  const bench = makeBench();
  const far = new FarEnd(taken);
  const state = {
    cursor: 0,
    lastSeq: 0,
    gateways: [makeGateway()] as readonly Gateway[],
    key: undefined as string | undefined,
  };
  const waker = new Waker({ ...bench, fetch: far.fetch }, {
    directory: "/work",
    paths: {
      inbox: "/work/.moltcomm/inbox.ndjson",
      cursor: "/work/.moltcomm/inbox.cursor",
      outbox: "/work/.moltcomm/outbox.ndjson",
    },
    mergeMs: 10 * SECOND_MS,
    retryMs: 120 * SECOND_MS,
    retriesMax: 8,
    mail: { look: () => Promise.resolve({ cursor: state.cursor, unread: state.lastSeq - state.cursor }) },
    gateways: () => state.gateways,
    readKey: () => Promise.resolve(state.key === undefined ? undefined : new Secret(state.key)),
    ...change,
  });
  waker.start();
  bench.scheduler.start();
  const calls = (): Asked[] => far.asked.splice(0).filter(({ method }) => method === "POST");
  return {
    ...bench,
    far,
    state,
    waker,
    deliver: (count = 1): void => {
      state.lastSeq += count;
      for (let index = 0; index < count; index++) waker.arrived();
    },
    readAll: (): void => {
      state.cursor = state.lastSeq;
    },
    /** The wake calls since the last time. */
    calls,
    texts: (): string[] => {
      return calls().map(({ body }) => String((JSON.parse(body ?? "") as { readonly text: string }).text));
    },
  };
}
