/** Start to the first answered `GET /status`. */
import { ProcessorMeter } from "./process-counters.ts";
import { compare, type Section } from "./tables.ts";
import { progress, type Spot, type Workshop } from "./workshop.ts";

interface Starts {
  readonly ms: number[];
  readonly processorMs: number[];
}

export async function benchStart(workshop: Workshop): Promise<Section> {
  const runs = workshop.quick ? 5 : 31;
  const spots = [workshop.spot("agent"), workshop.spot("empty")] as const;
  const agent: Starts = { ms: [], processorMs: [] };
  const empty: Starts = { ms: [], processorMs: [] };
  progress(`start: ${runs} times each`);
  for (let run = 0; run <= runs; run++) {
    const [ours, theirs] = [await startOnce(workshop, spots[0]), await startOnce(workshop, spots[1])];
    // The first round fills the page cache and makes the work folder.
    if (run === 0) continue;
    keep(agent, ours);
    keep(empty, theirs);
  }
  return {
    name: "start",
    title: "Start",
    method:
      `From before the process is made until the first \`GET /status\` is answered in full, ${runs} starts of each in turn, ` +
      "publishing to a receiver on the same host; work folder and page cache warm.",
    table: compare("empty hono server", [
      {
        what: "start to first answer, ms",
        ours: agent.ms,
        baseline: empty.ms,
        floor: { of: "ratio", atMost: 2 },
      },
      { what: "processor time until then, ms", ours: agent.processorMs, baseline: empty.processorMs },
    ]),
  };
}

async function startOnce(workshop: Workshop, spot: Spot): Promise<{ ms: number; processorMs: number }> {
  const server = await workshop.start(spot);
  const processorMs = new ProcessorMeter(server.pid).sampleMs();
  await workshop.stop(server);
  return { ms: server.startedInMs, processorMs };
}

function keep(starts: Starts, start: { ms: number; processorMs: number }): void {
  starts.ms.push(start.ms);
  starts.processorMs.push(start.processorMs);
}
