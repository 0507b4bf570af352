/** `GET /status` under load, beside the same server answering constants. */
import type { LoadPlan } from "./load-plan.ts";
import { FULL_LOAD_CONNECTIONS, type Slice } from "./load.ts";
import { read } from "./servers.ts";
import { compare, type Section } from "./tables.ts";
import { progress, type Workshop } from "./workshop.ts";

export async function benchStatus(workshop: Workshop): Promise<Section> {
  const rounds = workshop.quick ? 2 : 7;
  const durationMs = workshop.quick ? 500 : 2_000;
  const plan: Omit<LoadPlan, "port"> = {
    requests: { kind: "get", path: "/status" },
    connections: FULL_LOAD_CONNECTIONS,
    durationMs,
  };
  const agent = await workshop.start(workshop.spot("agent"));
  const body = await read(agent.port, "/status");
  const constant = await workshop.start(workshop.spot("constant", { BENCH_BODY: body }));
  const short = await workshop.start(workshop.spot("empty"));
  const servers = [agent, constant, short];
  const slices: Slice[][] = [];
  progress(`status: ${rounds} rounds`);
  for (let round = 0; round <= rounds; round++) {
    const row: Slice[] = [];
    for (const server of servers) row.push(await workshop.load.measure(server, plan, { status: 200, settleMs: 50 }));
    // The first round lets each server compile what is hot.
    if (round > 0) slices.push(row);
  }
  for (const server of servers) await workshop.stop(server);
  const pick = (server: number, name: "requestsPerSecond" | "processorUsPerRequest" | "busy") =>
    slices.map((row) => row[server]?.[name] ?? Number.NaN);
  return {
    name: "status",
    title: "GET /status",
    method: `${FULL_LOAD_CONNECTIONS} connections, one request at a time on each, ${rounds} slices of ` +
      `${
        durationMs / 1_000
      } s in turn. The constants: the agent's own answer (${body.length} bytes) as a fixed text, and "ok".`,
    table: compare("hono server, constant", [
      {
        what: "requests/s, constant of the same length",
        ours: pick(0, "requestsPerSecond"),
        baseline: pick(1, "requestsPerSecond"),
        floor: { of: "ratio", atLeast: 0.6 },
      },
      { what: 'requests/s, constant "ok"', ours: pick(0, "requestsPerSecond"), baseline: pick(2, "requestsPerSecond") },
      {
        what: "processor time a request, µs, constant of the same length",
        ours: pick(0, "processorUsPerRequest"),
        baseline: pick(1, "processorUsPerRequest"),
      },
      {
        what: 'processor time a request, µs, constant "ok"',
        ours: pick(0, "processorUsPerRequest"),
        baseline: pick(2, "processorUsPerRequest"),
      },
      { what: "share of the time with work to do", ours: pick(0, "busy"), baseline: pick(1, "busy"), compared: false },
    ]),
  };
}
