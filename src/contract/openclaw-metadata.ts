/**
 * What the OpenClaw side pushes to a Monitor. Source: the Monitor's contract, "The bridge".
 *
 * @module
 */
import * as z from "zod/mini";
import { METADATA_AGENTS_MAX } from "../limits.ts";

const VERSION_CHARACTERS_MAX = 256;
const EVENT_CHARACTERS_MAX = 256;

/** A version as OpenClaw writes it: `OpenClaw 2026.3.13 (61d171a)`. One line of text. */
export const openClawVersion = z.lazy(() =>
  z.string().check(
    z.minLength(1),
    z.maxLength(VERSION_CHARACTERS_MAX),
    z.regex(/^[^\p{Cc}]*$/u, { error: "one line of text without control characters" }),
  )
);

/** Objects that are passed on as they are; known members are `id`, `name`, `status`. An empty list means "not known". */
export const openClawAgents = z.lazy(() => z.array(z.looseObject({})).check(z.maxLength(METADATA_AGENTS_MAX)));

/** The body of `POST /openclaw`. The version has two names; `version` is what the plugin sends. Unknown fields are left out. */
export const openClawMetadataPush = z.lazy(() =>
  z.object({
    version: z.optional(openClawVersion),
    openclaw_version: z.optional(openClawVersion),
    plugin_version: z.optional(openClawVersion),
    agents: z.optional(openClawAgents),
    /** Ours: `gateway_stop`, with the gateway's reason. */
    event: z.optional(z.string().check(z.maxLength(EVENT_CHARACTERS_MAX))),
    reason: z.optional(z.string().check(z.maxLength(EVENT_CHARACTERS_MAX))),
  })
);
export type OpenClawMetadataPush = z.infer<typeof openClawMetadataPush>;

/** The answer to `POST /openclaw`. */
export const openClawMetadataAnswer = z.lazy(() => z.looseObject({ status: z.literal("ok") }));
