/**
 * The hub: the receiving end of the status contract, in one process with its database.
 *
 * @module
 */
import type { ReceivedStatusDocument } from "../contract/mod.ts";
import { BarnacleError, isBarnacleError } from "../errors.ts";
import { type Authenticator, type Checks, isSigned, type Route, verifyMessage } from "../http/mod.ts";
import { HUB_DOCUMENT_CHARACTERS_MAX, STOP_TIMEOUT_MS } from "../limits.ts";
import type { Logger, Secret } from "../log/mod.ts";
import type { Counter, Metrics } from "../metrics/mod.ts";
import type { Clock, Crypto, Databases, FileLock, Files, Random, SqlDatabase } from "../runtime/port.ts";
import type { Scheduler } from "../scheduler/mod.ts";
import { explainDamage } from "../store/mod.ts";
import { HUB_DATABASE, openHubDatabase } from "./database.ts";
import { Flusher } from "./flusher.ts";
import { Intake, type Outcome } from "./intake.ts";
import { KeyRing } from "./key-ring.ts";
import { KeyTable } from "./keys.ts";
import { loadInstances } from "./loading.ts";
import { Monitors } from "./monitors.ts";
import { findInstances, viewOf } from "./query.ts";
import { Registry } from "./registry.ts";
import { hubRoutes, type PublishRequest } from "./routes.ts";
import { SteadyTime } from "./steady-time.ts";
import { InstanceStore } from "./store.ts";
import { Watch } from "./watch.ts";

/** How soon a running hub follows a key that was added or revoked beside it. */
const KEYS_INTERVAL_MS = 2_000;
const FORGET_INTERVAL_MS = 60_000;

/** What a hub works with. */
export interface HubComponents {
  readonly databases: Databases;
  readonly files: Pick<Files, "lock">;
  readonly crypto: Crypto;
  readonly random: Pick<Random, "bytes">;
  readonly clock: Clock;
  readonly scheduler: Pick<Scheduler, "add" | "onStop">;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** How a hub is tuned. */
export interface HubInit {
  /** The database's path; its directory exists. */
  readonly databaseFile: string;
  /**
   * Whether the hub listens on loopback only. Then, while it has never had a key, requests without one are taken as
   * `anonymous`; a hub that others reach does not start without a key.
   */
  readonly isOnLoopback: boolean;
  readonly requestsPerSecondPerKey: number;
  readonly burstPerKey: number;
  readonly instancesMax: number;
  /** Default `instancesMax`. */
  readonly instancesMaxPerKey?: number;
  readonly forgetAfterSeconds: number;
  /** The path of the database of histories and host telemetry; its directory exists. */
  readonly historyFile: string;
  /** Instances whose history is kept at most; 0 keeps none. */
  readonly historyInstancesMax: number;
  /**
   * Accepted beside the keys of the database and kept in memory only: the own agent's key where both run in one
   * process.
   */
  readonly extraKeys?: readonly { readonly name: string; readonly key: Secret }[];
  /** The key of the agent in the same process, when it is given none by the operator: it opens, and closes the hub to nobody. */
  readonly ownAgentKey?: Secret | undefined;
}

/** A hub. `routes`, `authenticator` and `checks` may be used at once; until `start` has resolved they refuse. */
export interface Hub {
  readonly routes: readonly Route[];
  readonly authenticator: Authenticator;
  /** For `GET /readyz`. */
  readonly checks: Checks;
  /**
   * Opens the database and takes up its tasks. It stops with the scheduler, as one of its closing acts, which is {@link
   * stop}.
   *
   * @throws `LOCK_HELD` when another hub works with the database; `DATABASE_ERROR` when it is damaged; `CONFIG_INVALID`
   * when others can reach the hub and it has no key
   */
  start(): Promise<void>;
  /**
   * Refuses from here on, writes what is not written, closes the database. Idempotent. @param signal when aborted,
   * hurries
   */
  stop(signal?: AbortSignal): Promise<void>;
}

/** A hub; does nothing until `start`. */
export function createHub(components: HubComponents, init: HubInit): Hub {
  return new HubService(components, init);
}

/** What is there while the hub runs. */
interface Running {
  readonly database: SqlDatabase;
  readonly lock: FileLock;
  readonly flusher: Flusher;
  readonly keyTable: KeyTable;
}

class HubService implements Hub {
  readonly routes: readonly Route[];
  readonly checks: Checks;
  readonly #components: HubComponents;
  readonly #init: HubInit;
  readonly #time: SteadyTime;
  readonly #registry: Registry;
  readonly #intake: Intake;
  readonly #keyRing: KeyRing;
  readonly #watch: Watch;
  readonly #monitors: Monitors;
  readonly #publications: Counter;
  readonly #heartbeats: Counter;
  #running: Running | undefined;
  #dataVersion: unknown;

