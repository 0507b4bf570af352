/** An installation keeps its `instance_id` across whatever ends it. Source: the status contract, `instance_id`. @module */
import type { FleetRecord } from "../record.ts";

export function checkIdentity(record: FleetRecord): void {
  const ids = new Map<string, string>();
  for (const one of record.ofRole("agent")) {
    for (const { document, startedAtMs } of one.attempts) {
      const known = ids.get(one.hostName);
      ids.set(one.hostName, known ?? document.instance_id);
      if (known === undefined || known === document.instance_id) continue;
      record.violate("identity", startedAtMs, `${one.hostName} was ${known} and is now ${document.instance_id}`);
      return;
    }
  }
}
