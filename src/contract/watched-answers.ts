/**
 * What the agent tells of its surroundings on its own host, and of who watches it: for this host only, never published.
 *
 * @module
 */
import * as z from "zod/mini";
import { receivedTelemetry } from "./monitor-answers.ts";
import { count, timestamp } from "./primitives.ts";

const shownError = () =>
  z.nullable(z.looseObject({ code: z.string(), message: z.string(), hint: z.optional(z.string()) }));

/** A Monitor as its client knows it, in `GET /status`. */
export const bridgeAnswer = z.lazy(() =>
  z.looseObject({
    /** `looking`: none answers, which is no error. `own`: the Monitor is in this process, and told without a call. */
    state: z.enum(["looking", "connected", "failing", "own"]),
    endpoint: z.string(),
    identifier: z.nullable(z.string()),
    version: z.nullable(z.string()),
    /** What it measured, as it told; `null` while it tells nothing. */
    telemetry: z.nullable(receivedTelemetry),
    /** When it told that. */
    asked: z.nullable(timestamp),
    /** When it was last told about OpenClaw, and how often so far. */
    pushed: z.nullable(timestamp),
    pushes: count,
    consecutive_failures: count,
    last_error: shownError(),
  })
);
export type BridgeAnswer = z.infer<typeof bridgeAnswer>;

/** One OpenClaw gateway of this host in `GET /status`. */
export const gatewayAnswer = z.lazy(() =>
  z.looseObject({
    /** `null` for the default one. */
    profile: z.nullable(z.string()),
    state: z.enum(["running", "starting", "stopped", "unknown"]),
    url: z.string(),
    state_directory: z.string(),
    /** As OpenClaw writes it: `OpenClaw 2026.9.6 (eb377ac)`. */
    version: z.nullable(z.string()),
    /** By what its agents are told what to do at a heartbeat. */
    generation: z.nullable(z.enum(["heartbeat-file", "scratch"])),
    hooks: z.boolean(),
    agents: z.array(z.looseObject({ id: z.string(), name: z.string(), workspace: z.string() })),
    /** What could not be found out, and why. */
    unknown: z.array(z.looseObject({ what: z.string(), why: z.string() })),
  })
);
export type GatewayAnswer = z.infer<typeof gatewayAnswer>;

/** Waking the agent of a gateway, in `GET /status`. */
export const wakingAnswer = z.lazy(() =>
  z.looseObject({
    /** `idle`: nothing is unread that is worth waking for. `stopped`: it cannot be done until what is in `problem` changes. */
    state: z.enum(["idle", "waiting", "unheeded", "stopped"]),
    agent: z.nullable(z.string()),
    gateway: z.nullable(z.string()),
    /** Of the last call. */
    way: z.nullable(z.enum(["plugin", "hook"])),
    unread: count,
    /** Calls that were taken. */
    woken: count,
    last_wake: z.nullable(timestamp),
    /** When the agent is woken if it has not read everything by then. */
    next_wake: z.nullable(timestamp),
    /** Calls that were taken since the agent last moved its cursor. */
    unheeded: count,
    problem: z.nullable(z.string()),
    hint: z.nullable(z.string()),
  })
);
export type WakingAnswer = z.infer<typeof wakingAnswer>;

/** The dead-man's switch in `GET /status`. Its address is a secret; where it is may be shown. */
export const deadmanAnswer = z.lazy(() =>
  z.looseObject({
    kind: z.enum(["healthchecks", "uptime-kuma", "gatus", "plain"]),
    origin: z.string(),
    state: z.enum(["waiting", "requested", "failing"]),
    /** What was requested last: that all is well, or that it is not. */
    last_outcome: z.nullable(z.enum(["success", "failure"])),
    last_request: z.nullable(timestamp),
    consecutive_failures: count,
    last_error: shownError(),
  })
);
export type DeadmanAnswer = z.infer<typeof deadmanAnswer>;
