/**
 * Some time after the last fault everything is as if there had been none: what was written has arrived, nothing waits,
 * and every host says that it is well. Source: invariant 10.
 *
 * @module
 */
import { type MailFleet, PEERS_MAX } from "../mail-fleet.ts";
import type { MailHost } from "../record.ts";
import { findMissing } from "./outbox.ts";

/** The longest wait after failures, 5 minutes, and what an attempt and a look may take besides. */
export const WHOLE_WITHIN_MS = 7 * 60_000;
const LOOK_MS = 500;
const ANSWER_WITHIN_MS = 5_000;
const SETTLED_WITHIN_MS = 60_000;
const SHOWN_MAX = 10;

interface StatusAnswer {
  readonly tasks: readonly unknown[];
  readonly mail?: {
    readonly peers: number;
    readonly inbox: { readonly problem: string | null };
    readonly outbox: { readonly queued: number; readonly in_flight: number; readonly problem: string | null };
  };
}

/** Waits until all is whole, and says what is not by then. */
export async function checkWhole(fleet: MailFleet): Promise<void> {
  const { world } = fleet;
  const untilMs = fleet.nowMs + WHOLE_WITHIN_MS;
  let missing = findMissing(fleet);
  while (missing.length > 0 && fleet.nowMs < untilMs) {
    await world.run(LOOK_MS);
    missing = findMissing(fleet);
  }
  if (missing.length > 0) {
    const shown = missing.slice(0, SHOWN_MAX).join(", ");
    fleet.record.violate("whole", fleet.nowMs, `${missing.length} of what was written is nowhere: ${shown}`);
  }
  // What came by way of a mailbox is known to its sender with the next attempt at the latest.
  const settledByMs = Math.max(untilMs, fleet.nowMs + SETTLED_WITHIN_MS);
  let problems: string[] = [];
  do {
    await world.run(1_000);
    problems = [];
    for (const own of fleet.mailHosts) problems.push(...await problemsOf(fleet, own));
  } while (problems.length > 0 && fleet.nowMs < settledByMs);
  for (const problem of problems) fleet.record.violate("whole", fleet.nowMs, problem);
}

async function problemsOf(fleet: MailFleet, { host, name }: MailHost): Promise<string[]> {
  const text = await fleet.world.wait(fleet.askAgent(host, "/status", ANSWER_WITHIN_MS));
  if (text === undefined) return [`${name} does not answer`];
  const { mail, tasks } = JSON.parse(text) as StatusAnswer;
  const current = fleet.currentOn(host);
  if (current !== undefined) current.taskCountMax = Math.max(current.taskCountMax, tasks.length);
  if (mail === undefined) return [`${name} has no mail`];
  const { inbox, outbox, peers } = mail;
  const problems: string[] = [];
  if (inbox.problem !== null) problems.push(`${name} says of its inbox: ${inbox.problem}`);
  if (outbox.problem !== null) problems.push(`${name} says of its outbox: ${outbox.problem}`);
  if (outbox.queued + outbox.in_flight > 0) problems.push(`${name} still has ${outbox.queued} messages to send`);
  if (peers > PEERS_MAX) problems.push(`${name} knows ${peers} peers, wanted ${PEERS_MAX} at most`);
  return problems;
}
