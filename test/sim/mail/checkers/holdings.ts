/** What a node holds stays bounded, whatever arrives. Source: invariant 7. @module */
import type { MailFleet } from "../mail-fleet.ts";

const TASKS_MAX = 32;

export function checkHoldings(fleet: MailFleet): void {
  const { record } = fleet;
  for (const one of record.processes) {
    const violate = (what: string): void =>
      record.violate("bounds", one.startedAtMs, `${one.process.label} had ${what}`);
    if (one.pendingTimersMax > fleet.timersMax) {
      violate(`${one.pendingTimersMax} timers at once, wanted ${fleet.timersMax}`);
    }
    if (one.taskCountMax > TASKS_MAX) violate(`${one.taskCountMax} tasks, wanted ${TASKS_MAX}`);
    const held = record.holdings.get(one);
    if (held === undefined) continue;
    const most = fleet.holdingsMaxOf(one);
    for (const name of Object.keys(most) as (keyof typeof most)[]) {
      // One connection that is turned away is there for a moment.
      const wanted = most[name] + (name === "connectionsMax" || name === "perAddressMax" ? 1 : 0);
      if (held[name] > wanted) violate(`${name} ${held[name]}, wanted ${wanted}`);
    }
  }
}
