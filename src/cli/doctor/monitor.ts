import type { StatusAnswer } from "../../contract/mod.ts";
import { isBarnacleError } from "../../errors.ts";
import { describeOccupant, identifyOccupant } from "../../monitor/mod.ts";
import type { HostReading } from "../../runtime/port.ts";
import { agentClient } from "../endpoint.ts";
import { ok, warning } from "./check.ts";
import type { Finding, Patient } from "./check.ts";

const MONITOR = "own monitor";
const TELEMETRY = "telemetry";

/** The Monitor, where this host is to have ours: whether it can measure, who has its port, whether its heartbeats are taken. */
export async function checkMonitor(patient: Patient): Promise<Finding[]> {
  const { monitor: { enabled, backendUrl } } = patient.loaded.config;
  if (enabled === "off" || (enabled === "auto" && backendUrl === undefined)) return [];
  const { runtime: { host }, loaded: { config } } = patient;
  const reading = await host.read({ rootFs: config.monitor.rootFs });
  return [...telemetryFindings(reading), await checkRole(patient)];
}

function telemetryFindings({ problems }: HostReading): Finding[] {
  if (problems.length === 0) return [ok(TELEMETRY, "every part of this host can be measured")];
  return problems.map(({ part, message }) =>
    warning(
      TELEMETRY,
      `${part}: ${message}`,
      "heartbeats keep its last value, or 0; see docs/monitor.md for what is read",
    )
  );
}

async function checkRole(patient: Patient): Promise<Finding> {
  const running = await askAgent(patient);
  if (running !== undefined) return roleFinding(running);
  const { runtime, loaded: { config: { monitor: { port } } } } = patient;
  const client = runtime.http.client({});
  try {
    const occupant = await identifyOccupant({ ...runtime, fetch: client.fetch }, port, new AbortController().signal);
    if (occupant.kind === "silent") return ok(MONITOR, `nobody answers on port ${port} yet`);
    const who = describeOccupant(occupant);
    if (occupant.kind === "monitor") return ok(MONITOR, `port ${port} is served by ${who}`);
    return warning(
      MONITOR,
      `port ${port} is taken by ${who}`,
      "set MONITOR_PORT to a free port, for the OpenClaw side too",
    );
  } finally {
    client.close();
  }
}

async function askAgent({ runtime, loaded }: Patient): Promise<StatusAnswer["monitor"]> {
  const client = await agentClient(runtime, loaded);
  try {
    return (await client.status()).monitor;
  } catch (thrown) {
    // That no agent answers, or wants another token, is another check's business.
    if (!isBarnacleError(thrown)) throw thrown;
    return undefined;
  } finally {
    client.close();
  }
}

function roleFinding({ state, bridge, backend }: NonNullable<StatusAnswer["monitor"]>): Finding {
  if (state === "standby") return ok(MONITOR, bridge.problem ?? "stands by for another");
  if (bridge.problem !== null) {
    return warning(
      MONITOR,
      bridge.problem,
      "set MONITOR_PORT for both sides to a free port, or stop what listens there",
    );
  }
  const { last_error: error } = backend;
  if (error !== null) return warning(MONITOR, error.message, error.hint ?? "see the agent's log");
  return ok(MONITOR, `listens on ${bridge.address ?? "?"}, and the backend's state is "${backend.state}"`);
}
