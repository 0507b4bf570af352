/** What a node holds stays bounded, whatever arrives. Source: invariant 7. @module */
import { CONNECTIONS_MAX, type MailFleet } from "../mail-fleet.ts";

/** What one recipient's whole window may weigh, and a half besides. */
const BUFFERED_BYTES_MAX = 1_500_000;
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
    const { bufferedBytesMax = 0, connectionsMax = 0 } = record.holdings.get(one) ?? {};
    if (bufferedBytesMax > BUFFERED_BYTES_MAX) violate(`${bufferedBytesMax} bytes buffered on a connection`);
    // One that is turned away is there for a moment.
    if (connectionsMax > CONNECTIONS_MAX + 1) violate(`${connectionsMax} connections, wanted ${CONNECTIONS_MAX}`);
  }
}
