/** The hub: publications taken, and instances found, from one instance to 100,000. */
import { randomBytes } from "node:crypto";
import { formatNumber, median, percentile, ratios } from "./figures.ts";
import type { LoadPlan } from "./load-plan.ts";
import { FULL_LOAD_CONNECTIONS, type Slice } from "./load.ts";
import type { Server } from "./servers.ts";
import { compare, renderVerdict, type Row, type Section } from "./tables.ts";
import { progress, type Workshop } from "./workshop.ts";

const FLEETS = [1, 1_000, 100_000] as const;
/** What counts as flat: this much of the rate with one instance is left with the largest fleet. */
const FLAT_RATIO_MIN = 0.8;
/** What a filter's answer may take over the largest fleet. */
const QUERY_MS_MAX = 20;
/** How often an instance publishes by default. */
const HEARTBEAT_MS = 30_000;
const WARM_UP_QUERIES = 20;
/** No limit in the way: one key stands for the whole fleet. */
const UNLIMITED = {
  BARNACLE_HUB_REQUESTS_PER_SECOND_PER_KEY: "1000000",
  BARNACLE_HUB_BURST_PER_KEY: "1000000",
};
/** The hub makes durable within a second what it took; that work counts too. */
const SETTLE_MS = 1_200;

const FILTERS: readonly string[] = [
  "",
  "capability=skill-07",
  "status=degraded",
  "availability=busy",
  "tag=region:eu-west",
  "tag=tenant:tenant-77",
  "min_free=8",
  "capability=skill-07&status=healthy&availability=available&tag=region:us-west&min_free=2",
  "capability=nobody-has-it",
];

/** One hub and its fleet; the baseline takes the same requests and keeps nothing. */
interface Fleet {
  readonly server: Server;
  readonly instances: number;
  readonly key: string;
}

/** Publications. */
export async function benchHub(workshop: Workshop): Promise<Section> {
  const hubs: Fleet[] = [];
  for (const instances of FLEETS) hubs.push(await startHub(workshop, instances));
  const echo = await workshop.start(workshop.spot("echo"));
  const publications = await benchPublications(workshop, hubs, echo);
  for (const server of [echo, ...hubs.map((fleet) => fleet.server)]) await workshop.stop(server);
  return publications;
}

/** Questions to the hub with the largest fleet. */
export async function benchInstances(workshop: Workshop): Promise<Section> {
  const fleet = await startHub(workshop, Math.max(...FLEETS));
  const queries = await benchQueries(workshop, fleet);
  await workshop.stop(fleet.server);
  return queries;
}

/** A hub that has heard of its whole fleet. */
async function startHub(workshop: Workshop, instances: number): Promise<Fleet> {
  progress(`hub: a fleet of ${instances}`);
  const spot = workshop.spot("hub", UNLIMITED);
  const key = workshop.hubKey(spot);
  const fleet = { server: await workshop.start(spot), instances, key };
  await workshop.load.run(
    { connections: FULL_LOAD_CONNECTIONS, port: fleet.server.port, requests: beats(fleet), answersMax: instances },
    202,
  );
  return fleet;
}

function beats({ instances, key }: Fleet): LoadPlan["requests"] {
  return { kind: "beats", instances, key, run: randomBytes(4).toString("hex") };
}

async function benchPublications(workshop: Workshop, hubs: readonly Fleet[], echo: Server): Promise<Section> {
  const rounds = workshop.quick ? 2 : 6;
  const durationMs = workshop.quick ? 500 : 2_000;
  const measure = (server: Server, fleet: Fleet) =>
    workshop.load.measure(server, { connections: FULL_LOAD_CONNECTIONS, requests: beats(fleet), durationMs }, {
      status: 202,
      settleMs: SETTLE_MS,
    });
  const taken: Slice[][] = hubs.map(() => []);
  const echoed: Slice[] = [];
  progress(`hub: ${rounds} rounds of publications`);
  for (let round = 0; round <= rounds; round++) {
    // Every second round goes backwards, so that a machine that grows slower or faster meanwhile favours nobody.
    const turns = [...hubs.entries()];
    for (const [index, fleet] of round % 2 === 0 ? turns : turns.toReversed()) {
      const [ours, theirs] = [await measure(fleet.server, fleet), index === 0 ? await measure(echo, fleet) : undefined];
      // The first round lets each server compile what is hot.
      if (round === 0) continue;
      taken[index]?.push(ours);
      if (theirs !== undefined) echoed.push(theirs);
    }
  }
  return {
    name: "hub",
    title: "Hub: POST /openclaw/status",
    method: `${FULL_LOAD_CONNECTIONS} connections, one request at a time on each, ${rounds} slices of ` +
      `${
        durationMs / 1_000
      } s in turn, each second round backwards; every publication is a new one. Processor time includes the ${
        SETTLE_MS / 1_000
      } s ` +
      "after a slice, in which the hub makes durable what it took. The baseline parses, checks with the same zod schema and " +
      "answers with what it parsed.",
    table: compare("hono and zod echo", describePublications(hubs, taken, echoed)),
  };
}

