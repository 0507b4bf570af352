/**
 * What can be asked for, in columns by row: a search over a hundred thousand instances reads a few megabytes in order
 * and touches no object.
 *
 * @module
 */
import type { Availability, HealthStatus } from "../contract/mod.ts";
import { type Instance, tagWordsOf, type Words } from "./instance.ts";
import { Newest } from "./newest.ts";
import { WordLists } from "./word-lists.ts";

const STATUSES: readonly HealthStatus[] = ["healthy", "degraded", "draining", "offline"];
const AVAILABILITIES: readonly Availability[] = ["available", "busy", "paused", "offline"];
const STATUS_OFFLINE = STATUSES.indexOf("offline");
const AVAILABILITY_OFFLINE = AVAILABILITIES.indexOf("offline");
const ROWS_MIN = 256;
/** Stands in for a number that matters in no comparison. */
const ANY = -1;

/** What is looked for; an instance matches everything that is given. */
export interface Criteria {
  readonly capabilities: readonly string[];
  /** See {@link tagWord}. */
  readonly tags: readonly string[];
  readonly status: HealthStatus | undefined;
  readonly availability: Availability | undefined;
  readonly freeMin: number;
  /** Only what was heard before this sequence is found, though all is counted. */
  readonly before: number;
  readonly limit: number;
  readonly nowMs: number;
  /** What was last heard at this time or before is as if it were not there. */
  readonly forgottenUntilMs: number;
}

/** What was found. */
export interface Found {
  /** The last heard first, at most `limit`. */
  readonly rows: readonly number[];
  /** How many match and were heard before `before`. */
  readonly candidates: number;
  /** How many match. */
  readonly matched: number;
  /** How many there are. */
  readonly total: number;
}

export class SearchIndex {
  readonly #capabilities = new WordLists();
  readonly #tags = new WordLists(tagWordsOf);
  #columns = new Columns(ROWS_MIN);
  #rowEnd = 1;

  /** Distinct lists of capabilities and of tags, with the numbers kept for reuse. */
  get wordListCount(): number {
    return this.#capabilities.idEnd + this.#tags.idEnd;
  }

