/**
 * One run of a mail fleet: agents write and read while trouble lasts, then calm, then the question whether everything
 * has arrived as it was meant; then the end.
 *
 * @module
 */
import { checkLife } from "../fleet/checkers/life.ts";
import { checkStopTimes } from "../fleet/checkers/stop.ts";
import type { ProcessRecord } from "../fleet/record.ts";
import { checkHoldings } from "./checkers/holdings.ts";
import { checkOrder } from "./checkers/order.ts";
import { checkOutboxes } from "./checkers/outbox.ts";
import { checkWhole } from "./checkers/whole.ts";
import { Forger } from "./forger.ts";
import { MailFleet, type MailFleetInit } from "./mail-fleet.ts";
import { Mallory } from "./mallory.ts";
import { drawMailOptions } from "./options.ts";
import { readAll, startReader } from "./people.ts";
import { Proxy } from "./proxy.ts";
import { makeMailTroubles } from "./troubles.ts";
import { Writer } from "./writer.ts";

/** What a run came to. */
export interface MailOutcome {
  readonly fleet: MailFleet;
  readonly simulatedMs: number;
  readonly traceHash: string;
}

/** What trouble began in its last moment, a kill to come or half an edit, is over by then. */
const TROUBLE_LEFT_MS = 4_000;
const START_WITHIN_MS = 60_000;
const READ_MS = 5_000;
const STOP_WITHIN_MS = 10_000;
const LOOK_MS = 1_000;

/** Runs one seed to its end; what is wrong is in `fleet.record.violations`. */
export async function runMailFleet(init: MailFleetInit): Promise<MailOutcome> {
  const fleet = new MailFleet(init, drawMailOptions);
  return { fleet, ...await liveMail(fleet) };
}

/** The life of a mail fleet, whatever is between its hosts. */
export async function liveMail(fleet: MailFleet): Promise<Omit<MailOutcome, "fleet">> {
  const { options, record, world } = fleet;
  const forger = new Forger(fleet.mallory);
  await fleet.start();
  const proxy = new Proxy(fleet, forger);
  await proxy.start();
  const mallory = new Mallory(fleet, proxy, forger);
  if (options.isHostile) mallory.start();
  const writers = startWriters(fleet);
  for (const own of fleet.mailHosts) startReader(fleet, own, () => record.calmAtMs !== undefined);
  const trouble = makeMailTroubles(fleet);
  trouble.start();
  await runWatched(fleet, options.troubleMs);
  trouble.end();
  mallory.end();
  proxy.calm();
  await calmDown(fleet, writers);
  for (const writer of writers) writer.edit();
  await checkWhole(fleet);
  fleet.checkOften();
  await fleet.checkStores();
  checkOutboxes(fleet);
  checkOrder(fleet);
  await stopAll(fleet);
  checkLife(record);
  checkHoldings(fleet);
  checkStopTimes(record, fleet.nowMs);
  return { simulatedMs: fleet.nowMs, traceHash: world.trace.hash };
}

function startWriters(fleet: MailFleet): readonly Writer[] {
  const writers = fleet.mailHosts.map((own) => new Writer(fleet, own));
  let left = fleet.options.editsMax;
  const take = (): boolean => fleet.record.calmAtMs === undefined && left-- > 0;
  for (const writer of writers) writer.start(take);
  return writers;
}

/** Looks at the inboxes all the while: what is wrong may be gone by the end. */
async function runWatched(fleet: MailFleet, durationMs: number): Promise<void> {
  const untilMs = fleet.nowMs + durationMs;
  while (fleet.nowMs < untilMs && fleet.record.violations.length === 0) {
    await fleet.world.run(Math.min(LOOK_MS * 10, untilMs - fleet.nowMs));
    fleet.checkOften();
    await fleet.checkStores();
  }
}

/** Ends every fault and waits until everything runs, with readers who read. */
async function calmDown(fleet: MailFleet, writers: readonly Writer[]): Promise<void> {
  const { record, world } = fleet;
  await world.run(TROUBLE_LEFT_MS);
  fleet.calm();
  await world.until(() => !writers.some(({ isWriting }) => isWriting) && !record.processes.some(isAboutToEnd));
  record.calmAtMs = fleet.nowMs;
  const untilMs = fleet.nowMs + START_WITHIN_MS;
  const areUp = (): boolean => fleet.supervised.every((host) => fleet.isListening(host));
  await world.until(() => fleet.nowMs > untilMs || areUp());
  for (const host of fleet.supervised) {
    if (!fleet.isListening(host)) record.violate("life", fleet.nowMs, `${host.name} does not come up on a sound host`);
  }
  const read = (): void => {
    for (const own of fleet.mailHosts) readAll(own);
    world.after(READ_MS, read);
  };
  read();
}

/** What trouble has left half done: a stop that is under way, a command that is not over. */
function isAboutToEnd({ role, stop, end }: ProcessRecord): boolean {
  return end === undefined && (stop !== undefined || role === "command");
}

async function stopAll(fleet: MailFleet): Promise<void> {
  for (const host of fleet.supervised) {
    fleet.hold(host, true);
    const current = fleet.currentOn(host);
    if (current !== undefined) fleet.stop(current);
  }
  await fleet.world.run(STOP_WITHIN_MS);
}
