/**
 * What the hub keeps beside the latest document of each instance: the telemetry of its host, and the history of both.
 *
 * @module
 */
import type { ReceivedHeartbeat, ReceivedStatusDocument } from "../contract/mod.ts";
import { BarnacleError, isBarnacleError } from "../errors.ts";
import type { CheckResult } from "../http/mod.ts";
import type { Logger } from "../log/mod.ts";
import type { Metrics } from "../metrics/mod.ts";
import type { Clock, Databases, FileLock, Files, SqlDatabase, SqlStatement } from "../runtime/port.ts";
import type { Scheduler, Task } from "../scheduler/mod.ts";
import { explainDamage } from "../store/mod.ts";
import { type Heard, Heartbeats } from "./heartbeats.ts";
import type { Sample } from "./history/columns.ts";
import {
  History,
  HISTORY_DATABASE,
  type HistoryQuery,
  openHistoryDatabase,
  type Point,
  type Range,
  rangeOf,
} from "./history/mod.ts";
import type { SteadyTime } from "./steady-time.ts";

/** A heartbeat is acknowledged, so it is durable within a second, as a status is. */
const HEARTBEAT_WITHIN_MS = 500;
/** What a kill may take of a history. */
const SAMPLE_WITHIN_MS = 10_000;
/** A span ends whether or not anything is heard. */
const INTERVAL_MS = 60_000;
const TIMEOUT_MS = 300_000;
const BACKOFF = { initialMs: 500, maxMs: 10_000 };
const PROBLEM = "hub_history";

/** What it works with. */
export interface WatchComponents {
  readonly databases: Databases;
  readonly files: Pick<Files, "lock">;
  readonly clock: Clock;
  readonly scheduler: Pick<Scheduler, "add">;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly time: SteadyTime;
}

/** How much is kept, and where. */
export interface WatchInit {
  /** The database's path; its directory exists. */
  readonly databaseFile: string;
  /** Histories at most; 0 keeps none. */
  readonly historiesMax: number;
  readonly identifiersMax: number;
}

/** A history within a range. */
export interface RangedHistory extends Range {
  readonly points: readonly Point[];
}

/** What is there while it runs. */
interface Running {
  readonly database: SqlDatabase;
  readonly lock: FileLock;
  readonly history: History;
  readonly putHeartbeat: SqlStatement;
  readonly dropHeartbeat: SqlStatement;
  readonly task: Task;
}

export class Watch {
  readonly #components: WatchComponents;
  readonly #init: WatchInit;
  readonly #heartbeats: Heartbeats;
  #running: Running | undefined;
  #failure: string | undefined;
  /** How long the flush that was asked for may wait. */
  #askedWithinMs = Infinity;
  #flushing: Promise<void> | undefined;

  constructor(components: WatchComponents, init: WatchInit) {
    this.#components = components;
    this.#init = init;
    this.#heartbeats = new Heartbeats(init.identifiersMax);
    this.#observe(components.metrics);
  }

  /**
   * Opens the database and takes up its task.
   *
   * @param forgottenUntilMs heartbeats from then or before are left out
   * @throws `LOCK_HELD`; `DATABASE_ERROR` when it is damaged
   */
  async start(forgottenUntilMs: number): Promise<void> {
    const { databases, files, clock } = this.#components;
    const { databaseFile } = this.#init;
    const lock = await files.lock(`${databaseFile}.lock`);
    let database: SqlDatabase | undefined;
    try {
      database = await openHistoryDatabase(databases, databaseFile);
      const history = new History({ database, clock }, { instancesMax: this.#init.historiesMax });
      this.#restoreHeartbeats(database, forgottenUntilMs);
      const putHeartbeat = database.prepare("INSERT OR REPLACE INTO heartbeats VALUES (?, ?, ?, ?)");
      const dropHeartbeat = database.prepare("DELETE FROM heartbeats WHERE identifier = ?");
      this.#running = { database, lock, history, putHeartbeat, dropHeartbeat, task: this.#addTask() };
    } catch (thrown) {
      database?.close();
      await lock.release();
      throw explainDamage(thrown, `Open the hub's history ${databaseFile}`, HISTORY_DATABASE);
    }
  }

  /** Writes what is not written, closes the database. Idempotent. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    try {
      await this.#flush(AbortSignal.abort());
    } finally {
      this.#running = undefined;
      running.database.close();
      await running.lock.release();
    }
  }

  /** Notes a document that was taken. */
  noteDocument({ instance_id, health, capacity }: ReceivedStatusDocument, availability: Sample["availability"]): void {
    const { active_tasks, queue_length, concurrent_tasks } = capacity;
    this.#note(instance_id, {
      status: health.status,
      ...(availability === undefined ? {} : { availability }),
      active_tasks,
      queue_length,
      concurrent_tasks,
    });
  }

  /**
   * Takes a heartbeat.
   *
   * @throws `FORBIDDEN` when the identifier belongs to another key; `RATE_LIMITED` when there is no room for another
   */
  takeHeartbeat(heartbeat: ReceivedHeartbeat, principal: string): void {
    this.#heartbeats.take(heartbeat, principal, this.#components.time.nowMs());
    this.#ask(HEARTBEAT_WITHIN_MS);
  }

  /** Notes the telemetry of an instance's host in its history. */
  noteTelemetry(id: string, { cpu_pct, mem_pct, disk_pct, swap_pct, load_avg }: ReceivedHeartbeat): void {
    const load_1 = load_avg?.[0];
    this.#note(id, withoutMissing({ cpu_pct, mem_pct, disk_pct, swap_pct, load_1 }));
  }

