/**
 * Each line of an outbox is delivered once or reported; each text that is no message is reported; nothing arrives that
 * nobody wrote. Source: invariant 4.
 *
 * @module
 */
import { findToken } from "../book.ts";
import { MAIL_DIRECTORY } from "../inbox-ledger.ts";
import type { MailFleet } from "../mail-fleet.ts";
import type { MailHost } from "../record.ts";

/** How often each token was delivered, by the recipient's node id and the token. */
export function countArrivals(fleet: MailFleet): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { ledger, nodeId } of fleet.mailHosts) {
    for (const { from, msg } of ledger.all) {
      const name = `${from} ${nodeId} ${findToken(msg) ?? msg}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return counts;
}

/** Messages that are neither delivered nor reported, for as long as there are any. */
export function findMissing(fleet: MailFleet): string[] {
  const arrivals = countArrivals(fleet);
  const missing: string[] = [];
  for (const own of fleet.mailHosts) {
    for (const { entry, count } of own.book.messages) {
      if ((arrivals.get(`${own.nodeId} ${entry.to} ${entry.token}`) ?? 0) < count) missing.push(entry.token);
    }
    const told = toldOf(own);
    for (const { entry } of own.book.rubbish) if (!told.has(entry.token)) missing.push(entry.token);
  }
  return missing;
}

export function checkOutboxes(fleet: MailFleet): void {
  const { record } = fleet;
  const arrivals = countArrivals(fleet);
  const violate = (what: string): void => record.violate("outbox", fleet.nowMs, what);
  for (const own of fleet.mailHosts) {
    const told = toldOf(own);
    for (const { entry, count } of own.book.messages) {
      const name = `${own.nodeId} ${entry.to} ${entry.token}`;
      const times = arrivals.get(name) ?? 0;
      arrivals.delete(name);
      if (times === count) record.delivered += count;
      else violate(`${entry.token} was meant ${count} times, and arrived ${times} times; ${whereIs(own, entry.token)}`);
      if (told.has(entry.token)) violate(`${entry.token} is a message, and was rejected: ${told.get(entry.token)}`);
    }
    for (const { entry } of own.book.rubbish) {
      if (!told.has(entry.token)) {
        violate(`${entry.token} is no message, and nobody was told: ${JSON.stringify(entry.value)}`);
      }
    }
  }
  for (const [name, times] of arrivals) {
    const isOfFleet = fleet.mailOfNode(name.split(" ", 1)[0] ?? "") !== undefined;
    if (isOfFleet) violate(`${name} arrived ${times} times, and nobody wrote it`);
  }
}

/** The reason that was told of each rejected token. */
export function toldOf({ host }: MailHost): Map<string, string> {
  const told = new Map<string, string>();
  const text = host.disk.text(`${MAIL_DIRECTORY}/outbox.rejected.ndjson`) ?? "";
  for (const line of text.split("\n")) {
    const token = findToken(line);
    if (token !== undefined) told.set(token, line);
  }
  return told;
}

/** What the host itself knows of a message, for whoever has to find out. */
function whereIs({ host }: MailHost, token: string): string {
  const lines = (host.disk.text(`${MAIL_DIRECTORY}/delivery.ndjson`) ?? "").split("\n");
  const accepted = lines.filter((line) => line.includes(token));
  const ids = accepted.map((line) => /"id":"([^"]+)"/.exec(line)?.[1] ?? "");
  const story = lines.filter((line) => ids.some((id) => id !== "" && line.includes(id))).join(" ");
  return story === "" ? "its journal does not know it" : `its journal: ${story.slice(0, 1_000)}`;
}
