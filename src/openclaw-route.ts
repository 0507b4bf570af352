/**
 * `POST /openclaw` of the agent: what the plugin in a gateway tells, for the Monitor. It stands apart from what it is told to, which is
 * loaded after the agent answers.
 *
 * @module
 */
import {
  errorAnswer,
  openClawMetadataAnswer,
  type OpenClawMetadataPush,
  openClawMetadataPush,
} from "./contract/mod.ts";
import { BarnacleError } from "./errors.ts";
import { jsonAnswer, type Route } from "./http/mod.ts";
import { METADATA_BYTES_MAX } from "./limits.ts";

/** Who takes it. */
export interface MetadataTaker {
  pushed(metadata: OpenClawMetadataPush): void;
}

/**
 * The route, with the Monitor's own contract for the call.
 *
 * @param find who takes it, `undefined` while that is not there yet
 */
export function openClawRoute(find: () => MetadataTaker | undefined): Route {
  const route: Route<OpenClawMetadataPush> = {
    method: "POST",
    path: "/openclaw",
    summary: "Tell which OpenClaw runs on this host, and its agents, as the plugin does",
    access: "token",
    body: { schema: openClawMetadataPush, bytesMax: METADATA_BYTES_MAX },
    answers: {
      200: { description: "Taken, and passed on to the Monitor", schema: openClawMetadataAnswer },
      503: { description: "The agent is starting", schema: errorAnswer },
    },
    handle({ body }) {
      const taker = find();
      if (taker === undefined) throw starting();
      taker.pushed(body);
      return jsonAnswer(200, { status: "ok" });
    },
  };
  return route as Route;
}

function starting(): BarnacleError {
  return new BarnacleError({
    code: "UNAVAILABLE",
    action: "Take the metadata",
    value: "an agent that is starting",
    wanted: "one that runs",
    retryable: true,
    retryAfterMs: 1_000,
  });
}
