/**
 * What a killed hub still knows: the real hub, started on what it left behind, where nobody but the scenario reaches it.
 *
 * @module
 */
import type { Fleet } from "./fleet.ts";
import type { FleetRecord } from "./record.ts";

/** What was acknowledged earlier than this before a kill must be there after it. Source: the design, "How good". */
export const DURABLE_WITHIN_MS = 1_000;
/** How long a hub whose disk had no room may take to write what it collected: its flusher's longest wait, and a bit. */
const CAUGHT_UP_WITHIN_MS = 12_000;
const PROBE_PORT = 7499;
const PROBE_EVERY_MS = 200;
const PROBE_TRIES = 100;
const ANSWER_WITHIN_MS = 5_000;
const PAGE = 1_000;
/** In place of a message id: the instance may be, or is, unknown. */
const MISSING = "";

interface Listing {
  readonly instances: readonly { readonly instance_id: string; readonly document: { readonly message_id: string } }[];
  readonly next: string | null;
}

/**
 * Which documents the hub may have of each instance after it ended at `endedAtMs`: the last that was safe, or one that
 * was acknowledged after it.
 *
 * A document is safe a second after it was acknowledged, unless the hub stood still, or had no room, in between. A stop
 * on request keeps even the latest. What was free to be lost stays free, so no later end is blamed for it.
 */
function settle(record: FleetRecord, endedAtMs: number, isStop: boolean): void {
  const safeUntilMs = isStop ? endedAtMs : endedAtMs - DURABLE_WITHIN_MS;
  for (const { atMs, instanceId, messageId } of record.acknowledgements.splice(0)) {
    const isSafe = atMs <= safeUntilMs && !isExcused(record, atMs, endedAtMs);
    const before = isSafe ? [] : record.survivors.get(instanceId) ?? [MISSING];
    record.survivors.set(instanceId, new Set([...before, messageId]));
  }
}

/** The hub has stopped on request. */
export function noteHubStop(record: FleetRecord, endedAtMs: number): void {
  settle(record, endedAtMs, true);
}

function isExcused({ hubExcuses }: FleetRecord, atMs: number, endedAtMs: number): boolean {
  return hubExcuses.some(({ fromMs, untilMs = Infinity }) =>
    atMs > fromMs - DURABLE_WITHIN_MS && fromMs < endedAtMs && endedAtMs < untilMs + CAUGHT_UP_WITHIN_MS
  );
}

/** Starts a hub on the database that was left, compares, and lets the supervisor go on. Does not wait. */
export function verifyHubAfterKill(fleet: Fleet): void {
  const { record, world, hub } = fleet;
  const atMs = fleet.nowMs;
  settle(record, atMs, false);
  const survivors = new Map(record.survivors);
  record.hubKills++;
  if (fleet.isVerifying) return;
  fleet.isVerifying = true;
  fleet.hold(hub, true);
  const end = (): void => {
    fleet.isVerifying = false;
    fleet.hold(hub, false);
  };
  probe(fleet, PROBE_TRIES).then((known) => {
    if (known !== undefined) {
      record.verifiedKills++;
      compare(record, atMs, survivors, known);
    }
    end();
  }, (thrown: unknown) => {
    record.violate("durability", world.clock.monotonicMs(), `the killed hub cannot be asked: ${String(thrown)}`);
    end();
  });
}

function compare(
  record: FleetRecord,
  atMs: number,
  survivors: ReadonlyMap<string, ReadonlySet<string>>,
  known: ReadonlyMap<string, string>,
): void {
  for (const [instanceId, messageIds] of survivors) {
    const found = known.get(instanceId) ?? MISSING;
    if (messageIds.has(found)) continue;
    const has = found === MISSING ? "nothing" : `the document ${found}`;
    const what = `after a kill of the hub ${instanceId} has ${has}, wanted ${[...messageIds].join(" or ")}`;
    record.violate("durability", atMs, what);
  }
}

/** @returns message ids by instance; `undefined` when the host would not let us ask for long */
async function probe(fleet: Fleet, triesLeft: number): Promise<Map<string, string> | undefined> {
  const { hub, world } = fleet;
  for (let left = triesLeft; left > 0; left--) {
    await new Promise<void>((resolve) => world.after(PROBE_EVERY_MS, resolve));
    if (!hub.isUp || hub.isSuspended) continue;
    const listen = `127.0.0.1:${PROBE_PORT}`;
    const one = fleet.spawn(hub, "hubCheck", ["hub", "--dir", "/work", "--listen", listen, "--log", "json"]);
    for (let wait = PROBE_TRIES; wait > 0 && one.process.isRunning && one.listeningAtMs === undefined; wait--) {
      await new Promise<void>((resolve) => world.after(PROBE_EVERY_MS, resolve));
    }
    const known = one.listeningAtMs === undefined ? undefined : await list(fleet, `http://${listen}`);
    fleet.kill(one);
    if (known !== undefined) return known;
  }
  return undefined;
}

async function list(fleet: Fleet, url: string): Promise<Map<string, string> | undefined> {
  const known = new Map<string, string>();
  for (let after = "";;) {
    if (!fleet.hub.isUp) return undefined;
    const page = `${url}/v1/instances?limit=${PAGE}${after}`;
    const text = await fleet.ask(fleet.hub, page, fleet.hubKey, ANSWER_WITHIN_MS);
    if (text === undefined) return undefined;
    const listing = JSON.parse(text) as Listing;
    for (const { instance_id: id, document } of listing.instances) known.set(id, document.message_id);
    if (listing.next === null) return known;
    after = `&after=${listing.next}`;
  }
}
