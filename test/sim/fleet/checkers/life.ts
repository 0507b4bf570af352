/** No input, no fault and no passing of time ends a process. Source: invariant 8. @module */
import type { CrewRecord, ProcessRecord } from "../record.ts";

/** Signal that the scenario sends to end a process without asking. */
const KILLED = "SIGKILL";

export function checkLife(record: CrewRecord): void {
  for (const one of record.processes) {
    for (const line of one.uncaught) {
      record.violate("life", one.startedAtMs, `${one.process.label} left uncaught: ${line}`);
    }
    if (one.end === undefined || one.endedAtMs === undefined) continue;
    const why = faultOf(one, record);
    if (why !== undefined) {
      record.violate(
        "life",
        one.endedAtMs,
        `${one.process.label} ${why}: ${JSON.stringify(one.end)}, it said last: ${lastWords(one)}`,
      );
    }
  }
}

function faultOf(one: ProcessRecord, record: CrewRecord): string | undefined {
  if (one.isKilled) return undefined;
  const { end } = one;
  if (end === undefined) return undefined;
  if (!("code" in end)) return `was ended by ${end.signal === KILLED ? "nobody we know" : "a signal it should handle"}`;
  if (one.stop !== undefined) return end.code === 0 ? undefined : "did not stop with exit code 0";
  if (one.role === "command") return undefined;
  if (one.listeningAtMs !== undefined) return "ended by itself";
  if (end.code === 0) return "gave up its start and called it a success";
  // A start may fail while the disk does: with an exit code, never by an error that nobody caught.
  const isCalm = record.calmAtMs !== undefined && one.startedAtMs > record.calmAtMs;
  return isCalm ? "failed to start on a sound host" : undefined;
}

function lastWords({ process }: ProcessRecord): string {
  return process.standardError.lines.slice(-3).join(" / ").slice(-1_000);
}
