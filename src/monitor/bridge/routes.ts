/**
 * The bridge's three endpoints. Source: the Monitor's contract, "The bridge".
 *
 * @module
 */
import {
  errorAnswer,
  monitorHealth,
  openClawMetadataAnswer,
  type OpenClawMetadataPush,
  openClawMetadataPush,
  telemetryAnswer,
} from "../../contract/mod.ts";
import { BarnacleError } from "../../errors.ts";
import { jsonAnswer, jsonTextAnswer, type Route } from "../../http/mod.ts";
import { METADATA_BYTES_MAX } from "../../limits.ts";
import { VERSION } from "../../version.ts";
import { CPU_WINDOW_MIN_MS, type Sampler } from "../telemetry/sampler.ts";
import type { MetadataSlot } from "./metadata.ts";

/** What the endpoints answer from. */
export interface BridgeParts {
  readonly identifier: string;
  readonly sampler: Pick<Sampler, "newest">;
  readonly metadata: Pick<MetadataSlot, "take">;
}

/** Routes without a token: only this host reaches them. A request never samples. */
export function bridgeRoutes(parts: BridgeParts): Route[] {
  return [healthRoute(parts), telemetryRoute(parts), metadataRoute(parts)];
}

function healthRoute({ identifier }: BridgeParts): Route {
  const text = JSON.stringify({ status: "ok", version: VERSION, identifier });
  return {
    method: "GET",
    path: "/health",
    summary: "That the Monitor is there, its version and identifier",
    access: "open",
    answers: { 200: { description: "It is", schema: monitorHealth } },
    handle: () => jsonTextAnswer(200, text),
  };
}

function telemetryRoute({ sampler }: BridgeParts): Route {
  return {
    method: "GET",
    path: "/telemetry",
    summary: "The newest sample of this host",
    access: "open",
    answers: {
      200: { description: "The sample", schema: telemetryAnswer },
      503: { description: "There is none yet: it takes a second", schema: errorAnswer },
    },
    handle() {
      const { newest } = sampler;
      if (newest !== undefined) return jsonTextAnswer(200, newest.text);
      throw new BarnacleError({
        code: "UNAVAILABLE",
        action: "Answer with the newest sample",
        value: "none yet",
        wanted: "one, a second after the start",
        retryable: true,
        retryAfterMs: CPU_WINDOW_MIN_MS,
      });
    },
  };
}

function metadataRoute({ metadata }: BridgeParts): Route {
  const route: Route<OpenClawMetadataPush> = {
    method: "POST",
    path: "/openclaw",
    summary: "Take what the OpenClaw side knows, for the heartbeats to come",
    access: "open",
    body: { schema: openClawMetadataPush, bytesMax: METADATA_BYTES_MAX },
    answers: {
      200: { description: "Taken", schema: openClawMetadataAnswer },
      400: { description: "Not taken; the field at fault is named", schema: errorAnswer },
      413: { description: `Longer than ${METADATA_BYTES_MAX} bytes`, schema: errorAnswer },
    },
    handle({ body }) {
      metadata.take(body);
      return jsonAnswer(200, { status: "ok" });
    },
  };
  return route as Route;
}
