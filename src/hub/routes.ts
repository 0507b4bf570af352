/**
 * The hub's endpoints. Source: the status contract, "The receiving end".
 *
 * @module
 */
import * as z from "zod/mini";
import {
  HEARTBEAT_PATHS,
  heartbeatAnswer,
  historyAnswer,
  instanceAnswer,
  instancesAnswer,
  isPlainStatusDocument,
  publishAnswer,
  type ReceivedHeartbeat,
  receivedHeartbeat,
  type ReceivedStatusDocument,
  receivedStatusDocument,
} from "../contract/mod.ts";
import { BarnacleError } from "../errors.ts";
import { jsonAnswer, jsonTextAnswer, type Route } from "../http/mod.ts";
import { HEARTBEAT_BYTES_MAX, STATUS_DOCUMENT_BYTES_MAX, TIMESTAMP_AHEAD_MAX_MS } from "../limits.ts";
import { type Heard, HEARTBEAT_HOLDS_MS } from "./heartbeats.ts";
import { type HistoryQuery, historyQuery } from "./history/mod.ts";
import type { Instance } from "./instance.ts";
import { INSTANCES_QUERY_LISTS, type InstancesQuery, instancesQuery, type Page, type View } from "./query.ts";
import type { RangedHistory } from "./watch.ts";

const NOT_RUNNING = { description: "The hub is starting or stopping; Retry-After says when to come again" };

/** What the endpoints of the status contract ask of whoever receives. */
export interface StatusActs {
  nowMs(): number;
  publish(document: ReceivedStatusDocument, request: PublishRequest): "accepted" | "duplicate" | "stale";
  find(query: InstancesQuery): Page;
  get(id: string): View | undefined;
  /** What the Monitor of an instance's host reported last. */
  heartbeatOf(instance: Instance): Heard | undefined;
}

/** What all of a hub's endpoints ask. */
export interface HubActs extends StatusActs {
  heartbeat(heartbeat: ReceivedHeartbeat, principal: string | undefined): void;
  history(id: string, query: HistoryQuery): RangedHistory | undefined;
}

/** What came with a document. */
export interface PublishRequest {
  readonly raw: Request;
  readonly bodyText: string;
  readonly principal: string | undefined;
}

/** The routes of the status contract alone. */
export function statusRoutes(acts: StatusActs): Route[] {
  return [publishRoute(acts) as Route, listRoute(acts) as Route, instanceRoute(acts)];
}

/** All of the hub's own routes. */
export function hubRoutes(acts: HubActs): Route[] {
  return [
    ...statusRoutes(acts),
    historyRoute(acts) as Route,
    ...HEARTBEAT_PATHS.map((path) => heartbeatRoute(acts, path) as Route),
  ];
}

/** Bounds {@link publishedDocument} from below. */
function isPlainDocument(acts: StatusActs, value: unknown): boolean {
  return isPlainStatusDocument(value) && value.instance_id.isWellFormed() &&
    Date.parse(value.timestamp) <= acts.nowMs() + TIMESTAMP_AHEAD_MAX_MS;
}

/**
 * What a hub takes beyond the contract's shape: an id that a database can hold, and no time far ahead, for nothing that
 * an instance published later with a right clock could overwrite such a document.
 */
function publishedDocument(acts: StatusActs) {
  return receivedStatusDocument.check(
    z.refine((document) => document.instance_id.isWellFormed(), { path: ["instance_id"], error: "well-formed text" }),
    z.refine((document) => Date.parse(document.timestamp) <= acts.nowMs() + TIMESTAMP_AHEAD_MAX_MS, {
      path: ["timestamp"],
      error: "a time at most 5 minutes ahead of the hub's clock",
    }),
  );
}

function publishRoute(acts: StatusActs): Route<ReceivedStatusDocument> {
  return {
    method: "POST",
    path: "/openclaw/status",
    summary: "Publish the status of an instance",
    access: "token",
    body: {
      schema: publishedDocument(acts),
      bytesMax: STATUS_DOCUMENT_BYTES_MAX,
      isPlain: (value) => isPlainDocument(acts, value),
    },
    answers: {
      202: {
        description:
          "Taken. `duplicate`: this message_id was taken before; `stale`: a newer timestamp is known; both change nothing",
        schema: publishAnswer,
      },
      401: { description: "No key, or one that is not accepted, or a signature that does not hold" },
      403: { description: "The instance belongs to another key, or was signed by another node" },
      429: { description: "Too many requests, or no room for another instance; Retry-After says when to come again" },
      503: NOT_RUNNING,
    },
    handle({ body, bodyText, raw, principal }) {
      const outcome = acts.publish(body, { bodyText, raw, principal });
      const answer = { accepted: true, message_id: body.message_id ?? null, duplicate: outcome === "duplicate" };
      if (outcome !== "stale") return jsonAnswer(202, answer);
      const known = acts.get(body.instance_id)?.instance.timestampMs;
      const knownTimestamp = known === undefined ? {} : { known_timestamp: new Date(known).toISOString() };
      return jsonAnswer(202, { ...answer, stale: true, ...knownTimestamp });
    },
  };
}

