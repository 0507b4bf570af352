/**
 * Reading the log of instances back.
 *
 * @module
 */
import { isPlainStatusDocument, receivedStatusDocument } from "../contract/mod.ts";
import { BarnacleError } from "../errors.ts";
import type { Clock, SqlDatabase, SqlValue } from "../runtime/port.ts";
import { explainDamage } from "../store/mod.ts";
import { checkIntegrity, HUB_DATABASE } from "./database.ts";
import { Entries } from "./entries.ts";
import { readFacts, readWords } from "./instance.ts";
import type { Registry } from "./registry.ts";
import { decodeSegment, type StoredEntry } from "./segment.ts";

/** Segments read at once: at most some ten megabytes. */
const PAGE_SEGMENTS = 16;
/** Entries of the form before segments read at once. */
const PAGE_ROWS = 1_000;
/** Entries between two turns of the event loop. */
const SLICE_ENTRIES = 1_000;

/** How {@link loadInstances} reads. */
export interface LoadInit {
  readonly databaseFile: string;
  /** What was heard later than this, by a clock that has been set back since, counts as heard now. */
  readonly nowMs: number;
  /** What was last heard at this time or before stays forgotten. */
  readonly forgottenUntilMs: number;
}

/** What was found beside the instances. */
export interface LoadedLog {
  readonly entries: Entries;
  /** Rows whose last entry is of the form before segments, which is to be written anew. */
  readonly outdated: readonly number[];
}

/** What it works with. */
export interface LoadComponents {
  readonly database: SqlDatabase;
  readonly clock: Pick<Clock, "setTimer">;
  readonly registry: Registry;
}

/**
 * Fills the registry with the last entry of each instance.
 *
 * @throws `DATABASE_ERROR` when anything in the file is not what was written; nothing is skipped
 */
export async function loadInstances(components: LoadComponents, init: LoadInit): Promise<LoadedLog> {
  checkIntegrity(components.database, init.databaseFile);
  return await new Loading(components, init).run();
}

/** Reads the newest first: of what is older than that of an instance, only the place in the log counts. */
class Loading {
  readonly #components: LoadComponents;
  readonly #init: LoadInit;
  readonly #seen = new Set<string>();

  constructor(components: LoadComponents, init: LoadInit) {
    this.#components = components;
    this.#init = init;
  }

  async run(): Promise<LoadedLog> {
    const entries = await this.#readSegments();
    return { entries, outdated: await this.#readOutdated() };
  }

  async #readSegments(): Promise<Entries> {
    const page = this.#components.database.prepare(
      `SELECT * FROM segments WHERE first < ? ORDER BY first DESC LIMIT ${PAGE_SEGMENTS}`,
    );
    /** The row of each entry, the newest first. */
    const rows: number[] = [];
    let first: number | undefined;
    for (let pausedAt = 0;;) {
      const segments = page.all(first ?? Number.MAX_SAFE_INTEGER);
      for (const segment of segments) {
        const stored = decodeSegment(segment);
        const begin = Number(segment["first"]);
        if (first !== undefined && begin + stored.length !== first) throw this.#gapBefore(first);
        first = begin;
        for (const entry of stored.toReversed()) rows.push(this.#take(entry));
      }
      if (segments.length < PAGE_SEGMENTS) return entriesFrom(first ?? 1, rows);
      if (rows.length < pausedAt + SLICE_ENTRIES) continue;
      pausedAt = rows.length;
      await this.#pause();
    }
  }

  /** The table of versions before segments: all of it is older than any segment. */
  async #readOutdated(): Promise<number[]> {
    const page = this.#components.database.prepare(
      `SELECT * FROM publications WHERE entry < ? ORDER BY entry DESC LIMIT ${PAGE_ROWS}`,
    );
    const outdated: number[] = [];
    for (let before = Number.MAX_SAFE_INTEGER;;) {
      const entries = page.all(before);
      for (const entry of entries) outdated.push(this.#take(storedEntryOf(entry)));
      if (entries.length < PAGE_ROWS) return outdated.filter((row) => row !== 0);
      before = Number(entries[entries.length - 1]?.["entry"]);
      await this.#pause();
    }
  }

  /** @returns the entry's row, 0 for a dead one */
  #take({ id, documentText: read, ...entry }: StoredEntry): number {
    const { databaseFile, forgottenUntilMs, nowMs } = this.#init;
    if (this.#seen.has(id)) return 0;
    this.#seen.add(id);
    const heardAtMs = Math.min(entry.heardAtMs, nowMs);
    if (heardAtMs <= forgottenUntilMs) return 0;
    const documentText = read();
    const document = parseDocument(id, documentText, databaseFile);
    return this.#components.registry.restore(
      { ...readFacts(document), ...entry, id, heardAtMs, documentText },
      readWords(document),
    );
  }

  #gapBefore(entry: number): BarnacleError {
    const action = `Load the instances from ${this.#init.databaseFile}`;
    const fault = new BarnacleError({
      code: "DATABASE_ERROR",
      action,
      value: `a log with a gap before entry ${entry}`,
    });
    return explainDamage(fault, action, HUB_DATABASE);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void this.#components.clock.setTimer(0, resolve));
  }
}

function entriesFrom(first: number, rowsNewestFirst: readonly number[]): Entries {
  const entries = new Entries();
  entries.beginAt(first);
  for (const row of rowsNewestFirst.toReversed()) entries.append(row);
  return entries;
}

function storedEntryOf(row: Readonly<Record<string, SqlValue>>): StoredEntry {
  const messageIds = String(row["message_ids"]);
  return {
    id: String(row["id"]),
    owner: String(row["owner"]),
    verified: row["verified"] === 1,
    messageIds: messageIds === "" ? [] : messageIds.split(" ").map(Number),
    heardAtMs: Number(row["heard_ms"]),
    sequence: Number(row["sequence"]),
    documentText: () => String(row["document"]),
  };
}

function parseDocument(id: string, documentText: string, databaseFile: string) {
  try {
    const value: unknown = JSON.parse(documentText);
    const document = isPlainStatusDocument(value) ? value : receivedStatusDocument.parse(value);
    if (document.instance_id === id) return document;
  } catch (cause) {
    throw damagedDocument(id, databaseFile, cause);
  }
  throw damagedDocument(id, databaseFile, undefined);
}

function damagedDocument(id: string, databaseFile: string, cause: unknown): BarnacleError {
  const action = `Load the instance ${JSON.stringify(id)} from ${databaseFile}`;
  return explainDamage(
    new BarnacleError({ code: "DATABASE_ERROR", action, value: "a damaged document", cause }),
    action,
    HUB_DATABASE,
  );
}