function describePublications(hubs: readonly Fleet[], taken: readonly Slice[][], echoed: readonly Slice[]): Row[] {
  const rows = hubs.flatMap(({ instances }, index): Row[] => {
    const of = instances === 1 ? "1 instance" : `${instances.toLocaleString("en-US")} instances`;
    const pick = (name: "requestsPerSecond" | "processorUsPerRequest" | "busy") => ({
      ours: taken[index]?.map((slice) => slice[name]) ?? [],
      baseline: echoed.map((slice) => slice[name]),
    });
    return [
      { what: `requests/s, ${of}`, ...pick("requestsPerSecond"), floor: { of: "ratio", atLeast: 0.5 } },
      { what: `processor time a request, µs, ${of}`, ...pick("processorUsPerRequest") },
      { what: `share of the time with work to do, ${of}`, ...pick("busy"), compared: false },
    ];
  });
  const rate = (slices: readonly Slice[] = []) => slices.map((slice) => slice.requestsPerSecond);
  const flat: Row = {
    what: "requests/s with the largest fleet over those with 1 instance",
    ours: ratios(rate(taken.at(-1)), rate(taken[0])),
    floor: { of: "value", atLeast: FLAT_RATIO_MIN },
  };
  return [...rows, flat];
}

async function benchQueries(workshop: Workshop, fleet: Fleet): Promise<Section> {
  const answersMax = workshop.quick ? 50 : 300;
  const rows: string[][] = [];
  for (const filter of FILTERS) {
    progress(`hub: GET /v1/instances?${filter}`);
    const path = `/v1/instances${filter === "" ? "" : `?${filter}`}`;
    const alone = await queryMs(workshop, fleet, { path, answersMax });
    const beating = await whileBeating(workshop, fleet, () => queryMs(workshop, fleet, { path, answersMax }));
    const { matched, bytes } = await describeAnswer(fleet, path);
    const times = [alone, beating].flatMap((ms) => [formatNumber(median(ms)), formatNumber(percentile(ms, 99))]);
    const verdict = renderVerdict({ of: "value", atMost: QUERY_MS_MAX }, [percentile(alone, 99)]);
    rows.push([filter === "" ? "none" : `\`${filter}\``, matched, bytes, ...times, `p99 ≤ ${QUERY_MS_MAX}`, verdict]);
  }
  const beatsPerSecond = Math.round((fleet.instances * 1_000) / HEARTBEAT_MS);
  return {
    name: "instances",
    title: "Hub: GET /v1/instances",
    method:
      `${
        fleet.instances.toLocaleString("en-US")
      } instances; ${answersMax} requests, one after another, for each filter: ` +
      `alone, and while the fleet beats every ${HEARTBEAT_MS / 1_000} s (${
        beatsPerSecond.toLocaleString("en-US")
      } publications/s).`,
    table: [["filter", "matched", "bytes", "median, ms", "p99, ms", "beating: median", "p99", "floor", ""], ...rows],
  };
}

async function queryMs(
  workshop: Workshop,
  fleet: Fleet,
  init: { path: string; answersMax: number },
): Promise<readonly number[]> {
  const plan: LoadPlan = {
    port: fleet.server.port,
    requests: { kind: "get", path: init.path, key: fleet.key },
    connections: 1,
    answersMax: init.answersMax,
    latencies: true,
  };
  await workshop.load.run({ ...plan, answersMax: WARM_UP_QUERIES }, 200);
  const { latenciesMs } = await workshop.load.run(plan, 200);
  return latenciesMs;
}

/** Measures while the whole fleet sends its heartbeats from a second load process. */
async function whileBeating<Result>(workshop: Workshop, fleet: Fleet, measure: () => Promise<Result>): Promise<Result> {
  const everyMs = (HEARTBEAT_MS * FULL_LOAD_CONNECTIONS) / fleet.instances;
  const over = new AbortController();
  const beating = (async () => {
    while (!over.signal.aborted) {
      const plan: LoadPlan = {
        port: fleet.server.port,
        requests: beats(fleet),
        connections: FULL_LOAD_CONNECTIONS,
        everyMs,
        durationMs: 500,
      };
      await workshop.secondLoad.run(plan, 202);
    }
  })();
  try {
    return await measure();
  } finally {
    over.abort();
    await beating;
  }
}

async function describeAnswer(fleet: Fleet, path: string): Promise<{ matched: string; bytes: string }> {
  const headers = { authorization: `Bearer ${fleet.key}` };
  const answer = await fetch(`http://127.0.0.1:${fleet.server.port}${path}`, { headers });
  const text = await answer.text();
  const { matched } = JSON.parse(text) as { readonly matched: number };
  return { matched: matched.toLocaleString("en-US"), bytes: text.length.toLocaleString("en-US") };
}
