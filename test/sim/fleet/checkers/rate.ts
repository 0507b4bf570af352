/**
 * Publishing keeps to its rate whatever happens. Source: the status contract, "When".
 *
 * Three bounds, each over one life of an agent. Within a minute: changes are merged within 2 s, except where the loop
 * wakes anyway. Over the whole life: no more than the intervals, the changes and the failures that there were. And in a
 * row of failures: what full jitter with a cap of 5 minutes gives, with a chance of about 10^-6 to be exceeded.
 *
 * @module
 */
import type { Attempt, FleetRecord, ProcessRecord } from "../record.ts";

const MINUTE_MS = 60_000;
/** One each 2 s, and one for each waking by another task that a change can share: health each 5 s, a few by the rest. */
const PER_MINUTE_MAX = 30 + 12 + 4;
const FAILING_WINDOW_MS = 10 * MINUTE_MS;
/** A wait shrinks the longest interval by the jitter on either side. */
const INTERVAL_SHARE = 0.8;
/** The first publication, the two of the end, and one catching up. */
const EXTRA = 5;
/** What makes the agent publish besides its interval. */
const CHANGE_EVENTS = ["status_changed", "registration_loaded", "registration_invalid", "registration_recovered"];
const ACCEPTED = 202;

export function checkRate(record: FleetRecord, intervalMs: number): void {
  for (const one of record.ofRole("agent")) {
    checkMinutes(record, one, intervalMs);
    checkLifetime(record, one, intervalMs);
    checkBackoff(record, one);
  }
}

function checkMinutes(record: FleetRecord, one: ProcessRecord, intervalMs: number): void {
  const max = PER_MINUTE_MAX + Math.ceil(MINUTE_MS / (INTERVAL_SHARE * intervalMs));
  const found = mostWithin(one.attempts, MINUTE_MS);
  if (found.count > max) {
    report(record, one, found.atMs, `${found.count} publications within a minute, wanted ${max} at most`);
  }
}

function checkLifetime(record: FleetRecord, one: ProcessRecord, intervalMs: number): void {
  const last = one.attempts.at(-1);
  if (last === undefined) return;
  const livedMs = last.startedAtMs - one.startedAtMs;
  const changes = CHANGE_EVENTS.reduce((sum, name) => sum + (one.events.get(name) ?? 0), 0);
  const failures = one.attempts.filter(({ status }) => status !== ACCEPTED).length;
  const max = Math.ceil(livedMs / (INTERVAL_SHARE * intervalMs)) + changes + failures + EXTRA;
  if (one.attempts.length <= max) return;
  report(record, one, last.startedAtMs, `${one.attempts.length} publications in ${livedMs} ms, wanted ${max} at most`);
}

function checkBackoff(record: FleetRecord, one: ProcessRecord): void {
  let row: Attempt[] = [];
  for (const attempt of [...one.attempts, undefined]) {
    if (attempt !== undefined && attempt.status !== ACCEPTED) {
      row.push(attempt);
      continue;
    }
    const found = mostWithin(row, FAILING_WINDOW_MS);
    row = [];
    if (found.count <= FAILURES_MAX) continue;
    report(
      record,
      one,
      found.atMs,
      `${found.count} failures in a row within 10 minutes, wanted ${FAILURES_MAX} at most`,
    );
  }
}

/** The waits up to the cap add up to about 4 minutes on average; the sixth attempt at the cap is rare within the rest. */
const FAILURES_MAX = 24;

/** The most that lie within a window of the host's own time, and when that window ended. */
function mostWithin(attempts: readonly Attempt[], windowMs: number): { readonly count: number; readonly atMs: number } {
  let most = { count: 0, atMs: 0 };
  let first = 0;
  for (const [index, attempt] of attempts.entries()) {
    while ((attempts[first]?.monotonicMs ?? 0) < attempt.monotonicMs - windowMs) first++;
    const count = index - first + 1;
    if (count > most.count) most = { count, atMs: attempt.startedAtMs };
  }
  return most;
}

function report(record: FleetRecord, one: ProcessRecord, atMs: number, what: string): void {
  record.violate("rate", atMs, `${one.process.label}: ${what}`);
}
