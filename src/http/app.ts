/**
 * The hono app of a listener, made from a table of routes.
 *
 * @module
 */
import { Hono } from "hono/tiny";
import { BarnacleError } from "../errors.ts";
import { BODY_TIMEOUT_MS } from "../limits.ts";
import type { Logger } from "../log/mod.ts";
import type { Metrics } from "../metrics/mod.ts";
import type { Clock, RequestPeer } from "../runtime/port.ts";
import { errorAnswerFrom } from "./answers.ts";
import { BodyDeadlines } from "./body-deadlines.ts";
import { Endpoint, type HttpContext } from "./endpoint.ts";
import { LoopbackGuard } from "./loopback-guard.ts";
import { openApiRoute } from "./openapi-route.ts";
import { HttpMetrics, RequestBooks } from "./request-books.ts";
import type { Authenticator, Route } from "./types.ts";

/** What an app is made of. */
export interface AppComponents {
  readonly routes: readonly Route[];
  /** Who may ask the `token` routes; without one they are open. */
  readonly authenticator?: Authenticator | undefined;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Pick<Clock, "monotonicMs" | "setTimer">;
}

/** What an app is called. */
export interface AppInit {
  /** The title and version of the OpenAPI document. */
  readonly title: string;
  readonly version: string;
  /** `agent`, `hub`: a label of the metrics. */
  readonly role: string;
}

/** Answers one request. */
export type Answerer = (request: Request, peer: RequestPeer) => Response | Promise<Response>;

/** Answers requests; `listen` puts it on a socket. */
export interface App {
  readonly fetch: Answerer;
  /** As `fetch`, for a listener on loopback: refuses requests that name another host, and what web pages send. */
  readonly fetchOnLoopback: Answerer;
  /** Whether every `token` route is guarded. */
  readonly isGuarded: boolean;
}

const METHODS = ["GET", "POST", "PUT", "DELETE"];

/**
 * An app that answers the routes, and `GET /openapi.json` about them.
 *
 * The checks before a route's act, in this order: host (on loopback), path and method (404, 405), token (401, 429),
 * content type (415), length (413), time (408), JSON and shape (400).
 */
export function createApp(components: AppComponents, init: AppInit): App {
  const { authenticator, clock, log } = components;
  const metrics = new HttpMetrics(components.metrics, init.role);
  const deadlines = new BodyDeadlines(clock, BODY_TIMEOUT_MS);
  const unrouted = new RequestBooks(metrics, "(none)");
  const hono = new Hono<{ Bindings: RequestPeer }>();
  const routes = [...components.routes];
  routes.push(openApiRoute(routes, init));
  for (const route of routes) {
    const endpoint = new Endpoint(
      { authenticator, clock, log, deadlines },
      new RequestBooks(metrics, route.path),
      route,
    );
    hono.on(route.method, route.path, (context) => endpoint.answer(context));
  }
  const refuse = (method: string, error: BarnacleError, headers: Record<string, string> = {}): Response => {
    const answer = errorAnswerFrom(error, { headers });
    unrouted.note(method, answer.status, 0);
    return answer;
  };
  hono.notFound((context) => {
    const allowed = allowedMethods(hono, context);
    if (allowed.length === 0) return refuse(context.req.method, notFound());
    return refuse(context.req.method, notAllowed(context, allowed), { allow: allowed.join(", ") });
  });
  const guard = new LoopbackGuard();
  return {
    fetch: (request, peer) => hono.fetch(request, peer),
    fetchOnLoopback: (request, peer) => {
      const refusal = guard.refuse(request);
      return refusal === undefined ? hono.fetch(request, peer) : refuse(request.method, refusal);
    },
    isGuarded: authenticator !== undefined || components.routes.every((route) => route.access === "open"),
  };
}

function allowedMethods(hono: Hono<{ Bindings: RequestPeer }>, context: HttpContext): string[] {
  const allowed = METHODS.filter((method) => hono.router.match(method, context.req.path)[0].length > 0);
  return allowed.includes("GET") ? ["HEAD", ...allowed] : allowed;
}

function notFound(): BarnacleError {
  return new BarnacleError({
    code: "NOT_FOUND",
    action: "Find the path",
    wanted: "one that exists",
    hint: "GET /openapi.json lists them",
  });
}

function notAllowed(context: HttpContext, allowed: readonly string[]): BarnacleError {
  return new BarnacleError({
    code: "METHOD_NOT_ALLOWED",
    action: "Find the method",
    value: JSON.stringify(context.req.method),
    wanted: allowed.join(" or "),
  });
}
