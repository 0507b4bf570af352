/** The Monitor: what its role costs an agent, one sample, one answer; and alone, beside what else measures a host. */
import { setTimeout as pause } from "node:timers/promises";
import { formatFigures } from "./figures.ts";
import { type Idle, watchIdle } from "./idle.ts";
import { COLLECTD, NODE_EXPORTER, notInstalled, type OtherKind, otherVersion, startOther } from "./monitor-others.ts";
import { ProcessorMeter } from "./process-counters.ts";
import { freePort, knock, read, type Server } from "./servers.ts";
import { compare, type Row, type Section } from "./tables.ts";
import { progress, type Workshop } from "./workshop.ts";

const ASK_EVERY_MS = 30_000;
/** The first sample, and what compiling it takes, is over by then. */
const SETTLE_MS = 5_000;
/** Often enough to be told from the rest, and never sooner than the least time between two samples. */
const SAMPLE_EVERY_SEC = 2;
/** The longest interval there is: no sample falls into the measurement. */
const NEVER_SEC = 300;
const BYTES_PER_MB = 1_000_000;
const BYTES_PER_MIB = 1_048_576;
const MS_PER_MINUTE = 60_000;
const OTHERS: readonly OtherKind[] = [NODE_EXPORTER, COLLECTD];

interface Plan {
  readonly pairs: number;
  readonly askedTimes: number;
  readonly starts: number;
  readonly answers: number;
}

/** What was measured while all stood side by side. */
interface Watched {
  readonly withRole: readonly Idle[];
  readonly without: readonly Idle[];
  /** Our Monitor alone, and the others that are installed. */
  readonly alone: readonly (readonly Idle[])[];
  readonly sampleMs: readonly number[];
}

export async function benchMonitor(workshop: Workshop): Promise<Section[]> {
  const plan = workshop.quick
    ? { pairs: 1, askedTimes: 1, starts: 3, answers: 200 }
    : { pairs: 3, askedTimes: 3, starts: 15, answers: 3_000 };
  const installed = OTHERS.filter((kind) => otherVersion(kind) !== undefined);
  for (const kind of OTHERS) if (!installed.includes(kind)) progress(`${kind.name} is ${notInstalled(kind)}`);
  const makers = [() => startMonitor(workshop), ...installed.map((kind) => () => startOther(workshop, kind))];
  progress("monitor: starts and answers");
  const starts = await measureStarts(workshop, makers, plan.starts);
  const answerMs = await measureAnswers(workshop, plan.answers);
  const watched = await watchAll(workshop, makers, plan);
  return [renderRole(plan, watched, answerMs), renderBeside(plan, watched, starts, installed)];
}

function startMonitor(workshop: Workshop, reportIntervalSec = ASK_EVERY_MS / 1_000): Promise<Server> {
  return workshop.start(workshop.spot("monitor", {
    BARNACLE_MONITOR_BACKEND_URL: workshop.receiverUrl,
    BARNACLE_MONITOR_REPORT_INTERVAL_SEC: String(reportIntervalSec),
  }));
}

async function startAgent(workshop: Workshop, enabled: "on" | "off"): Promise<Server> {
  return await workshop.start(workshop.spot("agent", {
    MONITOR_PORT: String(await freePort()),
    BARNACLE_MONITOR_ENABLED: enabled,
    BARNACLE_MONITOR_BACKEND_URL: workshop.receiverUrl,
  }));
}

/** From before the process is made until it answers, and how long each answer takes then. */
async function measureStarts(
  workshop: Workshop,
  makers: readonly (() => Promise<Server>)[],
  runs: number,
): Promise<{ readonly startMs: number[]; readonly answerMs: number[] }[]> {
  const measured = makers.map(() => ({ startMs: [] as number[], answerMs: [] as number[] }));
  for (let run = 0; run <= runs; run++) {
    for (const [at, make] of makers.entries()) {
      const server = await make();
      const path = at === 0 ? "/health" : "/metrics";
      await knock(server.port, path);
      const beforeMs = performance.now();
      await knock(server.port, path);
      const answerMs = performance.now() - beforeMs;
      await workshop.stop(server);
      // The first round fills the page cache.
      if (run === 0) continue;
      measured[at]?.startMs.push(server.startedInMs);
      measured[at]?.answerMs.push(answerMs);
    }
  }
  return measured;
}

