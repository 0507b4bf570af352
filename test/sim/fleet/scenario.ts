/**
 * One run of a fleet: trouble first, then calm, then the question whether everything is whole again; then the end.
 *
 * @module
 */
import type { SeededRandom, SimHost } from "../mod.ts";
import { checkBounds } from "./checkers/bounds.ts";
import { askHub, checkConvergence, type Expected } from "./checkers/convergence.ts";
import { checkIdentity } from "./checkers/identity.ts";
import { checkLife } from "./checkers/life.ts";
import { checkRate } from "./checkers/rate.ts";
import { checkStops } from "./checkers/stop.ts";
import { startCrowd } from "./crowd.ts";
import { Fleet, type FleetInit } from "./fleet.ts";
import type { ProcessRecord } from "./record.ts";
import { drawGoodRegistration, REGISTRATION_PATH } from "./registrations.ts";
import { makeTroubles } from "./troubles.ts";

/** What a run came to. */
export interface FleetOutcome {
  readonly fleet: Fleet;
  readonly simulatedMs: number;
  readonly traceHash: string;
}

/** The longest wait of a publisher, and of a registration that nobody watches. */
const BACKOFF_MS_MAX = 5 * 60_000;
/** What trouble began in its last moment, a kill to come or half an edit, is over by then. */
const TROUBLE_LEFT_MS = 4_000;
const START_WITHIN_MS = 60_000;
const INTERVALS = 2;
const JITTER = 1.1;
const EXPIRY_INTERVALS = 3;
const STOP_WITHIN_MS = 10_000;
const MARGIN_MS = 15_000;
const HOLDS_FOR_SECONDS = 86_400;
const REPORTERS = ["worker-0", "worker-1", "stranger"];

/** Runs one seed to its end; what is wrong is in `fleet.record.violations`. */
export async function runFleet(init: FleetInit): Promise<FleetOutcome> {
  const fleet = new Fleet(init);
  const { options, record, world } = fleet;
  await fleet.start();
  const stopCrowd = startCrowd(fleet);
  const trouble = makeTroubles(fleet);
  trouble.start();
  await world.run(options.troubleMs);
  stopCrowd();
  trouble.end();
  await calmDown(fleet);
  const expected = await makeFacts(fleet, world.random);
  const intervalMs = options.intervalSeconds * 1_000;
  await world.run(BACKOFF_MS_MAX + INTERVALS * JITTER * intervalMs + MARGIN_MS);
  await world.wait(checkConvergence(fleet, expected));
  await checkDepartures(fleet);
  await stopAll(fleet);
  checkLife(record);
  checkRate(record, intervalMs);
  checkBounds(record);
  checkStops(record, fleet.nowMs);
  checkIdentity(record);
  return { fleet, simulatedMs: fleet.nowMs, traceHash: world.trace.hash };
}

/** Ends every fault and waits until everything runs. */
async function calmDown(fleet: Fleet): Promise<void> {
  const { record, world } = fleet;
  await world.run(TROUBLE_LEFT_MS);
  fleet.makeRoom();
  world.calm();
  await world.until(() => !fleet.isVerifying && !record.processes.some(isAboutToEnd));
  record.calmAtMs = fleet.nowMs;
  await waitUntilAllListen(fleet);
}

/** What trouble has left half done: a stop that is under way, a command that is not over. */
function isAboutToEnd({ role, stop, end }: ProcessRecord): boolean {
  return end === undefined && (stop !== undefined || role === "command");
}

async function waitUntilAllListen(fleet: Fleet): Promise<void> {
  const hosts = [fleet.hub, ...fleet.agents];
  const untilMs = fleet.nowMs + START_WITHIN_MS;
  await fleet.world.until(() => fleet.nowMs > untilMs || hosts.every((host) => fleet.isListening(host)));
  for (const host of hosts) {
    if (fleet.isListening(host)) continue;
    fleet.record.violate("life", fleet.nowMs, `${host.name} does not come up on a sound host`);
  }
}

/** Gives every agent a good registration and reports, so that the truth is known from outside. */
async function makeFacts(fleet: Fleet, random: SeededRandom): Promise<Map<SimHost, Expected>> {
  const expected = new Map<SimHost, Expected>();
  for (const host of fleet.agents) {
    const { text, capabilities } = drawGoodRegistration(random);
    host.disk.put(REGISTRATION_PATH, text);
    let activeTasks = 0;
    for (const reporter of REPORTERS) {
      const active = random.integer(0, 3);
      activeTasks += active;
      await report(fleet, host, reporter, active);
    }
    expected.set(host, { capabilities, activeTasks });
  }
  return expected;
}

async function report(fleet: Fleet, host: SimHost, reporter: string, active: number): Promise<void> {
  const words = ["report", "--dir", "/work", "--reporter", reporter, "--active", String(active), "--queue", "0"];
  const one = fleet.spawn(host, "command", [...words, "--holds-for-seconds", String(HOLDS_FOR_SECONDS)]);
  await fleet.world.until(() => one.endedAtMs !== undefined);
  if (one.end !== undefined && "code" in one.end && one.end.code === 0) return;
  const { standardError } = one.process;
  fleet.record.violate("convergence", fleet.nowMs, `${host.name} takes no report: ${standardError.text}`);
}

/** One agent is stopped and says so; another is killed, and the hub finds out by itself. */
async function checkDepartures(fleet: Fleet): Promise<void> {
  const [stopped, killed] = fleet.agents.map((host) => fleet.currentOn(host));
  if (stopped === undefined || killed === undefined) return;
  for (const { process: { host } } of [stopped, killed]) fleet.hold(host, true);
  fleet.stop(stopped);
  fleet.kill(killed);
  await fleet.world.run(STOP_WITHIN_MS);
  await checkOffline(fleet, stopped.attempts.at(-1)?.document.instance_id, "stopped");
  await fleet.world.run((EXPIRY_INTERVALS + 1) * fleet.options.intervalSeconds * 1_000);
  await checkOffline(fleet, killed.attempts.at(-1)?.document.instance_id, "killed");
}

async function checkOffline(fleet: Fleet, instanceId: string | undefined, how: string): Promise<void> {
  const views = await fleet.world.wait(askHub(fleet));
  const view = views?.find(({ instance_id: id }) => id === instanceId);
  if (view?.status === "offline" && view.availability === "offline") return;
  const told = view === undefined ? "is unknown" : `is ${view.status} and ${view.availability}`;
  fleet.record.violate("convergence", fleet.nowMs, `an agent that was ${how} ${told}, wanted offline`);
}

/** The hub last: the agents' last words are for it. */
async function stopAll(fleet: Fleet): Promise<void> {
  for (const hosts of [fleet.agents, [fleet.hub]]) {
    for (const host of hosts) {
      fleet.hold(host, true);
      const current = fleet.currentOn(host);
      if (current !== undefined) fleet.stop(current);
    }
    await fleet.world.run(STOP_WITHIN_MS);
  }
}
