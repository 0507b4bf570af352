/**
 * What the hub keeps of an instance: the document as it came, and the few facts of it that are asked for.
 *
 * @module
 */
import type { Availability, HealthStatus, ReceivedStatusDocument } from "../contract/mod.ts";

/** How long a document holds that does not say: three of the contract's 30 s intervals. */
const EXPIRES_IN_SECONDS_DEFAULT = 90;

/** What is read off a document. */
export interface DocumentFacts {
  readonly serviceName: string;
  readonly status: HealthStatus;
  readonly availability: Availability;
  /** Slots that could take work now; none where the instance takes no work, whatever its capacity says. */
  readonly free: number;
  readonly nodeId: string | undefined;
  /** The host it runs on, as its tag `host` says: what a Monitor calls `identifier`. */
  readonly host: string | undefined;
  /** When the document was assembled, as it says, Unix milliseconds. */
  readonly timestampMs: number;
  readonly expiresInMs: number;
}

/** What a publication tells of an instance. */
export interface HeardInstance extends DocumentFacts {
  readonly id: string;
  /** Under whose key it is published. */
  readonly owner: string;
  /** Signed by the key that `nodeId` stands for; pinned to it from then on. */
  readonly verified: boolean;
  /** When it was last heard of, Unix milliseconds. */
  readonly heardAtMs: number;
  /** The document as it came, JSON. */
  readonly documentText: string;
}

/** One instance in its place. The registry alone changes it, and in place: references to it show the latest. */
export interface Instance extends HeardInstance {
  /** Its place in memory, from 1; free again when it is forgotten. */
  readonly row: number;
  /** {@link fingerprintOf} the last few message ids, oldest first. */
  readonly messageIds: readonly number[];
  /** Rises with each hearing, over all instances and restarts. */
  readonly sequence: number;
}

/**
 * Reads the facts off a document.
 *
 * A stranger's document may lack what we publish. Where `active_tasks` is missing (or 0), tasks that wait count as
 * taking slots, since they would take them first. Where `availability` is missing it follows from the rest: `offline`
 * when it is, `paused` when draining, `busy` when it has slots and none is free, else `available`; no slots at all mean
 * that nobody said how many there are.
 *
 * @param known the instance's facts so far; what has not changed is taken from them, not kept twice
 */
export function readFacts(document: ReceivedStatusDocument, known?: DocumentFacts): DocumentFacts {
  const { capacity, health } = document;
  const taken = capacity.active_tasks > 0 ? capacity.active_tasks : capacity.queue_length;
  const untaken = Math.max(0, capacity.concurrent_tasks - taken);
  const isFull = capacity.concurrent_tasks > 0 && untaken === 0;
  const availability = document.availability ?? deriveAvailability(health.status, isFull);
  return {
    serviceName: keepOne(document.service_name, known?.serviceName),
    status: keepOne(health.status, known?.status),
    availability: keepOne(availability, known?.availability),
    free: takesWork(health.status, availability) ? untaken : 0,
    nodeId: document.node_id === known?.nodeId ? known?.nodeId : document.node_id,
    host: document.tags?.["host"] === known?.host ? known?.host : document.tags?.["host"],
    timestampMs: Date.parse(document.timestamp),
    expiresInMs: (document.expires_in_seconds ?? EXPIRES_IN_SECONDS_DEFAULT) * 1000,
  };
}

function deriveAvailability(status: HealthStatus, isFull: boolean): Availability {
  if (status === "offline") return "offline";
  if (status === "draining") return "paused";
  return isFull ? "busy" : "available";
}

function takesWork(status: HealthStatus, availability: Availability): boolean {
  return status !== "draining" && status !== "offline" && availability !== "paused" && availability !== "offline";
}

/**
 * What an instance is now: `offline` in every respect once it has not been heard of for as long as its document holds.
 */
export function isExpired(instance: Instance, nowMs: number): boolean {
  return nowMs - instance.heardAtMs >= instance.expiresInMs;
}

/** What instances are looked up by, beside their facts. */
export interface Words {
  readonly capabilities: readonly string[];
  /** Each key followed by its value. */
  readonly tags: readonly string[];
}

/** Reads off a document what the instance is looked up by. */
export function readWords(document: ReceivedStatusDocument): Words {
  const { capabilities, tags = {} } = document;
  const pairs: string[] = [];
  for (const key of Object.keys(tags)) pairs.push(key, tags[key] ?? "");
  return { capabilities, tags: pairs };
}

/** The tags of {@link Words}, each as one text: put together only for a list that is new, not for each publication. */
export function tagWordsOf(tags: readonly string[]): string[] {
  const words: string[] = [];
  for (let index = 0; index < tags.length; index += 2) words.push(tagWord(tags[index] ?? "", tags[index + 1] ?? ""));
  return words;
}

/** A tag as one text. The contract allows no control character in a key, so the first one ends it. */
export function tagWord(key: string, value: string): string {
  return `${key}\u0000${value}`;
}

const POOL_ENTRIES_MAX = 10_000;
const pool = new Map<string, string>();

/** The one copy of a text that a fleet repeats. The pool is emptied when it is full, which costs memory, not truth. */
function keepOne<Text extends string>(text: Text, known: Text | undefined): Text {
  if (text === known) return known;
  const pooled = pool.get(text);
  // What is found under a key equals it.
  if (pooled !== undefined) return pooled as Text;
  if (pool.size >= POOL_ENTRIES_MAX) pool.clear();
  pool.set(text, text);
  return text;
}

/**
 * A message id as a number of 53 bits: an eighth of the memory. Two ids of one instance that share a number, once in
 * 10^15, would cost one publication, which the next beat makes good.
 */
export function fingerprintOf(messageId: string): number {
  let high = 0x811c_9dc5;
  let low = 0x9e37_79b9;
  for (let index = 0; index < messageId.length; index++) {
    // A UUID's hexadecimal digits mean the same in both cases.
    const code = messageId.charCodeAt(index) | 0x20;
    high = Math.imul(high ^ code, 0x0100_0193);
    low = Math.imul(low ^ code, 0x85eb_ca6b) ^ (low >>> 15);
  }
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0);
}
