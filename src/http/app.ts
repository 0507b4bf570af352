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
import { errorAnswerFrom, measured } from "./answers.ts";
import { BodyDeadlines } from "./body-deadlines.ts";
import { authenticate, Endpoint, type HttpContext } from "./endpoint.ts";
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
  /** `http`, `hub`: a label of the metrics. */
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
 * The checks before a route's act, in this order: host (on loopback), token (401, 429), path and method (404, 405),
 * content type (415), length (413), time (408), JSON and shape (400). Only at the paths of open routes does nobody need
 * a token: what else exists is not told to strangers.
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
  const openPaths = new Set(routes.filter((route) => route.access === "open").map((route) => route.path));
  const refuse = (method: string, error: unknown, headers: Record<string, string> = {}): Response => {
    const answer = errorAnswerFrom(error, { headers });
    if (answer.status === 500) log.error("request_failed", { method, path: "(none)", error });
    unrouted.note(method, answer.status, 0);
    return answer;
  };
  const refuseUnrouted = (context: HttpContext): Response => {
    const { method } = context.req;
    const { allowed, paths } = matchAnyMethod(hono, context);
    try {
      if (authenticator !== undefined && !paths.some((path) => openPaths.has(path))) {
        authenticate(authenticator, context);
      }
    } catch (thrown) {
      return refuse(method, thrown);
    }
    if (allowed.length === 0) return refuse(method, notFound());
    return refuse(method, notAllowed(context, allowed), { allow: allowed.join(", ") });
  };
  hono.notFound((context) => {
    const answer = refuseUnrouted(context);
    return context.req.method === "HEAD" ? measured(answer) : answer;
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

/** The methods that the request's path has routes for, and those routes' paths as they are declared. */
function matchAnyMethod(hono: Hono<{ Bindings: RequestPeer }>, context: HttpContext) {
  const matches = METHODS.flatMap((method) =>
    hono.router.match(method, context.req.path)[0].map(([[, route]]) => ({ method, path: route.path }))
  );
  const methods = [...new Set(matches.map(({ method }) => method))];
  const allowed = methods.includes("GET") ? ["HEAD", ...methods] : methods;
  return { allowed, paths: matches.map(({ path }) => path) };
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
