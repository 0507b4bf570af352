/**
 * Asking for instances.
 *
 * @module
 */
import * as z from "zod/mini";
import { type Availability, availability, type HealthStatus, healthStatus } from "../contract/mod.ts";
import { INSTANCES_PAGE_MAX, NAME_CHARACTERS_MAX } from "../limits.ts";
import { type Instance, isExpired, tagWord } from "./instance.ts";
import type { Registry } from "./registry.ts";

const PAGE_DEFAULT = 100;
/** Filters of one kind in a query. */
const FILTERS_MAX = 16;
const TAG_CHARACTERS_MAX = 2_048;
/** A page ends early when its documents are so long together; `next` goes on from there. */
const PAGE_CHARACTERS_MAX = 4 * 1024 * 1024;

const DIGITS_REGEXP = /^\d{1,15}$/;
const TAG_REGEXP = /^[^:=]+[:=]/;

/** A parameter comes as text; what is no whole number is left for the schema to refuse. */
const readNumber = z.transform((value) =>
  typeof value === "string" && DIGITS_REGEXP.test(value) ? Number(value) : value
);

function wholeNumber(minimum: number, maximum = Number.MAX_SAFE_INTEGER) {
  const most = maximum === Number.MAX_SAFE_INTEGER ? "" : ` and at most ${maximum}`;
  const error = `a whole number, at least ${minimum}${most}`;
  return z.optional(
    z.pipe(readNumber, z.int({ error }).check(z.minimum(minimum, { error }), z.maximum(maximum, { error }))),
  );
}

const filterText = z.string().check(z.minLength(1), z.maxLength(NAME_CHARACTERS_MAX));
const tagFilter = z.string().check(z.maxLength(TAG_CHARACTERS_MAX), z.regex(TAG_REGEXP, { error: "key:value" }));

/**
 * The parameters of `GET /v1/instances`. A parameter that is not known is refused: ignored, it would widen the answer.
 */
export const instancesQuery = z.strictObject({
  capability: z.optional(z.array(filterText).check(z.maxLength(FILTERS_MAX))),
  status: z.optional(healthStatus),
  availability: z.optional(availability),
  tag: z.optional(z.array(tagFilter).check(z.maxLength(FILTERS_MAX))),
  min_free: wholeNumber(0),
  limit: wholeNumber(1, INSTANCES_PAGE_MAX),
  after: wholeNumber(1),
});
/** The parameters that may be given several times. */
export const INSTANCES_QUERY_LISTS = ["capability", "tag"] as const;
export type InstancesQuery = z.infer<typeof instancesQuery>;

/** An instance as it is now. */
export interface View {
  readonly instance: Instance;
  readonly isExpired: boolean;
  readonly status: HealthStatus;
  readonly availability: Availability;
  readonly free: number;
}

/** One page. */
export interface Page {
  /** The most recently heard first. */
  readonly views: readonly View[];
  /** All that match, on this page or not. */
  readonly matched: number;
  /** All that are known. */
  readonly total: number;
  /** What to give as `after` for the next page; `null` when this is the last. */
  readonly next: string | null;
}

/** Gives expiry its effect: one that is not heard of is offline and offers nothing, whatever its last document says. */
export function viewOf(instance: Instance, nowMs: number): View {
  if (isExpired(instance, nowMs)) {
    return { instance, isExpired: true, status: "offline", availability: "offline", free: 0 };
  }
  const { status, free } = instance;
  return { instance, isExpired: false, status, availability: instance.availability, free };
}

/**
 * The instances that match every given parameter.
 *
 * The cursor is the place in the order of hearing: an instance that is heard of between two pages moves to the front,
 * so a listing of many pages shows each instance at most once, as it was when its page was made.
 *
 * @param times.forgottenUntilMs what was last heard at this time or before is left out as if it were not there
 */
export function findInstances(
  registry: Registry,
  query: InstancesQuery,
  times: { readonly nowMs: number; readonly forgottenUntilMs: number },
): Page {
  const { rows, candidates, matched, total } = registry.index.search({
    ...times,
    capabilities: query.capability ?? [],
    tags: (query.tag ?? []).map(wordOfTag),
    status: query.status,
    availability: query.availability,
    freeMin: query.min_free ?? 0,
    before: query.after ?? Infinity,
    limit: query.limit ?? PAGE_DEFAULT,
  });
  const found = cutPage(rows.flatMap((row) => registry.at(row) ?? []));
  const last = found[found.length - 1];
  const next = candidates > found.length && last !== undefined ? String(last.sequence) : null;
  return { views: found.map((instance) => viewOf(instance, times.nowMs)), matched, total, next };
}

/** At least one, so that a listing always goes on. */
function cutPage(instances: readonly Instance[]): readonly Instance[] {
  let characters = 0;
  const end = instances.findIndex((instance, index) => {
    characters += instance.documentText.length;
    return index > 0 && characters > PAGE_CHARACTERS_MAX;
  });
  return end === -1 ? instances : instances.slice(0, end);
}

/** `region:eu` or `region=eu`; the first of either sign ends the key. */
function wordOfTag(text: string): string {
  const end = text.search(/[:=]/);
  return tagWord(text.slice(0, end), text.slice(end + 1));
}
