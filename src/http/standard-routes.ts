/**
 * The routes that every listener has.
 *
 * @module
 */
import { livenessAnswer, readinessAnswer } from "../contract/mod.ts";
import { type Metrics, METRICS_CONTENT_TYPE } from "../metrics/mod.ts";
import { jsonAnswer, textAnswer } from "./answers.ts";
import type { Route } from "./types.ts";

/** The outcome of one check. `message` says what is wrong; it is shown to whoever may ask, so it holds no secret. */
export interface CheckResult {
  readonly ok: boolean;
  readonly message?: string;
}

/** Checks by name, run when asked. They are quick and do not wait. */
export type Checks = Readonly<Record<string, () => CheckResult>>;

/** `GET /metrics`: Prometheus text, version 0.0.4. */
export function metricsRoute(metrics: Pick<Metrics, "render">): Route {
  return {
    method: "GET",
    path: "/metrics",
    summary: "Metrics in Prometheus' text format",
    access: "token",
    answers: { 200: { description: "The metrics", contentType: "text/plain" } },
    handle: () => textAnswer(200, metrics.render(), METRICS_CONTENT_TYPE),
  };
}

/**
 * `GET /healthz`, open to anybody: 200 while the process answers and `live` agrees, 503 otherwise.
 * `GET /readyz`: 200 when every check of `ready` passes, else 503; each check is named with what is wrong.
 */
export function healthRoutes(init: { readonly live: () => boolean; readonly ready: Checks }): Route[] {
  return [livenessRoute(init.live), readinessRoute(init.ready)];
}

function livenessRoute(live: () => boolean): Route {
  return {
    method: "GET",
    path: "/healthz",
    summary: "Whether the process is alive",
    access: "open",
    answers: { 200: { description: "It is", schema: livenessAnswer }, 503: { description: "It is not" } },
    handle() {
      if (live()) return jsonAnswer(200, { status: "live" });
      return jsonAnswer(503, { error: { code: "UNAVAILABLE", message: "Not live" } });
    },
  };
}

function readinessRoute(ready: Checks): Route {
  return {
    method: "GET",
    path: "/readyz",
    summary: "Whether everything that is needed works",
    access: "token",
    answers: {
      200: { description: "Everything does", schema: readinessAnswer },
      503: { description: "What is named does not", schema: readinessAnswer },
    },
    handle() {
      const checks = Object.fromEntries(Object.entries(ready).map(([name, check]) => [name, check()]));
      const isReady = Object.values(checks).every((check) => check.ok);
      return jsonAnswer(isReady ? 200 : 503, { status: isReady ? "ready" : "not ready", checks });
    },
  };
}
