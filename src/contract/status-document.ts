/**
 * The published status document. Source: the status contract, "What is published".
 *
 * @module
 */
import * as z from "zod/mini";
import { CAPABILITIES_MAX, TAGS_MAX } from "../limits.ts";
import { count, name, nodeId, semver, timestamp, uuid } from "./primitives.ts";

/** The version of this document that we publish. */
export const STATUS_SCHEMA_VERSION = "1.0.0";

/** Whether the service is well. */
export const healthStatus = z.enum(["healthy", "degraded", "draining", "offline"]);
export type HealthStatus = z.infer<typeof healthStatus>;

/** Whether the service takes work, apart from whether it is well. */
export const availability = z.enum(["available", "busy", "paused", "offline"]);
export type Availability = z.infer<typeof availability>;

/** Why a `degraded` was reached, or what else explains the status; `last_task_success_seconds` is the contract's own. */
const healthDetails = z.lazy(() =>
  z.looseObject({
    last_task_success_seconds: z.optional(count),
  })
);

const health = z.lazy(() =>
  z.looseObject({
    status: healthStatus,
    reason: z.optional(z.string().check(z.maxLength(1_024))),
    details: z._default(healthDetails, {}),
  })
);

export const capacity = z.lazy(() =>
  z.looseObject({
    concurrent_tasks: count,
    active_tasks: z._default(count, 0),
    queue_length: count,
  })
);

export const tags = z.lazy(() =>
  z.record(name, z.string().check(z.maxLength(1_024))).check(
    z.refine((value) => Object.keys(value).length <= TAGS_MAX, { error: `at most ${TAGS_MAX} tags` }),
  )
);

/**
 * What a receiver takes. Only what a stranger's publisher may leave out is optional: the user's own example document carries neither
 * `schema_version`, `message_id`, `availability` nor `expires_in_seconds`. Unknown fields are kept at every level.
 */
export const receivedStatusDocument = z.lazy(() =>
  z.looseObject({
    schema_version: z._default(semver, STATUS_SCHEMA_VERSION),
    service_name: name,
    instance_id: name,
    message_id: z.optional(uuid),
    timestamp,
    uptime_seconds: count,
    version: semver,
    capabilities: z.array(name).check(z.maxLength(CAPABILITIES_MAX)),
    capacity,
    health,
    availability: z.optional(availability),
    expires_in_seconds: z.optional(z.int().check(z.minimum(1), z.maximum(86_400))),
    tags: z.optional(tags),
    node_id: z.optional(nodeId),
  })
);
export type ReceivedStatusDocument = z.infer<typeof receivedStatusDocument>;

/**
 * What we publish: every field of the contract, and nothing else. The type is the allow-list; `status/document.ts` fills it field by
 * field.
 */
export interface StatusDocument {
  readonly schema_version: string;
  readonly service_name: string;
  readonly instance_id: string;
  readonly message_id: string;
  readonly timestamp: string;
  readonly uptime_seconds: number;
  readonly version: string;
  readonly capabilities: readonly string[];
  readonly capacity: {
    readonly concurrent_tasks: number;
    readonly active_tasks: number;
    readonly queue_length: number;
  };
  readonly health: {
    readonly status: HealthStatus;
    readonly reason?: string;
    readonly details: Readonly<Record<string, unknown>>;
  };
  readonly availability: Availability;
  readonly expires_in_seconds: number;
  readonly tags?: Readonly<Record<string, string>>;
  readonly node_id?: string;
}

/** A receiver's 202. Source: the status contract, "The receiving end". */
export const publishAnswer = z.lazy(() =>
  z.looseObject({
    accepted: z.boolean(),
    message_id: z.nullable(z.string()),
    duplicate: z.boolean(),
    /** Ours: a newer document of the instance is known, from `known_timestamp`, and this one was thrown away. */
    stale: z.optional(z.boolean()),
    known_timestamp: z.optional(timestamp),
  })
);
