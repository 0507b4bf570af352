/**
 * What a Monitor's bridge answers, and what the agent tells of its own Monitor. Source: the Monitor's contract, "The bridge".
 *
 * @module
 */
import * as z from "zod/mini";
import { hostTelemetryFields, receivedHostTelemetryFields } from "./host-telemetry.ts";
import { count, name, timestamp } from "./primitives.ts";

/** `GET /health` of the bridge, as a Barnacle answers it. */
export const monitorHealth = z.lazy(() =>
  z.looseObject({ status: z.literal("ok"), version: z.string(), identifier: name })
);

/** `GET /health` of a stranger's bridge: any 2xx with a JSON object will do. Unknown fields are left out. */
export const receivedMonitorHealth = z.lazy(() =>
  z.object({ status: z.optional(z.string()), version: z.optional(z.string()), identifier: z.optional(name) })
);
export type ReceivedMonitorHealth = z.infer<typeof receivedMonitorHealth>;

/** A limit that a container runtime put on this process's control group, beside the host's own values. */
const controlGroupFields = () => ({
  /** Cores that may be used, such as 1.5. */
  cgroup_cpu_limit_cores: z.optional(z.number()),
  cgroup_mem_limit_bytes: z.optional(count),
  cgroup_mem_used_bytes: z.optional(count),
  /** Used of the limit, 0 to 100. */
  cgroup_mem_pct: z.optional(z.number()),
});

/**
 * `GET /telemetry` of the bridge, as a Barnacle answers it: the hardware fields, flat, and what is not in the heartbeat beside them.
 */
export const telemetryAnswer = z.lazy(() =>
  z.looseObject({
    identifier: name,
    ...hostTelemetryFields(),
    sampled_at: timestamp,
    /** What could not be measured, in words; absent when everything could. */
    problems: z.optional(z.array(z.string())),
    ...controlGroupFields(),
  })
);
export type TelemetryAnswer = z.infer<typeof telemetryAnswer>;

/** `GET /telemetry` of a stranger's bridge, who may know fewer fields. Unknown ones are left out. */
export const receivedTelemetry = z.lazy(() =>
  z.object({
    identifier: z.optional(name),
    ...receivedHostTelemetryFields(),
    sampled_at: z.optional(timestamp),
    ...controlGroupFields(),
  })
);
export type ReceivedTelemetry = z.infer<typeof receivedTelemetry>;

/** This host's own Monitor in `GET /status`. Absent where it is off. */
export const monitorAnswer = z.lazy(() =>
  z.looseObject({
    /** `standby`: another Monitor of this host is there and is left to it. */
    state: z.enum(["running", "standby"]),
    identifier: name,
    bridge: z.looseObject({
      /** Where it listens; `null` while it does not. */
      address: z.nullable(z.string()),
      /** Why it does not; `null` when it does. */
      problem: z.nullable(z.string()),
    }),
    backend: z.looseObject({
      /** `off`: no backend is configured. */
      state: z.enum(["off", "waiting", "reported", "failing"]),
      endpoint: z.nullable(z.string()),
      last_success: z.nullable(timestamp),
      consecutive_failures: count,
      last_error: z.nullable(z.looseObject({ code: z.string(), message: z.string(), hint: z.optional(z.string()) })),
    }),
    /** What was pushed last; `null` before the first push and after its expiry. */
    metadata: z.nullable(
      z.looseObject({
        openclaw_version: z.optional(z.string()),
        plugin_version: z.optional(z.string()),
        agents: count,
        received: timestamp,
      }),
    ),
    /** The latest sample; `null` before the first. */
    telemetry: z.nullable(telemetryAnswer),
  })
);
export type MonitorAnswer = z.infer<typeof monitorAnswer>;
