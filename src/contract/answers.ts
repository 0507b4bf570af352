/**
 * What the agent and the hub answer when asked. Source: the status contract, "To be asked" and "The receiving end".
 *
 * @module
 */
import * as z from "zod/mini";
import { receivedHostTelemetryFields } from "./host-telemetry.ts";
import { agentMailAnswer, mailAnswer } from "./mail-answers.ts";
import { monitorAnswer } from "./monitor-answers.ts";
import { count, name, nodeId, timestamp } from "./primitives.ts";
import { availability, capacity, healthStatus, receivedStatusDocument } from "./status-document.ts";
import { bridgeAnswer, deadmanAnswer, gatewayAnswer, wakingAnswer } from "./watched-answers.ts";

/** The state of one task of the agent's loop. */
const taskState = z.lazy(() =>
  z.looseObject({
    name: z.string(),
    running: z.boolean(),
    last_run: z.nullable(timestamp),
    next_run: z.nullable(timestamp),
    last_duration_ms: z.nullable(z.number()),
    runs: count,
    failures: count,
    consecutive_failures: count,
  })
);
export type TaskStateAnswer = z.infer<typeof taskState>;

/** `GET /status`: the four fields of the user's own document, the full published document under `details`, the loop under `tasks`. */
export const statusAnswer = z.lazy(() =>
  z.looseObject({
    agent_name: z.string(),
    status: z.enum(["Available", "Busy", "Degraded", "Draining", "Offline"]),
    active_jobs: count,
    timestamp,
    details: receivedStatusDocument,
    /** The health rules that apply, in words for this host only: unlike the published reason they name reporters and causes. */
    explanation: z.optional(z.array(z.looseObject({ rule: z.string(), message: z.string(), recovering: z.boolean() }))),
    publishing: z.looseObject({
      state: z.enum(["off", "waiting", "published", "failing"]),
      endpoint: z.nullable(z.string()),
      last_success: z.nullable(timestamp),
      next_attempt: z.nullable(timestamp),
      consecutive_failures: count,
      last_error: z.nullable(z.looseObject({ code: z.string(), message: z.string(), hint: z.optional(z.string()) })),
    }),
    /** Absent where the host takes no mail. */
    mail: z.optional(mailAnswer),
    /** The other agents whose mail is carried here; absent where there are none. */
    mail_agents: z.optional(z.array(agentMailAnswer)),
    /** Absent where no Monitor is looked for. */
    bridge: z.optional(bridgeAnswer),
    /** The OpenClaw gateways of this host; absent before the first look. */
    gateways: z.optional(z.array(gatewayAnswer)),
    /** Absent where no gateway is found, or nobody is to be woken. */
    waking: z.optional(wakingAnswer),
    /** Absent where none is configured. */
    deadman: z.optional(deadmanAnswer),
    /** Absent where this process is no Monitor, and waits for none to go. */
    monitor: z.optional(monitorAnswer),
    tasks: z.array(taskState),
  })
);
export type StatusAnswer = z.infer<typeof statusAnswer>;

/** `GET /capabilities`. */
export const capabilitiesAnswer = z.lazy(() =>
  z.looseObject({
    agent_name: z.string(),
    service_name: z.string(),
    version: z.string(),
    schema_version: z.string(),
    barnacle_version: z.string(),
    capabilities: z.array(z.string()),
    agents: z.array(z.looseObject({
      name: z.string(),
      version: z.optional(z.string()),
      capabilities: z.array(z.string()),
      slots: count,
      paused: z.boolean(),
    })),
    capacity,
    availability,
  })
);
export type CapabilitiesAnswer = z.infer<typeof capabilitiesAnswer>;

/** `GET /healthz`. */
export const livenessAnswer = z.lazy(() => z.looseObject({ status: z.literal("live") }));

/** `GET /readyz`: 200 when every check passes, else 503. */
export const readinessAnswer = z.lazy(() =>
  z.looseObject({
    status: z.enum(["ready", "not ready"]),
    checks: z.record(z.string(), z.looseObject({ ok: z.boolean(), message: z.optional(z.string()) })),
  })
);

/** The last heartbeat of a host's Monitor: its fields, and how old it is. */
const instanceTelemetry = z.lazy(() =>
  z.looseObject({
    identifier: name,
    age_seconds: count,
    expired: z.boolean(),
    last_heard: timestamp,
    ...receivedHostTelemetryFields(),
    openclaw_version: z.optional(z.string()),
    plugin_version: z.optional(z.string()),
    agents: z.optional(z.array(z.looseObject({}))),
  })
);

const numbers = () => ({
  active_tasks: z.optional(z.number()),
  queue_length: z.optional(z.number()),
  concurrent_tasks: z.optional(z.number()),
  cpu_pct: z.optional(z.number()),
  mem_pct: z.optional(z.number()),
  disk_pct: z.optional(z.number()),
  swap_pct: z.optional(z.number()),
  load_1: z.optional(z.number()),
});

/** One step: the gravest status and availability in it, and of each number the mean; what was not heard is absent. */
const historyPoint = z.lazy(() =>
  z.looseObject({
    time: timestamp,
    status: z.optional(healthStatus),
    availability: z.optional(availability),
    ...numbers(),
    /** The highest of the numbers whose highest is not their mean. */
    highest: z.optional(z.looseObject(numbers())),
  })
);

/** One instance as the hub knows it. `age_seconds` is how old the knowledge is; the document is as it came, unknown fields and all. */
export const instanceAnswer = z.lazy(() =>
  z.looseObject({
    instance_id: name,
    service_name: name,
    status: healthStatus,
    availability,
    age_seconds: count,
    expired: z.boolean(),
    free: count,
    last_heard: timestamp,
    node_id: z.optional(nodeId),
    verified: z.boolean(),
    /** What the Monitor of its host reported last; absent where none did. */
    telemetry: z.optional(instanceTelemetry),
    document: z.looseObject({}),
  })
);
export type InstanceAnswer = z.infer<typeof instanceAnswer>;

/** `GET /v1/instances/{id}/history`: the steps in which anything was heard. */
export const historyAnswer = z.lazy(() =>
  z.looseObject({
    instance_id: name,
    from: timestamp,
    to: timestamp,
    step_seconds: count,
    points: z.array(historyPoint),
  })
);

/** `POST /monitor/server/heartbeat` of the hub. */
export const heartbeatAnswer = z.lazy(() => z.looseObject({ accepted: z.literal(true), identifier: name }));

/** `GET /v1/instances`: freshest first. `next` continues the listing, `null` at its end. */
export const instancesAnswer = z.lazy(() =>
  z.looseObject({
    instances: z.array(instanceAnswer),
    matched: count,
    total: count,
    next: z.nullable(z.string()),
  })
);
export type InstancesAnswer = z.infer<typeof instancesAnswer>;

/** Every error answer: the code and message of the error, the field at fault where there is one, and what to do. */
export const errorAnswer = z.lazy(() =>
  z.looseObject({
    error: z.looseObject({
      code: z.string(),
      message: z.string(),
      field: z.optional(z.string()),
      hint: z.optional(z.string()),
    }),
  })
);
