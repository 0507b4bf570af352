/**
 * A SIGTERM ends a process within 5 s; with the hub in reach it says `draining`, then `offline`. Source: the status
 * contract, "When".
 *
 * @module
 */
import type { CrewRecord, FleetRecord, ProcessRecord } from "../record.ts";

const STOP_WITHIN_MS = 5_000;
/** For what the disk takes when it is slow: a file is removed, locks are released. */
const SLACK_MS = 500;
const LAST_WORDS = ["draining", "offline"];
const ACCEPTED = 202;

export function checkStops(record: FleetRecord, nowMs: number): void {
  checkStopTimes(record, nowMs);
  for (const one of undisturbed(record)) {
    const isCalm = record.calmAtMs !== undefined && one.stop !== undefined && one.stop.askedAtMs > record.calmAtMs;
    if (isCalm && one.role === "agent") checkLastWords(record, one);
  }
}

/** How long the stops took, whatever was said. */
export function checkStopTimes(record: CrewRecord, nowMs: number): void {
  for (const one of undisturbed(record)) checkTime(record, one, nowMs);
}

function undisturbed(record: CrewRecord): ProcessRecord[] {
  return record.processes.filter(({ isKilled, stop }) => stop !== undefined && !stop.isDisturbed && !isKilled);
}

function checkTime(record: CrewRecord, one: ProcessRecord, nowMs: number): void {
  const { stop } = one;
  if (stop === undefined) return;
  const endedAtMs = stop.endedAtMonotonicMs ?? one.process.host.monotonicMs();
  const tookMs = endedAtMs - stop.askedAtMonotonicMs;
  if (tookMs <= STOP_WITHIN_MS + SLACK_MS) return;
  const state = one.end === undefined ? "still runs" : "ended";
  record.violate("stop", one.endedAtMs ?? nowMs, `${one.process.label} ${state} ${tookMs} ms after a SIGTERM`);
}

function checkLastWords(record: FleetRecord, one: ProcessRecord): void {
  const said = one.attempts.slice(-LAST_WORDS.length).map(({ document, status }) =>
    `${document.health.status} ${status}`
  );
  const wanted = LAST_WORDS.map((word) => `${word} ${ACCEPTED}`);
  if (said.join() === wanted.join()) return;
  record.violate(
    "stop",
    one.endedAtMs ?? 0,
    `${one.process.label} said last: ${said.join(", ")}, wanted ${wanted.join(", ")}`,
  );
}
