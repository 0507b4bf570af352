/** What a process holds stays bounded, however long and badly it goes. Source: invariant 7. @module */
import type { CrewRecord } from "../record.ts";

/** Of one process: the loop's one, a call's time-outs, the deadlines of bodies, and some to spare. */
const TIMERS_MAX = 24;
/** An agent's tasks are as many as its features have, whatever it meets: 18 in this fleet. */
const TASKS_MAX = 20;

export function checkBounds(record: CrewRecord): void {
  for (const one of record.processes) {
    if (one.pendingTimersMax > TIMERS_MAX) {
      const what = `${one.process.label} had ${one.pendingTimersMax} timers at once, wanted ${TIMERS_MAX} at most`;
      record.violate("bounds", one.endedAtMs ?? one.startedAtMs, what);
    }
    if (one.taskCountMax > TASKS_MAX) {
      const what = `${one.process.label} had ${one.taskCountMax} tasks, wanted ${TASKS_MAX} at most`;
      record.violate("bounds", one.endedAtMs ?? one.startedAtMs, what);
    }
  }
}
