/** What the tests of the store share: a registry and its store on a real database, joined as the hub joins them. @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { ReceivedStatusDocument } from "../../../src/contract/mod.ts";
import { openHubDatabase } from "../../../src/hub/database.ts";
import { readFacts, readWords } from "../../../src/hub/instance.ts";
import { loadInstances } from "../../../src/hub/loading.ts";
import { Registry } from "../../../src/hub/registry.ts";
import { InstanceStore } from "../../../src/hub/store.ts";
import type { Clock, Databases } from "../../../src/runtime/port.ts";
import { createDatabases } from "../../../src/runtime/shared/database.ts";
import { strangersDocument } from "./support.ts";

export const HURRY: AbortSignal = AbortSignal.abort();
export const NOW_MS = 1_000_000_000;
/** Numbers of an entry, of eight bytes each. */
const ENTRY_NUMBERS_BYTES = 11 * 8;

export function makeDatabaseFile(): string {
  const directory = mkdtempSync(join(tmpdir(), "barnacle-store-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }));
  return join(directory, "hub.sqlite");
}

/** Waits for nothing. */
const HASTY: Pick<Clock, "setTimer"> = {
  setTimer: (_delayMs, callback) => (callback(), { cancel: () => undefined }),
};

export interface OpenStoreInit {
  readonly databases?: Databases;
  readonly clock?: Pick<Clock, "setTimer">;
  readonly forgottenUntilMs?: number;
}

export type OpenStore = Awaited<ReturnType<typeof openStore>>;

export async function openStore(databaseFile: string, init: OpenStoreInit = {}) {
  const { databases = createDatabases(), clock = HASTY, forgottenUntilMs = 0 } = init;
  const database = await openHubDatabase(databases, databaseFile);
  onTestFinished(() => database.close());
  const noted: { store?: InstanceStore } = {};
  const registry = new Registry((row) => noted.store?.note(row));
  const { entries, outdated } = await loadInstances({ database, clock, registry }, {
    databaseFile,
    nowMs: NOW_MS,
    forgottenUntilMs,
  });
  const store = new InstanceStore({ database, clock, at: (row) => registry.at(row) }, entries);
  noted.store = store;
  for (const row of outdated) store.note(row);
  /** Entries in the log. */
  const count = () => {
    const bytes = database.prepare("SELECT sum(length(numbers)) AS bytes FROM segments").get()?.["bytes"];
    return Number(bytes) / ENTRY_NUMBERS_BYTES;
  };
  return { database, registry, store, count };
}

/** The document of an instance that says a number. */
export function documentOf(id: string, value: number): ReceivedStatusDocument {
  const capacity = { concurrent_tasks: 4, active_tasks: 0, queue_length: 0 };
  return strangersDocument({ instance_id: id, uptime_seconds: value, capacity }) as unknown as ReceivedStatusDocument;
}

/** Takes what an instance says, at the time that is the number it says. */
export function put(registry: Registry, id: string, value: number): void {
  const document = documentOf(id, value);
  registry.put({
    ...readFacts(document, registry.get(id)),
    id,
    owner: "anonymous",
    verified: false,
    heardAtMs: value,
    documentText: JSON.stringify(document),
  }, readWords(document));
}
