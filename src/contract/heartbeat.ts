/**
 * The heartbeat of a Monitor to its backend. Source: the Monitor's contract, "The heartbeat".
 *
 * @module
 */
import * as z from "zod/mini";
import { hostTelemetryFields, receivedHostTelemetryFields } from "./host-telemetry.ts";
import { openClawAgents, openClawVersion } from "./openclaw-metadata.ts";
import { name } from "./primitives.ts";

/** The two paths under a backend's address. The body is the same; which a backend has depends on its age. */
export const HEARTBEAT_PATHS = ["/monitor/server/heartbeat", "/monitor/server/heartbeat-v2"] as const;

/** The header that carries the key. */
export const HEARTBEAT_KEY_HEADER = "x-api-key";

/** Left out unless somebody pushed them; never null. */
const enrichment = () => ({
  openclaw_version: z.optional(openClawVersion),
  plugin_version: z.optional(openClawVersion),
  agents: z.optional(openClawAgents),
});

/** What a Barnacle sends: flat. */
export const heartbeat = z.lazy(() => z.object({ identifier: name, ...enrichment(), ...hostTelemetryFields() }));
export type Heartbeat = z.infer<typeof heartbeat>;

/** What a backend takes: of a stranger's heartbeat only the identifier must be there. Unknown fields are left out. */
export const receivedHeartbeat = z.lazy(() =>
  z.object({ identifier: name, ...enrichment(), ...receivedHostTelemetryFields() })
);
export type ReceivedHeartbeat = z.infer<typeof receivedHeartbeat>;
