/** What the hub's tests share: a hub on a real database, behind its real app, on a loop in simulated time. @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { BarnacleError } from "../../../src/errors.ts";
import { createApp, healthRoutes, metricsRoute } from "../../../src/http/mod.ts";
import { createHub, type HubInit, openHubKeys } from "../../../src/hub/mod.ts";
import type { Databases, Files } from "../../../src/runtime/port.ts";
import { createDatabases } from "../../../src/runtime/shared/database.ts";
import { nodeCryptoPort } from "../../support/node-crypto.ts";
import { STATUS_DOCUMENT } from "../../support/seed-examples.ts";
import { type Bench, makeBench } from "../scheduler/support.ts";

export const SECOND_MS = 1_000;
export const DAY_MS = 86_400_000;

/** The example of the user's own document, with more. */
export function strangersDocument(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...STATUS_DOCUMENT, ...more };
}

let made = 0;

/** A version 4 UUID unlike the others of this process. */
export function nextMessageId(): string {
  return `00000000-0000-4000-8000-${String(++made).padStart(12, "0")}`;
}

/** A document as our own publisher sends it, with a message id of its own. */
export function document(id: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return strangersDocument({
    schema_version: "1.0.0",
    instance_id: id,
    message_id: nextMessageId(),
    capacity: { concurrent_tasks: 4, active_tasks: 1, queue_length: 0 },
    availability: "available",
    expires_in_seconds: 90,
    ...more,
  });
}

/** Locks as one process has them. */
export class FakeLocks implements Pick<Files, "lock"> {
  readonly #held = new Set<string>();

  lock(path: string) {
    if (this.#held.has(path)) {
      return Promise.reject(
        new BarnacleError({ code: "LOCK_HELD", action: `Lock ${path}`, value: "a lock held by another" }),
      );
    }
    this.#held.add(path);
    return Promise.resolve({
      release: () => {
        this.#held.delete(path);
        return Promise.resolve();
      },
    });
  }
}

/** What stands at a path in a JSON value; `undefined` when there is nothing. */
export function at(json: unknown, ...path: readonly (string | number)[]): unknown {
  let value = json;
  for (const key of path) value = (value as Record<string | number, unknown> | undefined)?.[key];
  return value;
}

/** The list at a path in a JSON value. */
export function listAt(json: unknown, ...path: readonly (string | number)[]): unknown[] {
  const list = at(json, ...path);
  if (!Array.isArray(list)) throw new Error(`There is no list at ${path.join(".")}`);
  return list;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface HubBenchInit extends Partial<HubInit> {
  readonly databases?: Databases;
  /** An earlier bench, whose directory, time and locks go on. */
  readonly after?: HubBench;
}

export type HubBench = ReturnType<typeof makeHubBench>;

const LIMITS = {
  requestsPerSecondPerKey: 1e6,
  burstPerKey: 1e6,
  instancesMax: 1_000,
  forgetAfterSeconds: 86_400,
  historyInstancesMax: 100,
};

function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "barnacle-hub-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }));
  return directory;
}

/** A hub that is not started yet. */
export function makeHubBench(init: HubBenchInit = {}) {
  const { databases = createDatabases(), after, ...hubInit } = init;
  const bench: Bench = makeBench();
  if (after !== undefined) bench.clock.jumpWall(after.clock.wallMs() - bench.clock.wallMs());
  const locks: FakeLocks = after?.locks ?? new FakeLocks();
  const databaseFile: string = after?.databaseFile ?? join(makeDirectory(), "hub.sqlite");
  const hub = createHub(
    { ...bench, databases, files: locks, crypto: nodeCryptoPort },
    { databaseFile, historyFile: `${databaseFile}-history`, isOnLoopback: true, ...LIMITS, ...hubInit },
  );
  const app = createApp({
    ...bench,
    routes: [...hub.routes, ...healthRoutes({ live: () => true, ready: hub.checks }), metricsRoute(bench.metrics)],
    authenticator: hub.authenticator,
  }, { title: "Hub", version: "0.0.0", role: "hub" });

  async function request(path: string, options: RequestInit = {}): Promise<Answer> {
    const answer = await app.fetch(new Request(`http://127.0.0.1:7411${path}`, options), { remoteHost: "127.0.0.1" });
    const text = await answer.text();
    const isJson = answer.headers.get("content-type") === "application/json";
    return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : { text } };
  }
  const get = (path: string, key?: string) => request(path, { headers: bearer(key) });
  const post = (value: unknown, options: { readonly key?: string; readonly headers?: Record<string, string> } = {}) =>
    request("/openclaw/status", {
      method: "POST",
      headers: { "content-type": "application/json", ...bearer(options.key), ...options.headers },
      body: typeof value === "string" ? value : JSON.stringify(value),
    });
  const ids = async (query: string): Promise<string[]> =>
    listAt((await get(`/v1/instances?${query}`)).body, "instances").map((found) => String(at(found, "instance_id")));
  async function start(): Promise<void> {
    await hub.start();
    bench.scheduler.start();
    onTestFinished(() => hub.stop());
  }
  /** Its keys, as another process would open them. */
  const openKeys = () =>
    openHubKeys({ ...bench, databases: createDatabases(), crypto: nodeCryptoPort }, { databaseFile });
  return { ...bench, hub, app, locks, databaseFile, request, get, post, ids, start, openKeys };
}

function bearer(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}

/** A hub that runs. */
export async function startHubBench(init: HubBenchInit = {}): Promise<HubBench> {
  const bench = makeHubBench(init);
  await bench.start();
  return bench;
}
