/**
 * What one host sends another arrives in the order in which it was written. Source: invariant 5.
 *
 * Nothing is said of it where a proxy or a relay drops and swaps what it likes, nor of what was captured and played to the recipient
 * before it came: a signed message is taken from whoever brings it.
 *
 * @module
 */
import { findToken } from "../book.ts";
import type { MailFleet } from "../mail-fleet.ts";
import type { MailHost } from "../record.ts";

export function checkOrder(fleet: MailFleet): void {
  for (const from of fleet.mailHosts) {
    for (const to of fleet.mailHosts) {
      if (from !== to && fleet.isHonestBetween(from, to) && to.ledger.isInOrder) checkPair(fleet, from, to);
    }
  }
}

function checkPair(fleet: MailFleet, from: MailHost, to: MailHost): void {
  const wanted = from.book.messages
    .filter(({ count, entry }) => count === 1 && entry.isInOrder && entry.to === to.nodeId)
    .map(({ entry }) => entry.token);
  const places = new Map(wanted.map((token, index) => [token, index]));
  let last = -1;
  for (const line of to.ledger.all) {
    const place = line.from === from.nodeId ? places.get(findToken(line.msg) ?? "") : undefined;
    if (place === undefined || fleet.record.played.has(line.id)) continue;
    if (place < last) {
      const what = `${to.name} got ${wanted[last]} before ${wanted[place]} of ${from.name}`;
      fleet.record.violate("order", fleet.nowMs, what);
    }
    last = Math.max(last, place);
  }
}
