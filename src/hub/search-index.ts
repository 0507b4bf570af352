/**
 * What can be asked for, eight numbers for each instance: a search over a hundred thousand instances reads a few
 * megabytes in order and touches no object, and a publication touches one line of the processor's cache, where an array
 * for each number would be eight.
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

/** Places of the numbers in a row's cells. An empty row was heard at minus infinity. */
const HEARD_AT_MS = 0;
const EXPIRES_AT_MS = 1;
const SEQUENCE = 2;
const FREE = 3;
const STATUS = 4;
const AVAILABILITY = 5;
const CAPABILITIES = 6;
const TAGS = 7;
const CELLS = 8;

export class SearchIndex {
  readonly #capabilities = new WordLists();
  readonly #tags = new WordLists(tagWordsOf);
  /** `row * CELLS` and what follows; row 0 is not used. */
  #cells = grownTo(ROWS_MIN);
  #rowEnd = 1;

  /** Distinct lists of capabilities and of tags, with the numbers kept for reuse. */
  get wordListCount(): number {
    return this.#capabilities.idEnd + this.#tags.idEnd;
  }

  /** Puts an instance into its row, in place of what was there. */
  set(instance: Instance, words: Words): void {
    const { row } = instance;
    const at = row * CELLS;
    if (at >= this.#cells.length) this.#cells = grownTo(row + 1, this.#cells);
    const cells = this.#cells;
    const isNew = cells[at + HEARD_AT_MS] === -Infinity;
    this.#rowEnd = Math.max(this.#rowEnd, row + 1);
    cells[at + CAPABILITIES] = isNew
      ? this.#capabilities.acquire(words.capabilities)
      : this.#capabilities.exchange(cells[at + CAPABILITIES] as number, words.capabilities);
    cells[at + TAGS] = isNew
      ? this.#tags.acquire(words.tags)
      : this.#tags.exchange(cells[at + TAGS] as number, words.tags);
    cells[at + HEARD_AT_MS] = instance.heardAtMs;
    cells[at + EXPIRES_AT_MS] = instance.heardAtMs + instance.expiresInMs;
    cells[at + SEQUENCE] = instance.sequence;
    cells[at + FREE] = instance.free;
    cells[at + STATUS] = STATUSES.indexOf(instance.status);
    cells[at + AVAILABILITY] = AVAILABILITIES.indexOf(instance.availability);
  }

  /** Empties a row that is filled. */
  clear(row: number): void {
    const at = row * CELLS;
    this.#capabilities.release(this.#cells[at + CAPABILITIES] as number);
    this.#tags.release(this.#cells[at + TAGS] as number);
    this.#cells[at + HEARD_AT_MS] = -Infinity;
  }

  /** The rows that match, and how many there are. */
  search(criteria: Criteria): Found {
    const cells = this.#cells;
    const { before, forgottenUntilMs } = criteria;
    const matches = this.#matcherOf(criteria);
    const newest = new Newest(criteria.limit);
    let total = 0;
    let matched = 0;
    let candidates = 0;
    for (let row = 1; row < this.#rowEnd; row++) {
      const at = row * CELLS;
      if (!((cells[at + HEARD_AT_MS] as number) > forgottenUntilMs)) continue;
      total++;
      if (!matches(at)) continue;
      matched++;
      const sequence = cells[at + SEQUENCE] as number;
      if (!(sequence < before)) continue;
      candidates++;
      if (sequence > newest.least) newest.offer(row, sequence);
    }
    return { rows: newest.list(), candidates, matched, total };
  }

  /** Filled rows that were last heard at this time or before. */
  rowsHeardUntil(untilMs: number): number[] {
    const rows: number[] = [];
    for (let row = 1; row < this.#rowEnd; row++) {
      const heard = this.#cells[row * CELLS + HEARD_AT_MS] as number;
      if (heard <= untilMs && heard !== -Infinity) rows.push(row);
    }
    return rows;
  }

  /** How many there are of each status. */
  countByStatus(nowMs: number): Map<HealthStatus, number> {
    const cells = this.#cells;
    const counts = STATUSES.map(() => 0);
    for (let at = CELLS; at < this.#rowEnd * CELLS; at += CELLS) {
      if (cells[at + HEARD_AT_MS] === -Infinity) continue;
      const status = (cells[at + EXPIRES_AT_MS] as number) <= nowMs ? STATUS_OFFLINE : cells[at + STATUS] as number;
      counts[status] = (counts[status] ?? 0) + 1;
    }
    return new Map(STATUSES.map((status, index) => [status, counts[index] ?? 0]));
  }

  /** Whether what stands at a place among the cells matches. */
  #matcherOf(criteria: Criteria): (at: number) => boolean {
    const cells = this.#cells;
    const { freeMin, nowMs } = criteria;
    const status = criteria.status === undefined ? ANY : STATUSES.indexOf(criteria.status);
    const availability = criteria.availability === undefined ? ANY : AVAILABILITIES.indexOf(criteria.availability);
    const capabilityMask = criteria.capabilities.length === 0
      ? undefined
      : this.#capabilities.maskOf(criteria.capabilities);
    const tagMask = criteria.tags.length === 0 ? undefined : this.#tags.maskOf(criteria.tags);
    return (at) => {
      const isExpired = (cells[at + EXPIRES_AT_MS] as number) <= nowMs;
      if (status !== ANY && status !== (isExpired ? STATUS_OFFLINE : cells[at + STATUS])) return false;
      if (availability !== ANY && availability !== (isExpired ? AVAILABILITY_OFFLINE : cells[at + AVAILABILITY])) {
        return false;
      }
      if (freeMin > 0 && (isExpired || (cells[at + FREE] as number) < freeMin)) return false;
      if (capabilityMask !== undefined && capabilityMask[cells[at + CAPABILITIES] as number] !== 1) return false;
      return tagMask === undefined || tagMask[cells[at + TAGS] as number] === 1;
    };
  }
}

/** A copy of the cells with room for more rows, at least twice as many as now. */
function grownTo(rowsMin: number, cells: Float64Array = new Float64Array()): Float64Array {
  const grown = new Float64Array(Math.max(rowsMin * CELLS, cells.length * 2));
  grown.set(cells);
  for (let at = cells.length; at < grown.length; at += CELLS) grown[at + HEARD_AT_MS] = -Infinity;
  return grown;
}