  /** Puts an instance into its row, in place of what was there. */
  set(instance: Instance, words: Words): void {
    const { row } = instance;
    const isNew = row >= this.#rowEnd || this.#columns.heardAtMs[row] === -Infinity;
    if (row >= this.#columns.length) this.#columns = this.#columns.grownTo(row + 1);
    this.#rowEnd = Math.max(this.#rowEnd, row + 1);
    const columns = this.#columns;
    columns.capabilities[row] = isNew
      ? this.#capabilities.acquire(words.capabilities)
      : this.#capabilities.exchange(columns.capabilities[row] as number, words.capabilities);
    columns.tags[row] = isNew
      ? this.#tags.acquire(words.tags)
      : this.#tags.exchange(columns.tags[row] as number, words.tags);
    columns.heardAtMs[row] = instance.heardAtMs;
    columns.expiresAtMs[row] = instance.heardAtMs + instance.expiresInMs;
    columns.sequences[row] = instance.sequence;
    columns.free[row] = instance.free;
    columns.statuses[row] = STATUSES.indexOf(instance.status);
    columns.availabilities[row] = AVAILABILITIES.indexOf(instance.availability);
  }

  /** Empties a row that is filled. */
  clear(row: number): void {
    this.#capabilities.release(this.#columns.capabilities[row] as number);
    this.#tags.release(this.#columns.tags[row] as number);
    this.#columns.heardAtMs[row] = -Infinity;
  }

  /** The rows that match, and how many there are. */
  search(criteria: Criteria): Found {
    const { heardAtMs, sequences } = this.#columns;
    const { before, forgottenUntilMs } = criteria;
    const matches = this.#matcherOf(criteria);
    const newest = new Newest(criteria.limit, sequences);
    let total = 0;
    let matched = 0;
    let candidates = 0;
    for (let row = 1; row < this.#rowEnd; row++) {
      if (!((heardAtMs[row] as number) > forgottenUntilMs)) continue;
      total++;
      if (!matches(row)) continue;
      matched++;
      if (!((sequences[row] as number) < before)) continue;
      candidates++;
      newest.offer(row);
    }
    return { rows: newest.list(), candidates, matched, total };
  }

  /** Filled rows that were last heard at this time or before. */
  rowsHeardUntil(untilMs: number): number[] {
    const { heardAtMs } = this.#columns;
    const rows: number[] = [];
    for (let row = 1; row < this.#rowEnd; row++) {
      const heard = heardAtMs[row] as number;
      if (heard <= untilMs && heard !== -Infinity) rows.push(row);
    }
    return rows;
  }

  /** How many there are of each status. */
  countByStatus(nowMs: number): Map<HealthStatus, number> {
    const { expiresAtMs, heardAtMs, statuses } = this.#columns;
    const counts = STATUSES.map(() => 0);
    for (let row = 1; row < this.#rowEnd; row++) {
      if (heardAtMs[row] === -Infinity) continue;
      const status = (expiresAtMs[row] as number) <= nowMs ? STATUS_OFFLINE : statuses[row] as number;
      counts[status] = (counts[status] ?? 0) + 1;
    }
    return new Map(STATUSES.map((status, index) => [status, counts[index] ?? 0]));
  }

  #matcherOf(criteria: Criteria): (row: number) => boolean {
    const { availabilities, capabilities, expiresAtMs, free, statuses, tags } = this.#columns;
    const { freeMin, nowMs } = criteria;
    const status = criteria.status === undefined ? ANY : STATUSES.indexOf(criteria.status);
    const availability = criteria.availability === undefined ? ANY : AVAILABILITIES.indexOf(criteria.availability);
    const capabilityMask = criteria.capabilities.length === 0
      ? undefined
      : this.#capabilities.maskOf(criteria.capabilities);
    const tagMask = criteria.tags.length === 0 ? undefined : this.#tags.maskOf(criteria.tags);
    return (row) => {
      const isExpired = (expiresAtMs[row] as number) <= nowMs;
      if (status !== ANY && status !== (isExpired ? STATUS_OFFLINE : statuses[row])) return false;
      if (availability !== ANY && availability !== (isExpired ? AVAILABILITY_OFFLINE : availabilities[row])) {
        return false;
      }
      if (freeMin > 0 && (isExpired || (free[row] as number) < freeMin)) return false;
      if (capabilityMask !== undefined && capabilityMask[capabilities[row] as number] !== 1) return false;
      return tagMask === undefined || tagMask[tags[row] as number] === 1;
    };
  }
}

/** One array for each thing that can be asked for; row 0 is not used. An empty row was heard at minus infinity. */
class Columns {
  readonly length: number;
  readonly heardAtMs: Float64Array;
  readonly expiresAtMs: Float64Array;
  readonly sequences: Float64Array;
  readonly free: Float64Array;
  readonly statuses: Uint8Array;
  readonly availabilities: Uint8Array;
  readonly capabilities: Uint32Array;
  readonly tags: Uint32Array;

  constructor(length: number) {
    this.length = length;
    this.heardAtMs = new Float64Array(length).fill(-Infinity);
    this.expiresAtMs = new Float64Array(length);
    this.sequences = new Float64Array(length);
    this.free = new Float64Array(length);
    this.statuses = new Uint8Array(length);
    this.availabilities = new Uint8Array(length);
    this.capabilities = new Uint32Array(length);
    this.tags = new Uint32Array(length);
  }

  /** A copy with room for more, at least twice as much as now. */
  grownTo(lengthMin: number): Columns {
    const grown = new Columns(Math.max(lengthMin, this.length * 2));
    grown.heardAtMs.set(this.heardAtMs);
    grown.expiresAtMs.set(this.expiresAtMs);
    grown.sequences.set(this.sequences);
    grown.free.set(this.free);
    grown.statuses.set(this.statuses);
    grown.availabilities.set(this.availabilities);
    grown.capabilities.set(this.capabilities);
    grown.tags.set(this.tags);
    return grown;
  }
}