  /** The last heartbeat with an identifier. */
  findHeartbeat(identifier: string): Heard | undefined {
    return this.#heartbeats.find(identifier);
  }

  /** Forgets heartbeats that were last heard then or before. */
  forgetUntil(untilMs: number): void {
    this.#heartbeats.forgetUntil(untilMs);
    if (this.#heartbeats.changedCount > 0) this.#ask(SAMPLE_WITHIN_MS);
  }

  /**
   * The history of an instance; `undefined` when it has none.
   *
   * @throws `QUERY_INVALID` for a range without time, or with too many steps
   */
  read(id: string, query: HistoryQuery): RangedHistory | undefined {
    const range = rangeOf(query, this.#components.time.nowMs());
    const points = this.#running?.history.read(id, range);
    return points === undefined ? undefined : { ...range, points };
  }

  /** Whether writing works, for `GET /readyz`. */
  check(): CheckResult {
    if (this.#failure === undefined) return { ok: true };
    const waiting = this.#heartbeats.changedCount;
    return { ok: false, message: `writing fails (${this.#failure}); ${waiting} heartbeats wait in memory` };
  }

  #note(id: string, sample: Sample): void {
    if (this.#running === undefined || this.#init.historiesMax === 0) return;
    this.#running.history.note(id, this.#components.time.nowMs(), sample);
    this.#ask(SAMPLE_WITHIN_MS);
  }

  /** One nudge does for all until the flush begins, unless it comes too late for this one. */
  #ask(withinMs: number): void {
    if (withinMs >= this.#askedWithinMs) return;
    this.#askedWithinMs = withinMs;
    this.#running?.task.nudge({ withinMs });
  }

  #addTask(): Task {
    const { scheduler } = this.#components;
    return scheduler.add({
      name: "hub_history",
      intervalMs: INTERVAL_MS,
      firstDelayMs: INTERVAL_MS,
      toleranceMs: INTERVAL_MS / 2,
      timeoutMs: TIMEOUT_MS,
      backoff: BACKOFF,
      logsOwnFailures: true,
      run: ({ signal }) => this.#flush(signal),
    });
  }

  /** One after the other: they share a transaction. */
  async #flush(signal: AbortSignal): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing.catch(() => undefined);
    this.#flushing = this.#write(signal);
    try {
      await this.#flushing;
    } finally {
      this.#flushing = undefined;
    }
  }

  async #write(signal: AbortSignal): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    const { log, time } = this.#components;
    this.#askedWithinMs = Infinity;
    try {
      await this.#writeJournal(running, signal);
      if (!signal.aborted) await running.history.closeSpans(time.nowMs(), signal);
    } catch (thrown) {
      this.#failure = isBarnacleError(thrown) ? thrown.code : "INTERNAL";
      log.problem(PROBLEM, "error", "hub_history_failed", { error: thrown, waiting: running.history.unwrittenCount });
      throw thrown;
    }
    this.#failure = undefined;
    log.resolve(PROBLEM, "hub_history_recovered");
  }

  async #writeJournal({ history, putHeartbeat, dropHeartbeat }: Running, signal: AbortSignal): Promise<void> {
    const changes = this.#heartbeats.takeChanges();
    try {
      await history.writeJournal(() => {
        for (const { identifier, heard } of changes) {
          if (heard === undefined) dropHeartbeat.run(identifier);
          else putHeartbeat.run(identifier, heard.owner, heard.heardAtMs, heard.bodyText);
        }
      }, signal);
    } catch (thrown) {
      this.#heartbeats.putBack(changes);
      throw thrown;
    }
  }

  #restoreHeartbeats(database: SqlDatabase, forgottenUntilMs: number): void {
    for (const row of database.prepare("SELECT identifier, owner, heard_ms, body FROM heartbeats").all()) {
      const heardAtMs = Math.min(Number(row["heard_ms"]), this.#components.time.nowMs());
      if (heardAtMs <= forgottenUntilMs) continue;
      const [identifier, owner, bodyText] = [row["identifier"], row["owner"], row["body"]].map(String);
      if (identifier === undefined || owner === undefined || bodyText === undefined) continue;
      this.#heartbeats.restore({ identifier, owner, heardAtMs, bodyText: checkBody(identifier, bodyText) });
    }
  }

  #observe(metrics: Metrics): void {
    metrics.observed("barnacle_hub_monitors", "gauge", "Monitors that report to this hub.", () => {
      return [{ labels: {}, value: this.#heartbeats.size }];
    });
    metrics.observed("barnacle_hub_histories", "gauge", "Instances whose history is kept.", () => {
      return [{ labels: {}, value: this.#running?.history.size ?? 0 }];
    });
    metrics.observed("barnacle_hub_history_unwritten", "gauge", "Heartbeats and slots that are not on disk.", () => {
      return [{ labels: {}, value: this.#heartbeats.changedCount + (this.#running?.history.unwrittenCount ?? 0) }];
    });
    metrics.observed("barnacle_hub_history_refused_total", "counter", "Samples of instances without room.", () => {
      return [{ labels: {}, value: this.#running?.history.refused ?? 0 }];
    });
  }
}

function withoutMissing(fields: Record<string, number | undefined>): Sample {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function checkBody(identifier: string, bodyText: string): string {
  try {
    JSON.parse(bodyText);
    return bodyText;
  } catch (cause) {
    throw new BarnacleError({
      code: "DATABASE_ERROR",
      action: `Load the heartbeat of ${JSON.stringify(identifier)}`,
      value: "a damaged one",
      cause,
    });
  }
}
