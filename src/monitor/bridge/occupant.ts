/**
 * Who is on the bridge's port, when it is not us.
 *
 * @module
 */
import { receivedMonitorHealth, receivedTelemetry } from "../../contract/mod.ts";
import { type CallComponents, makeCall, type Reply } from "../../http/mod.ts";

/** Who answers, as far as can be told by asking. */
export type Occupant =
  | { readonly kind: "monitor"; readonly identifier: string | undefined; readonly version: string | undefined }
  | { readonly kind: "exporter" | "http" | "silent" };

const ASK_TIMEOUT_MS = 2_000;
/** A node exporter of a host with many processors says late what it is, but by then has told of the processors. */
const EXPORTER_REGEXP = /^node_(?:cpu_seconds_total|exporter_build_info)\b/m;

/** Asks what listens on 127.0.0.1. Never rejects but by the signal: what gives no answer is silent. */
export async function identifyOccupant(
  components: CallComponents,
  port: number,
  signal: AbortSignal,
): Promise<Occupant> {
  const ask = (path: string) => askFor(components, `http://127.0.0.1:${port}${path}`, signal);
  const health = await ask("/health");
  if (health === undefined) return { kind: "silent" };
  const known = receivedMonitorHealth.safeParse(jsonOf(health));
  const { identifier, version } = known.success ? known.data : {};
  if (identifier !== undefined) return { kind: "monitor", identifier, version };
  // Many services answer at this path. One that tells the processor's share beside it is a Monitor.
  const telemetry = receivedTelemetry.safeParse(jsonOf(await ask("/telemetry")));
  if (telemetry.success && telemetry.data.cpu_pct !== undefined) {
    return { kind: "monitor", identifier: telemetry.data.identifier, version };
  }
  return { kind: EXPORTER_REGEXP.test((await ask("/metrics"))?.text ?? "") ? "exporter" : "http" };
}

async function askFor(components: CallComponents, url: string, signal: AbortSignal): Promise<Reply | undefined> {
  try {
    return await makeCall(components, {
      action: "Ask who listens",
      method: "GET",
      url,
      timeoutMs: ASK_TIMEOUT_MS,
      signal,
    });
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return undefined;
  }
}

function jsonOf(reply: Reply | undefined): unknown {
  if (reply === undefined || reply.status < 200 || reply.status > 299 || reply.isCut) return undefined;
  try {
    return JSON.parse(reply.text);
  } catch {
    // Then it is no Monitor.
    return undefined;
  }
}

/** Who it is, in words that follow "the port is taken by". */
export function describeOccupant(occupant: Occupant): string {
  switch (occupant.kind) {
    case "monitor": {
      const version = occupant.version === undefined ? "" : ` ${JSON.stringify(occupant.version)}`;
      return `another Monitor${version} (identifier ${JSON.stringify(occupant.identifier ?? "not told")})`;
    }
    case "exporter":
      return "a Prometheus node exporter";
    case "http":
      return "an HTTP server that is no Monitor";
    case "silent":
      return "something that does not answer as a Monitor does";
  }
}
