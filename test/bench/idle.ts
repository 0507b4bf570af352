/** What an agent costs that has nothing to do but its heartbeat. */
import { execFileSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { ProcessorMeter, readMemory } from "./process-counters.ts";
import { knock, type Server } from "./servers.ts";
import { compare, type Section } from "./tables.ts";
import { progress, type ServerName, type Workshop } from "./workshop.ts";

const SETTLE_MS = 2_000;
/** Often enough to see what a thread spent before it ends. */
const SAMPLE_MS = 5_000;

export interface Idle {
  readonly residentMib: number;
  readonly privateMib: number;
  readonly processorMsPerMinute: number;
}

export async function benchIdle(workshop: Workshop): Promise<Section> {
  const pairs = workshop.quick ? 1 : 3;
  const askedTimes = 2;
  const askEveryMs = workshop.quick ? 5_000 : 30_000;
  progress(`idle: ${pairs} of each for ${(askedTimes * askEveryMs) / 1_000} s`);
  const agents: Server[] = [];
  const empties: Server[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    agents.push(await startFresh(workshop, "agent"));
    empties.push(await startFresh(workshop, "empty"));
  }
  const watch = (server: Server) => watchIdle(server, { askedTimes, askEveryMs });
  await pause(SETTLE_MS);
  const [ours, theirs] = await Promise.all([Promise.all(agents.map(watch)), Promise.all(empties.map(watch))]);
  await Promise.all([...agents, ...empties].map((server) => workshop.stop(server)));
  const pick = (name: keyof Idle) => ({
    ours: ours.map((idle) => idle[name]),
    baseline: theirs.map((idle) => idle[name]),
  });
  return {
    name: "idle",
    title: "Idle",
    method:
      `${pairs} of each side by side for ${
        (askedTimes * askEveryMs) / 1_000
      } s, the agents with a heartbeat of 30 s to a ` +
      `receiver on the same host; each is asked \`GET /status\` every ${
        askEveryMs / 1_000
      } s. Private: \`Private_Dirty\` of ` +
      "`smaps_rollup`, after flushing the disk's cache; both binaries were read into the page cache before.",
    table: compare("empty hono server", [
      { what: "resident memory, MiB", ...pick("residentMib"), floor: { of: "ratio", atMost: 1.4 } },
      { what: "private memory, MiB", ...pick("privateMib"), floor: { of: "value", atMost: 14 } },
      { what: "processor time a minute, ms", ...pick("processorMsPerMinute"), floor: { of: "value", atMost: 60 } },
    ]),
  };
}

async function startFresh(workshop: Workshop, name: ServerName): Promise<Server> {
  return await workshop.start(workshop.spot(name));
}

/** Lets a server be, but for a question once in a while. */
export async function watchIdle(
  server: Server,
  init: { readonly askedTimes: number; readonly askEveryMs: number; readonly path?: string },
): Promise<Idle> {
  const meter = new ProcessorMeter(server.pid);
  meter.reset();
  const startMs = performance.now();
  for (let asked = 1; asked <= init.askedTimes; asked++) {
    await sampleUntil(meter, startMs + asked * init.askEveryMs);
    if (!(await knock(server.port, init.path ?? "/status"))) {
      throw new Error(`Bench: process ${server.pid} no longer answers`);
    }
  }
  const processorMs = meter.sampleMs();
  const minutes = (performance.now() - startMs) / 60_000;
  execFileSync("sync");
  return { ...readMemory(server.pid), processorMsPerMinute: processorMs / minutes };
}

async function sampleUntil(meter: ProcessorMeter, endMs: number): Promise<void> {
  for (let leftMs = endMs - performance.now(); leftMs > 0; leftMs = endMs - performance.now()) {
    await pause(Math.min(leftMs, SAMPLE_MS));
    meter.sampleMs();
  }
}
