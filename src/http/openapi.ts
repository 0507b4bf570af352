/**
 * The OpenAPI 3.1 document of a table of routes, from the very schemas that check the input. Loaded when first asked
 * for.
 *
 * @module
 */
import * as z from "zod/mini";
import { errorAnswer } from "../contract/mod.ts";
import type { Route, RouteAnswer } from "./types.ts";

/** How the document is titled. */
export interface OpenApiInfo {
  readonly title: string;
  readonly version: string;
}

type Json = Record<string, unknown>;

const ERROR_REFERENCE = { $ref: "#/components/schemas/Error" };

/** What the border answers by itself, on routes of each kind. */
const BORDER_ANSWERS = {
  every: { 403: "A host name or an origin that is not this listener's", 500: "A fault of the server's own" },
  token: {
    401: "No token, or one that is not accepted",
    429: "Too many requests; Retry-After says when to come again",
  },
  query: { 400: "A parameter that is wrong, named in `field`" },
  body: {
    400: "A field that is wrong, named in `field`",
    408: "The body did not arrive in time",
    413: "The body is too large",
    415: "The body is not application/json",
  },
} as const;

/** See `openApiDocument`. */
export function buildOpenApiDocument(routes: readonly Route[], info: OpenApiInfo): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace(/:([A-Za-z_]+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: "3.1.0",
    info: { title: info.title, version: info.version },
    paths,
    components: {
      schemas: { Error: schemaOf(errorAnswer, "output") },
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
    },
  };
}

function operationOf(route: Route): Json {
  const parameters = [...pathParametersOf(route), ...queryParametersOf(route)];
  return {
    operationId: operationIdOf(route),
    summary: route.summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined ? {} : {
      requestBody: {
        required: true,
        description: `At most ${route.body.bytesMax} bytes`,
        content: { "application/json": { schema: schemaOf(route.body.schema, "input") } },
      },
    }),
    responses: responsesOf(route),
    // The empty requirement: a listener on loopback may run without a token.
    security: route.access === "token" ? [{ bearer: [] }, {}] : [],
  };
}

/** `GET /v1/instances/:id` is `get_v1_instances_id`. */
function operationIdOf(route: Route): string {
  return `${route.method.toLowerCase()}${route.path.replace(/[^A-Za-z0-9]+/g, "_")}`.replace(/_$/, "");
}

function pathParametersOf(route: Route): Json[] {
  return [...route.path.matchAll(/:([A-Za-z_]+)/g)].map((match) => (
    { name: match[1], in: "path", required: true, schema: { type: "string" } }
  ));
}

function queryParametersOf(route: Route): Json[] {
  if (route.query === undefined) return [];
  const schema = schemaOf(route.query, "input") as { properties?: Record<string, Json>; required?: string[] };
  return Object.entries(schema.properties ?? {}).map(([name, { description, ...property }]) => ({
    name,
    in: "query",
    required: schema.required?.includes(name) ?? false,
    ...(description === undefined ? {} : { description }),
    schema: property,
  }));
}

function responsesOf(route: Route): Record<string, Json> {
  const responses: Record<string, Json> = {};
  const borderAnswers = {
    ...BORDER_ANSWERS.every,
    ...(route.access === "token" ? BORDER_ANSWERS.token : {}),
    ...(route.query === undefined ? {} : BORDER_ANSWERS.query),
    ...(route.body === undefined ? {} : BORDER_ANSWERS.body),
  };
  for (const [status, description] of Object.entries(borderAnswers)) {
    responses[status] = { description, content: { "application/json": { schema: ERROR_REFERENCE } } };
  }
  for (const [status, answer] of Object.entries(route.answers)) responses[status] = responseOf(Number(status), answer);
  return responses;
}

function responseOf(status: number, answer: RouteAnswer): Json {
  const contentType = answer.contentType ?? "application/json";
  const fallback = contentType !== "application/json" ? { type: "string" } : status >= 400 ? ERROR_REFERENCE : {};
  const schema = answer.schema === undefined ? fallback : schemaOf(answer.schema, "output");
  return { description: answer.description, content: { [contentType]: { schema } } };
}

/** Transforms have no JSON Schema of their own; what they are piped into describes them. */
function schemaOf(schema: z.ZodMiniType, io: "input" | "output"): Json {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return json;
}