async function measureAnswers(workshop: Workshop, answersMax: number): Promise<readonly number[]> {
  const server = await startMonitor(workshop);
  while (!(await knock(server.port, "/telemetry"))) await pause(50);
  const plan = { port: server.port, requests: { kind: "get", path: "/telemetry" }, connections: 1 } as const;
  await workshop.load.run({ ...plan, answersMax: 200 }, 200);
  const { latenciesMs } = await workshop.load.run({ ...plan, answersMax, latencies: true }, 200);
  await workshop.stop(server);
  return latenciesMs;
}

async function watchAll(
  workshop: Workshop,
  makers: readonly (() => Promise<Server>)[],
  { askedTimes, pairs }: Plan,
): Promise<Watched> {
  progress(`monitor: all side by side for ${(askedTimes * ASK_EVERY_MS) / 1_000} s`);
  const withRole: Server[] = [];
  const without: Server[] = [];
  const alone: Server[][] = makers.map(() => []);
  for (let pair = 0; pair < pairs; pair++) {
    withRole.push(await startAgent(workshop, "on"));
    without.push(await startAgent(workshop, "off"));
    for (const [at, make] of makers.entries()) alone[at]?.push(await make());
  }
  const sampling = await Promise.all([startSampling(workshop, SAMPLE_EVERY_SEC), startSampling(workshop, NEVER_SEC)]);
  await pause(SETTLE_MS);
  const watch = (path: string) => (server: Server) => watchIdle(server, { askedTimes, askEveryMs: ASK_EVERY_MS, path });
  const samples = sampleCost(sampling, askedTimes * ASK_EVERY_MS);
  const idle = await Promise.all([
    Promise.all(withRole.map(watch("/status"))),
    Promise.all(without.map(watch("/status"))),
    Promise.all(alone.map((row, at) => Promise.all(row.map(watch(at === 0 ? "/telemetry" : "/metrics"))))),
  ]);
  const sampleMs = [await samples];
  const all = [...withRole, ...without, ...alone.flat(), ...sampling];
  await Promise.all(all.map((server) => workshop.stop(server)));
  return { withRole: idle[0], without: idle[1], alone: idle[2], sampleMs };
}

/** Without a backend: nothing but samples. */
function startSampling(workshop: Workshop, intervalSec: number): Promise<Server> {
  return workshop.start(workshop.spot("monitor", { BARNACLE_MONITOR_REPORT_INTERVAL_SEC: String(intervalSec) }));
}

/** @returns milliseconds of processor time a sample, of all threads, above what a Monitor takes that does not sample */
async function sampleCost([busy, still]: readonly Server[], durationMs: number): Promise<number> {
  if (busy === undefined || still === undefined) return Number.NaN;
  const meters = [new ProcessorMeter(busy.pid), new ProcessorMeter(still.pid)];
  const samplesBefore = await countSamples(busy);
  for (const meter of meters) meter.reset();
  await pause(durationMs);
  const [busyMs = Number.NaN, stillMs = Number.NaN] = meters.map((meter) => meter.sampleMs());
  return (busyMs - stillMs) / (await countSamples(busy) - samplesBefore);
}

async function countSamples({ port }: Server): Promise<number> {
  const runs = /^barnacle_task_runs_total\{.*"monitor_sample".*"succeeded"\} (\d+)$/m.exec(
    await read(port, "/metrics"),
  );
  return Number(runs?.[1]);
}

