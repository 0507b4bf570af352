/** The hub as the one who watches: a fleet that publishes and whose Monitors report, and a month of one instance's history. */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { History, openHistoryDatabase } from "../../src/hub/history/mod.ts";
import { createDatabases } from "../../src/runtime/shared/database.ts";
import { FULL_LOAD_CONNECTIONS } from "./load.ts";
import { ProcessorMeter, readMemory } from "./process-counters.ts";
import type { Server } from "./servers.ts";
import { compare, type Row, type Section } from "./tables.ts";
import { progress, type Spot, type Workshop } from "./workshop.ts";

const INSTANCES = 10_000;
const HEARTBEAT_MS = 30_000;
const SPAN_MS = 1_800_000;
const MONTH_MS = 31 * 86_400_000;
const WARM_UP_ANSWERS = 20;
/** Whose month is asked for. */
const WATCHED = "bench-7";
const UNLIMITED = {
  BARNACLE_HUB_REQUESTS_PER_SECOND_PER_KEY: "1000000",
  BARNACLE_HUB_BURST_PER_KEY: "1000000",
};

export async function benchWatch(workshop: Workshop): Promise<Section> {
  const spot = workshop.spot("hub", UNLIMITED);
  const key = workshop.hubKey(spot);
  progress("watch: a month of history");
  await makeMonth(spot);
  const server = await workshop.start(spot);
  const rounds = workshop.quick ? 2 : 5;
  const rows = [...await benchFleet(workshop, server, key, rounds), ...await benchMonth(workshop, server, key)];
  await workshop.stop(server);
  return {
    name: "watch",
    title: "Hub: 10,000 instances watched",
    method:
      `${INSTANCES.toLocaleString("en-US")} instances publish and their hosts' Monitors report, each every ${
        HEARTBEAT_MS / 1_000
      } s; histories are kept of all. The hub's processor time and memory over ${rounds} intervals, after one to compile in. ` +
      "Then one instance's month of history, asked for one answer after another while nothing else happens.",
    table: compare("", rows),
  };
}

async function benchFleet(workshop: Workshop, server: Server, key: string, rounds: number): Promise<Row[]> {
  const beat = (durationMs: number) =>
    workshop.load.run(
      {
        port: server.port,
        requests: { kind: "beats", instances: INSTANCES, key, run: randomBytes(4).toString("hex"), isWatched: true },
        connections: FULL_LOAD_CONNECTIONS,
        everyMs: (HEARTBEAT_MS * FULL_LOAD_CONNECTIONS) / (2 * INSTANCES),
        durationMs,
      },
      200,
      202,
    );
  const processorPercent: number[] = [];
  const residentMib: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    progress(`watch: interval ${round} of ${rounds}`);
    const meter = new ProcessorMeter(server.pid);
    meter.reset();
    const { elapsedMs } = await beat(HEARTBEAT_MS);
    if (round === 0) continue;
    processorPercent.push((meter.sampleMs() * 100) / elapsedMs);
    residentMib.push(readMemory(server.pid).residentMib);
  }
  return [
    { what: "processor, % of a core", ours: processorPercent, floor: { of: "value", atMost: 15 } },
    { what: "resident memory, MiB", ours: residentMib, floor: { of: "value", atMost: 400 } },
  ];
}

async function benchMonth(workshop: Workshop, server: Server, key: string): Promise<Row[]> {
  const now = Math.floor(Date.now() / 1_000);
  const path = `/v1/instances/${WATCHED}/history?from=${now - MONTH_MS / 1_000}&step=600`;
  progress("watch: asking for the month");
  const plan = { port: server.port, requests: { kind: "get", path, key }, connections: 1, latencies: true } as const;
  await workshop.load.run({ ...plan, answersMax: WARM_UP_ANSWERS }, 200);
  const { latenciesMs } = await workshop.load.run({ ...plan, answersMax: workshop.quick ? 50 : 300 }, 200);
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { headers: { authorization: `Bearer ${key}` } });
  const { points } = await answer.json() as { readonly points: readonly unknown[] };
  return [
    {
      what: `a month in steps of 10 min (${points.length} points), ms`,
      ours: latenciesMs,
      floor: { of: "value", atMost: 30 },
    },
  ];
}

/** Lets a month pass for one instance, as a hub would have written it. */
async function makeMonth(spot: Spot): Promise<void> {
  const directory = join(spot.folder, ".barnacle");
  mkdirSync(directory, { recursive: true });
  const database = await openHistoryDatabase(createDatabases(), join(directory, "hub-history.sqlite"));
  const clock = {
    setTimer: (delayMs: number, act: () => void) => {
      const timer = setTimeout(act, delayMs);
      return { cancel: () => clearTimeout(timer) };
    },
  };
  const history = new History({ database, clock }, { instancesMax: INSTANCES });
  const { signal } = new AbortController();
  const endMs = Math.floor(Date.now() / SPAN_MS) * SPAN_MS;
  for (let nowMs = endMs - MONTH_MS; nowMs < endMs; nowMs += HEARTBEAT_MS) {
    if (nowMs % SPAN_MS < HEARTBEAT_MS) {
      await history.writeJournal(() => undefined, signal);
      await history.closeSpans(nowMs, signal);
    }
    const wave = (nowMs / HEARTBEAT_MS * 37) % 1_000;
    history.note(WATCHED, nowMs, {
      status: "healthy",
      availability: wave < 100 ? "busy" : "available",
      active_tasks: wave % 4,
      queue_length: wave % 7,
      concurrent_tasks: 4,
      cpu_pct: wave / 10,
      mem_pct: 40 + wave % 50 / 10,
      disk_pct: 81,
      swap_pct: 0,
      load_1: wave / 100,
    });
  }
  await history.writeJournal(() => undefined, signal);
  database.close();
}