  constructor(components: HubComponents, init: HubInit) {
    const { clock, crypto, metrics } = components;
    this.#components = components;
    this.#init = init;
    this.#time = new SteadyTime(clock);
    this.#registry = new Registry((row) => this.#running?.flusher.note(row));
    this.#intake = new Intake({ registry: this.#registry, time: this.#time }, {
      instancesMax: init.instancesMax,
      instancesMaxPerKey: init.instancesMaxPerKey ?? init.instancesMax,
      documentCharactersMax: HUB_DOCUMENT_CHARACTERS_MAX,
    });
    this.#keyRing = new KeyRing({ clock, crypto }, {
      allowAnonymous: init.isOnLoopback,
      extraKeys: init.extraKeys ?? [],
      ownAgentKey: init.ownAgentKey,
      requestsPerSecondPerKey: init.requestsPerSecondPerKey,
      burstPerKey: init.burstPerKey,
    });
    this.#watch = new Watch({ ...components, time: this.#time }, {
      databaseFile: init.historyFile,
      historiesMax: init.historyInstancesMax,
      identifiersMax: init.instancesMax,
    });
    this.#monitors = new Monitors({
      registry: this.#registry,
      intake: this.#intake,
      watch: this.#watch,
      time: this.#time,
    });
    this.#publications = metrics.counter("barnacle_hub_publications_total", "Publications by what became of them.", [
      "outcome",
    ]);
    this.#heartbeats = metrics.counter(
      "barnacle_hub_heartbeats_total",
      "Heartbeats of Monitors by what became of them.",
      [
        "outcome",
      ],
    );
    this.#observe(metrics);
    this.routes = this.#makeRoutes();
    this.checks = {
      hub: () => this.#checkRunning(),
      hub_store: () => this.#running?.flusher.check() ?? { ok: true },
      hub_history: () => this.#watch.check(),
    };
  }

  get authenticator(): Authenticator {
    return this.#keyRing;
  }

  async start(): Promise<void> {
    const { databases, files, log } = this.#components;
    const { databaseFile } = this.#init;
    const lock = await files.lock(`${databaseFile}.lock`);
    let database: SqlDatabase | undefined;
    try {
      database = await openHubDatabase(databases, databaseFile);
      await this.#take(database, lock);
    } catch (thrown) {
      await this.#watch.stop();
      database?.close();
      await lock.release();
      throw explainDamage(thrown, `Open the hub's database ${databaseFile}`, HUB_DATABASE);
    }
    log.info("hub_started", { database: databaseFile, instances: this.#registry.size });
  }

  /** Nothing is taken into the loop before everything that can fail has succeeded. */
  async #take(database: SqlDatabase, lock: FileLock): Promise<void> {
    const { clock } = this.#components;
    const keyTable = new KeyTable({ ...this.#components, database });
    this.#dataVersion = readDataVersion(database);
    this.#keyRing.replace(keyTable.readKeys());
    if (!this.#keyRing.isOpenable && !this.#init.isOnLoopback) throw withoutKey();
    const { entries, outdated } = await loadInstances({ database, clock, registry: this.#registry }, {
      databaseFile: this.#init.databaseFile,
      nowMs: this.#time.nowMs(),
      forgottenUntilMs: this.#forgottenUntilMs(),
    });
    await this.#watch.start(this.#forgottenUntilMs());
    const store = new InstanceStore({ database, clock, at: (row) => this.#registry.at(row) }, entries);
    const flusher = new Flusher({ ...this.#components, store });
    for (const row of outdated) flusher.note(row);
    this.#running = { database, lock, keyTable, flusher };
    this.#addTasks();
  }

  #addTasks(): void {
    const { scheduler } = this.#components;
    scheduler.add({
      name: "hub_forget",
      intervalMs: FORGET_INTERVAL_MS,
      toleranceMs: FORGET_INTERVAL_MS / 2,
      timeoutMs: FORGET_INTERVAL_MS,
      run: () => Promise.resolve().then(() => this.#forget()),
    });
    scheduler.add({
      name: "hub_keys",
      intervalMs: KEYS_INTERVAL_MS,
      toleranceMs: KEYS_INTERVAL_MS / 2,
      timeoutMs: FORGET_INTERVAL_MS,
      run: () => Promise.resolve().then(() => this.#followKeys()),
    });
    scheduler.onStop("hub", STOP_TIMEOUT_MS, (signal) => this.stop(signal));
  }

  #forget(): void {
    for (const row of this.#registry.index.rowsHeardUntil(this.#forgottenUntilMs())) {
      const id = this.#registry.at(row)?.id;
      if (id !== undefined) this.#registry.remove(id);
    }
    this.#watch.forgetUntil(this.#forgottenUntilMs());
  }

  /** What was last heard then or before is as if never heard of, though it leaves memory and disk a little later. */
  #forgottenUntilMs(): number {
    return this.#time.nowMs() - this.#init.forgetAfterSeconds * 1000;
  }

  #followKeys(): void {
    if (this.#running === undefined) return;
    const dataVersion = readDataVersion(this.#running.database);
    if (dataVersion === this.#dataVersion) return;
    const keys = this.#running.keyTable.readKeys();
    this.#keyRing.replace(keys);
    this.#dataVersion = dataVersion;
    this.#components.log.info("hub_keys_changed", { keys: keys.active.map((key) => key.name) });
  }

  /** Refuses first, so that nothing is taken which the last flush would miss. */
  async stop(signal: AbortSignal = AbortSignal.abort()): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    try {
      await this.#watch.stop();
      await running.flusher.flush(signal);
    } finally {
      running.database.close();
      await running.lock.release();
    }
  }

  #makeRoutes(): Route[] {
    return hubRoutes({
      nowMs: () => this.#time.nowMs(),
      publish: (document, request) => this.#publish(document, request),
      find: (query) => {
        this.#assertRunning();
        const times = { nowMs: this.#time.nowMs(), forgottenUntilMs: this.#forgottenUntilMs() };
        return findInstances(this.#registry, query, times);
      },
      get: (id) => {
        this.#assertRunning();
        const instance = this.#registry.get(id);
        if (instance === undefined || instance.heardAtMs <= this.#forgottenUntilMs()) return undefined;
        return viewOf(instance, this.#time.nowMs());
      },
      heartbeatOf: (instance) => this.#monitors.heartbeatOf(instance),
      heartbeat: (heartbeat, principal) => {
        this.#assertRunning();
        this.#count(this.#heartbeats, () => {
          this.#monitors.take(heartbeat, principal ?? "");
          return "accepted";
        });
      },
      history: (id, query) => {
        this.#assertRunning();
        return this.#watch.read(id, query);
      },
    });
  }

  #publish(document: ReceivedStatusDocument, request: PublishRequest): Outcome {
    this.#assertRunning();
    const known = this.#registry.get(document.instance_id);
    if (known !== undefined && known.heardAtMs <= this.#forgottenUntilMs()) this.#registry.remove(known.id);
    return this.#count(this.#publications, () => {
      const outcome = this.#intake.take({
        document,
        documentText: request.bodyText,
        principal: request.principal ?? "",
        signedBy: this.#verify(request),
      });
      if (outcome === "accepted") this.#monitors.noteDocument(document);
      return outcome;
    });
  }

  /** Does the act and counts what became of it. */
  #count<Result extends string>(counter: Counter, act: () => Result): Result {
    try {
      const outcome = act();
      counter.increment({ outcome });
      return outcome;
    } catch (thrown) {
      counter.increment({ outcome: isBarnacleError(thrown) ? thrown.code.toLowerCase() : "internal" });
      throw thrown;
    }
  }

  /**
   * The node that signed the request; `undefined` when it is not signed. A request that claims to be signed must
   * verify.
   */
  #verify({ raw, bodyText }: PublishRequest): string | undefined {
    if (!isSigned(raw.headers)) return undefined;
    const message = { method: raw.method, url: raw.url, headers: raw.headers, body: bodyText };
    return verifyMessage(this.#components, message).nodeId;
  }

  #assertRunning(): void {
    if (this.#running !== undefined) return;
    throw new BarnacleError({
      code: "UNAVAILABLE",
      action: "Ask the hub",
      value: "a hub that is starting or stopping",
      wanted: "a running one",
      retryable: true,
      retryAfterMs: 1_000,
    });
  }

  #checkRunning() {
    return this.#running === undefined ? { ok: false, message: "not started, or stopping" } : { ok: true };
  }

  #observe(metrics: Metrics): void {
    metrics.observed("barnacle_hub_instances", "gauge", "Instances by status.", () => {
      const counts = this.#registry.index.countByStatus(this.#time.nowMs());
      return [...counts].map(([status, value]) => ({ labels: { status }, value }));
    });
    metrics.observed("barnacle_hub_unwritten_instances", "gauge", "Instances whose last change is not on disk.", () => {
      return this.#running?.flusher.changedCount ?? 0;
    });
  }
}

/** Changes when another connection has changed the database. */
function readDataVersion(database: SqlDatabase): unknown {
  return database.prepare("PRAGMA data_version").get()?.["data_version"];
}

function withoutKey(): BarnacleError {
  return new BarnacleError({
    code: "CONFIG_INVALID",
    action: "Start the hub on an address that others reach",
    value: "no key",
    wanted: "a key for its publishers",
    hint: "make one with `barnacle hub keys add NAME`, or listen on 127.0.0.1",
  });
}
