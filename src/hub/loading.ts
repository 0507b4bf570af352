/**
 * Reading the log of instances back.
 *
 * @module
 */
import { receivedStatusDocument } from "../contract/mod.ts";
import { BarnacleError } from "../errors.ts";
import type { Clock, SqlDatabase, SqlValue } from "../runtime/port.ts";
import { explainDamage } from "../store/mod.ts";
import { checkIntegrity, HUB_DATABASE } from "./database.ts";
import { Entries } from "./entries.ts";
import { readFacts, readWords } from "./instance.ts";
import type { Registry } from "./registry.ts";

const PAGE_ENTRIES = 1_000;

/** How {@link loadInstances} reads. */
export interface LoadInit {
  readonly databaseFile: string;
  /** What was heard later than this, by a clock that has been set back since, counts as heard now. */
  readonly nowMs: number;
  /** What was last heard at this time or before stays forgotten. */
  readonly forgottenUntilMs: number;
}

/**
 * Fills the registry with the last entry of each instance.
 *
 * @returns the log's entries, for the store
 * @throws `DATABASE_ERROR` when anything in the file is not what was written; nothing is skipped
 */
export async function loadInstances(
  components: { readonly database: SqlDatabase; readonly clock: Pick<Clock, "setTimer">; readonly registry: Registry },
  init: LoadInit,
): Promise<Entries> {
  const { clock, database, registry } = components;
  checkIntegrity(database, init.databaseFile);
  const page = database.prepare(`SELECT * FROM publications WHERE entry < ? ORDER BY entry DESC LIMIT ${PAGE_ENTRIES}`);
  const seen = new Set<string>();
  /** The row of each entry, the newest first. */
  const rows: number[] = [];
  for (let before = Number.MAX_SAFE_INTEGER;;) {
    const entries = page.all(before);
    for (const entry of entries) rows.push(takeEntry(registry, entry, { seen, init }));
    before = Number(entries[entries.length - 1]?.["entry"] ?? 1);
    if (entries.length < PAGE_ENTRIES) return entriesFrom(before, rows);
    await new Promise<void>((resolve) => clock.setTimer(0, resolve));
  }
}

function entriesFrom(first: number, rowsNewestFirst: readonly number[]): Entries {
  const entries = new Entries();
  entries.beginAt(first);
  for (const row of rowsNewestFirst.toReversed()) entries.append(row);
  return entries;
}

/** The newest entry of an instance is met first; the older ones are dead. @returns the entry's row, 0 for a dead one */
function takeEntry(
  registry: Registry,
  entry: Record<string, SqlValue>,
  { seen, init }: { readonly seen: Set<string>; readonly init: LoadInit },
): number {
  const id = String(entry["id"]);
  if (seen.has(id)) return 0;
  seen.add(id);
  const heardAtMs = Math.min(Number(entry["heard_ms"]), init.nowMs);
  if (heardAtMs <= init.forgottenUntilMs) return 0;
  const documentText = String(entry["document"]);
  const messageIds = String(entry["message_ids"]);
  const document = parseDocument(id, documentText, init.databaseFile);
  return registry.restore({
    ...readFacts(document),
    id,
    owner: String(entry["owner"]),
    verified: entry["verified"] === 1,
    messageIds: messageIds === "" ? [] : messageIds.split(" ").map(Number),
    heardAtMs,
    sequence: Number(entry["sequence"]),
    documentText,
  }, readWords(document));
}

function parseDocument(id: string, documentText: string, databaseFile: string) {
  try {
    const document = receivedStatusDocument.parse(JSON.parse(documentText));
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
