/** The endpoints of the status service. Source: the status contract, "To be asked" and "Local health". @module */
import {
  type CapabilitiesAnswer,
  capabilitiesAnswer,
  errorAnswer,
  type ReportAnswer,
  reportAnswer,
  statusAnswer,
  type WorkReport,
  workReport,
} from "../contract/mod.ts";
import { jsonAnswer, jsonTextAnswer, type Route, type RouteAnswer } from "../http/mod.ts";
import { REPORT_BYTES_MAX } from "../limits.ts";

/** What the endpoints need of the service. */
export interface StatusEndpoints {
  /** The answer to `GET /status`, serialised. */
  statusText(): string;
  capabilities(): CapabilitiesAnswer;
  accept(report: WorkReport): ReportAnswer;
}

function refused(description: string): RouteAnswer {
  return { description, schema: errorAnswer };
}

/** `GET /status`, `GET /capabilities`, `POST /report`. */
export function statusRoutes(service: StatusEndpoints): Route[] {
  return [statusRoute(service), capabilitiesRoute(service), reportRoute(service)];
}

function statusRoute(service: StatusEndpoints): Route {
  return {
    method: "GET",
    path: "/status",
    summary: "How this host is: the status in short, the published document, the loop and the publisher",
    access: "token",
    answers: {
      200: { description: "The status of now", schema: statusAnswer },
      401: refused("A token is missing or wrong"),
    },
    handle: () => jsonTextAnswer(200, service.statusText()),
  };
}

function capabilitiesRoute(service: StatusEndpoints): Route {
  return {
    method: "GET",
    path: "/capabilities",
    summary: "What this host can do: versions, agents with their capabilities and slots, capacity now",
    access: "token",
    answers: {
      200: { description: "The capabilities of now", schema: capabilitiesAnswer },
      401: refused("A token is missing or wrong"),
    },
    handle: () => jsonAnswer(200, service.capabilities()),
  };
}

function reportRoute(service: StatusEndpoints): Route<WorkReport> {
  return {
    method: "POST",
    path: "/report",
    summary: "Tell what work is going on here, or how it ended",
    access: "token",
    body: { schema: workReport, bytesMax: REPORT_BYTES_MAX },
    answers: {
      200: { description: "The report counts, for so long", schema: reportAnswer },
      400: refused("The report is malformed; the field is named"),
      401: refused("A token is missing or wrong"),
      413: refused("The report is too large"),
      415: refused("The report is not sent as JSON"),
    },
    handle: ({ body }) => jsonAnswer(200, service.accept(body)),
  };
}
