/**
 * The agent registration file: which agents exist on this host. Source: the status contract, "Local health, and where it comes from".
 *
 * @module
 */
import * as z from "zod/mini";
import { CAPABILITIES_MAX, REGISTERED_AGENTS_MAX } from "../limits.ts";
import { count, name, semver } from "./primitives.ts";

/** One agent: what it can do, how much at once, and how often it must report, if it must. */
const registeredAgent = z.lazy(() =>
  z.strictObject({
    name,
    version: z.optional(semver),
    capabilities: z._default(z.array(name).check(z.maxLength(CAPABILITIES_MAX)), []),
    slots: z._default(count, 1),
    /** When set, this agent should report (as reporter `name`) at least so often; silence degrades the host's health. */
    report_within_seconds: z.optional(z.int().check(z.minimum(1), z.maximum(86_400))),
    /** A paused agent stays listed but takes no work: its slots do not count. */
    paused: z._default(z.boolean(), false),
  })
);
export type RegisteredAgent = z.infer<typeof registeredAgent>;

export const registrationFile = z.lazy(() =>
  z.strictObject({
    $schema: z.optional(z.string()),
    agents: z.array(registeredAgent).check(
      z.maxLength(REGISTERED_AGENTS_MAX),
      z.refine((agents) => new Set(agents.map((agent) => agent.name)).size === agents.length, {
        error: "agent names that differ",
      }),
    ),
  })
);