function renderRole({ askedTimes, pairs }: Plan, watched: Watched, answerMs: readonly number[]): Section {
  const { withRole, without, sampleMs } = watched;
  const pick = (name: keyof Idle) => ({
    ours: withRole.map((idle) => idle[name]),
    baseline: without.map((idle) => idle[name]),
  });
  const above = (name: keyof Idle, factor: number) =>
    withRole.map((idle, at) => (idle[name] - (without[at]?.[name] ?? Number.NaN)) * factor);
  const mbPerMib = BYTES_PER_MIB / BYTES_PER_MB;
  const rows: Row[] = [
    { what: "resident memory, MiB", ...pick("residentMib") },
    {
      what: "of it the Monitor's, MB",
      ours: above("residentMib", mbPerMib),
      floor: { of: "value", atMost: 4 },
    },
    { what: "private memory, MiB", ...pick("privateMib") },
    { what: "of it the Monitor's, MB", ours: above("privateMib", mbPerMib), floor: { of: "value", atMost: 4 } },
    { what: "processor time a minute, ms", ...pick("processorMsPerMinute") },
    {
      what: "of it the Monitor's, % of a core",
      ours: above("processorMsPerMinute", 100 / MS_PER_MINUTE),
      floor: { of: "value", atMost: 0.1 },
    },
    { what: "processor time of one sample, ms", ours: sampleMs, floor: { of: "value", atMost: 3 } },
    { what: "`GET /telemetry`, ms", ours: answerMs, floor: { of: "value", atMost: 1 } },
  ];
  return {
    name: "monitor",
    title: "The Monitor in an agent",
    method:
      `${pairs} agents that are their host's Monitor beside ${pairs} that are not, started in turn, for ${
        (askedTimes * ASK_EVERY_MS) / 1_000
      } s; both publish every 30 s to a receiver on the same host, which is the Monitor's backend too, and are asked ` +
      "`GET /status` every 30 s. The Monitor's part is the difference of neighbours; 1 MB is 1,000,000 bytes. One sample: processor " +
      `time of a Monitor without a backend that samples every ${SAMPLE_EVERY_SEC} s, above one that does not, by the number of ` +
      "samples. Answers: one after another on one connection.",
    table: compare("agent without it", rows),
  };
}

function renderBeside(
  { askedTimes, pairs }: Plan,
  { alone }: Watched,
  starts: readonly { readonly startMs: readonly number[]; readonly answerMs: readonly number[] }[],
  installed: readonly OtherKind[],
): Section {
  const rows: readonly (readonly [string, (at: number) => readonly number[]])[] = [
    ["resident memory, MiB", (at) => (alone[at] ?? []).map(({ residentMib }) => residentMib)],
    ["private memory, MiB", (at) => (alone[at] ?? []).map(({ privateMib }) => privateMib)],
    ["processor time a minute, ms", (at) => (alone[at] ?? []).map((idle) => idle.processorMsPerMinute)],
    ["start to first answer, ms", (at) => starts[at]?.startMs ?? []],
    ["an answer on a connection of its own, ms", (at) => starts[at]?.answerMs ?? []],
  ];
  const columns = OTHERS.map((kind) => ({ kind, at: installed.indexOf(kind) + 1 }));
  const cell = (figures: (at: number) => readonly number[], { kind, at }: typeof columns[number]) =>
    at === 0 ? notInstalled(kind) : formatFigures(figures(at));
  return {
    name: "monitor-beside",
    title: "The Monitor alone",
    method:
      `${pairs} of each side by side for ${
        (askedTimes * ASK_EVERY_MS) / 1_000
      } s, each asked once in 30 s. Our Monitor samples and ` +
      "reports to a backend every 30 s. The node exporter has the collectors that it has by default, and measures when it is asked; " +
      "collectd measures processor, memory, swap, load, uptime and `/` every 30 s and answers by `write_prometheus`. First answers: " +
      "`GET /health` of ours, whose first figures come a second later, since the processor's share is that of a second; " +
      "`GET /metrics` of the others, which tell counters, and shares later.",
    table: [
      ["", "Barnacle", ...OTHERS.map((kind) => `${kind.name} ${otherVersion(kind) ?? ""}`.trim())],
      ...rows.map(([what, figures]) => [
        what,
        formatFigures(figures(0)),
        ...columns.map((column) => cell(figures, column)),
      ]),
    ],
  };
}
