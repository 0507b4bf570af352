/**
 * The instances in memory.
 *
 * Invariants. R1: an instance is found by its id, stands in its row and in the same row of the index, or none of these.
 * R2: whoever was heard later has the higher `sequence`. R3: `documentCharacters` is the sum over all, `countOf` the
 * number of each owner. Every change is told to `onChanged`, and nothing else changes an instance.
 *
 * @module
 */
import type { HeardInstance, Instance, Words } from "./instance.ts";
import { SearchIndex } from "./search-index.ts";

/**
 * A publisher has one publication under way and retries it, so the last id would do; a few more cover retries that were
 * overtaken.
 */
export const MESSAGE_IDS_KEPT = 8;

/** An instance as the registry changes it. */
type Mutable = { -readonly [Key in keyof Instance]: Instance[Key] } & { readonly messageIds: number[] };

export class Registry {
  readonly #byId = new Map<string, Mutable>();
  /** The instance of each row at `row - 1`. */
  readonly #rows: (Mutable | undefined)[] = [];
  readonly #freeRows: number[] = [];
  readonly #index = new SearchIndex();
  readonly #countByOwner = new Map<string, number>();
  readonly #idsByHost = new Map<string, Set<string>>();
  readonly #onChanged: (row: number) => void;
  #lastSequence = 0;
  #documentCharacters = 0;

  /** @param onChanged told of each row that was filled, changed or emptied */
  constructor(onChanged: (row: number) => void) {
    this.#onChanged = onChanged;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Characters of all documents together: nearly all of the registry's memory. */
  get documentCharacters(): number {
    return this.#documentCharacters;
  }

  get(id: string): Instance | undefined {
    return this.#byId.get(id);
  }

  /** The instance of a row; `undefined` for a row that is free. */
  at(row: number): Instance | undefined {
    return this.#rows[row - 1];
  }

  /** Instances of one owner. */
  countOf(owner: string): number {
    return this.#countByOwner.get(owner) ?? 0;
  }

  /** The instances that say to run on a host. */
  onHost(host: string): Instance[] {
    return [...this.#idsByHost.get(host) ?? []].flatMap((id) => this.#byId.get(id) ?? []);
  }

  /**
   * Takes what was just heard, in place of what was known of the same id.
   *
   * @param messageId {@link fingerprintOf} the publication's, to be remembered with the last few
   */
  put(heard: HeardInstance, words: Words, messageId?: number): void {
    const sequence = ++this.#lastSequence;
    const known = this.#byId.get(heard.id);
    const row = known?.row ?? this.#freeRows.pop() ?? this.#rows.length + 1;
    const instance = known === undefined
      ? this.#insert(newInstance({ ...heard, row, sequence, messageIds: [] }))
      : this.#change(known, heard, sequence);
    if (messageId !== undefined) remember(instance.messageIds, messageId);
    this.#index.set(instance, words);
    this.#onChanged(row);
  }

  /** Takes what was stored before; tells nobody. @returns its row */
  restore(stored: Omit<Mutable, "row">, words: Words): number {
    const row = this.#rows.length + 1;
    this.#lastSequence = Math.max(this.#lastSequence, stored.sequence);
    this.#index.set(this.#insert(newInstance({ ...stored, row })), words);
    return row;
  }

  /** Forgets an instance. */
  remove(id: string): void {
    const known = this.#byId.get(id);
    if (known === undefined) return;
    this.#byId.delete(id);
    this.#rows[known.row - 1] = undefined;
    this.#freeRows.push(known.row);
    this.#index.clear(known.row);
    this.#documentCharacters -= known.documentText.length;
    this.#countOwner(known.owner, -1);
    this.#moveHost(known.id, known.host, undefined);
    this.#onChanged(known.row);
  }

  /** For asking only. */
  get index(): Pick<SearchIndex, "search" | "rowsHeardUntil" | "countByStatus"> {
    return this.#index;
  }

  #insert(instance: Mutable): Mutable {
    this.#byId.set(instance.id, instance);
    this.#rows[instance.row - 1] = instance;
    this.#documentCharacters += instance.documentText.length;
    this.#countOwner(instance.owner, 1);
    this.#moveHost(instance.id, undefined, instance.host);
    return instance;
  }

  #change(known: Mutable, heard: HeardInstance, sequence: number): Mutable {
    this.#documentCharacters += heard.documentText.length - known.documentText.length;
    if (heard.owner !== known.owner) {
      this.#countOwner(known.owner, -1);
      this.#countOwner(heard.owner, 1);
    }
    if (heard.host !== known.host) this.#moveHost(known.id, known.host, heard.host);
    known.sequence = sequence;
    change(known, heard);
    return known;
  }

  #moveHost(id: string, from: string | undefined, to: string | undefined): void {
    const left = from === undefined ? undefined : this.#idsByHost.get(from);
    left?.delete(id);
    if (from !== undefined && left?.size === 0) this.#idsByHost.delete(from);
    if (to !== undefined) this.#idsByHost.set(to, (this.#idsByHost.get(to) ?? new Set()).add(id));
  }

  #countOwner(owner: string, sign: 1 | -1): void {
    const count = this.countOf(owner) + sign;
    if (count === 0) this.#countByOwner.delete(owner);
    else this.#countByOwner.set(owner, count);
  }
}

/** Field by field: made of parts, it would be two objects in memory, and a publication touches them all. */
function newInstance(from: Mutable): Mutable {
  return {
    row: from.row,
    sequence: from.sequence,
    heardAtMs: from.heardAtMs,
    messageIds: from.messageIds,
    id: from.id,
    owner: from.owner,
    verified: from.verified,
    documentText: from.documentText,
    serviceName: from.serviceName,
    status: from.status,
    availability: from.availability,
    free: from.free,
    nodeId: from.nodeId,
    host: from.host,
    timestampMs: from.timestampMs,
    expiresInMs: from.expiresInMs,
  };
}

/** Field by field, as in {@link newInstance}; the id stays. */
function change(known: Mutable, heard: HeardInstance): void {
  known.heardAtMs = heard.heardAtMs;
  known.owner = heard.owner;
  known.verified = heard.verified;
  known.documentText = heard.documentText;
  known.serviceName = heard.serviceName;
  known.status = heard.status;
  known.availability = heard.availability;
  known.free = heard.free;
  known.nodeId = heard.nodeId;
  known.host = heard.host;
  known.timestampMs = heard.timestampMs;
  known.expiresInMs = heard.expiresInMs;
}

/** In place, since a list made anew with each publication would be most of what it leaves to collect. */
function remember(messageIds: number[], messageId: number): void {
  if (messageIds.length >= MESSAGE_IDS_KEPT) messageIds.shift();
  messageIds.push(messageId);
}