function listRoute(acts: StatusActs): Route<unknown, InstancesQuery> {
  return {
    method: "GET",
    path: "/v1/instances",
    summary:
      "Find instances: all that match every parameter, the most recently heard first; `capability` and `tag` may be repeated",
    access: "token",
    query: instancesQuery,
    queryLists: INSTANCES_QUERY_LISTS,
    answers: {
      200: { description: "One page; `next` is the `after` of the next one", schema: instancesAnswer },
      503: NOT_RUNNING,
    },
    handle({ query }) {
      const page = acts.find(query);
      const instances = page.views.map((view) => instanceJson(acts, view)).join(",");
      const next = JSON.stringify(page.next);
      return jsonTextAnswer(
        200,
        `{"instances":[${instances}],"matched":${page.matched},"total":${page.total},"next":${next}}`,
      );
    },
  };
}

function instanceRoute(acts: StatusActs): Route {
  return {
    method: "GET",
    path: "/v1/instances/:id",
    summary: "What is known of one instance",
    access: "token",
    answers: {
      200: { description: "The instance", schema: instanceAnswer },
      404: { description: "Never heard of, or forgotten" },
      503: NOT_RUNNING,
    },
    handle({ params }) {
      const view = acts.get(params["id"] ?? "");
      if (view !== undefined) return jsonTextAnswer(200, instanceJson(acts, view));
      throw neverHeard("Find the instance", params["id"]);
    },
  };
}

function neverHeard(action: string, id: string | undefined): BarnacleError {
  return new BarnacleError({
    code: "NOT_FOUND",
    action,
    value: JSON.stringify(id),
    wanted: "one that was heard of lately",
  });
}

function historyRoute(acts: HubActs): Route<unknown, HistoryQuery> {
  return {
    method: "GET",
    path: "/v1/instances/:id/history",
    summary:
      "What became of one instance: its status, its work and its host, in steps of `step` seconds from `from` to `to`",
    access: "token",
    query: historyQuery,
    answers: {
      200: { description: "The steps in which anything was heard", schema: historyAnswer },
      404: { description: "No history is kept of it" },
      503: NOT_RUNNING,
    },
    handle({ params, query }) {
      const id = params["id"] ?? "";
      const history = acts.history(id, query);
      if (history === undefined) throw neverHeard("Find the history of the instance", id);
      return jsonAnswer(200, {
        instance_id: id,
        from: new Date(history.fromMs).toISOString(),
        to: new Date(history.toMs).toISOString(),
        step_seconds: history.stepMs / 1_000,
        points: history.points,
      });
    },
  };
}

/** What a hub takes beyond the contract's shape: an identifier that a database can hold. */
const reportedHeartbeat = z.lazy(() =>
  receivedHeartbeat.check(
    z.refine(({ identifier }) => identifier.isWellFormed(), { path: ["identifier"], error: "well-formed text" }),
  )
);

/** Source: the Monitor's contract, "The heartbeat". */
function heartbeatRoute(acts: HubActs, path: string): Route<ReceivedHeartbeat> {
  return {
    method: "POST",
    path,
    summary: "Report the telemetry of a host, as a HarborForge Monitor does",
    access: "token",
    body: { schema: reportedHeartbeat, bytesMax: HEARTBEAT_BYTES_MAX },
    answers: {
      200: { description: "Taken", schema: heartbeatAnswer },
      403: { description: "The identifier belongs to another key" },
      503: NOT_RUNNING,
    },
    handle({ body, principal }) {
      acts.heartbeat(body, principal);
      return jsonAnswer(200, { accepted: true, identifier: body.identifier });
    },
  };
}

/** The heartbeat goes in as the text that it is kept as. */
function telemetryJson({ identifier, heardAtMs, bodyText }: Heard, nowMs: number): string {
  const ageMs = Math.max(0, nowMs - heardAtMs);
  const head = JSON.stringify({
    identifier,
    age_seconds: Math.floor(ageMs / 1000),
    expired: ageMs >= HEARTBEAT_HOLDS_MS,
    last_heard: new Date(heardAtMs).toISOString(),
  });
  return bodyText === "{}" ? head : `${head.slice(0, -1)},${bodyText.slice(1)}`;
}

/** The document goes in as the text that it came as: it is JSON already, and stays what its publisher wrote. */
function instanceJson(acts: StatusActs, { instance, ...view }: View): string {
  const nowMs = acts.nowMs();
  const heartbeat = acts.heartbeatOf(instance);
  const head = JSON.stringify({
    instance_id: instance.id,
    service_name: instance.serviceName,
    status: view.status,
    availability: view.availability,
    age_seconds: Math.max(0, Math.floor((nowMs - instance.heardAtMs) / 1000)),
    expired: view.isExpired,
    free: view.free,
    last_heard: new Date(instance.heardAtMs).toISOString(),
    ...(instance.nodeId === undefined ? {} : { node_id: instance.nodeId }),
    verified: instance.verified,
  });
  const telemetry = heartbeat === undefined ? "" : `,"telemetry":${telemetryJson(heartbeat, nowMs)}`;
  return `${head.slice(0, -1)}${telemetry},"document":${instance.documentText}}`;
}
