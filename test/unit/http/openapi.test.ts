/** Hunts: an OpenAPI document that lacks a route or an answer, or points nowhere. */
import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { instanceAnswer, receivedStatusDocument } from "../../../src/contract/mod.ts";
import { healthRoutes, metricsRoute, openApiDocument, type Route } from "../../../src/http/mod.ts";
import { createMetrics } from "../../../src/metrics/mod.ts";
import { at, makeHubBench } from "../hub/support.ts";
import { makeAppBench, openRoute } from "./support.ts";

const routes: Route[] = [
  openRoute({
    method: "POST",
    path: "/things/:id/parts/:part",
    access: "token",
    body: { schema: receivedStatusDocument, bytesMax: 1_000 },
    answers: { 202: { description: "Taken", schema: instanceAnswer }, 409: { description: "Not now" } },
  }) as Route,
  openRoute({
    path: "/things",
    query: z.strictObject({
      limit: z.optional(z.pipe(z.transform(Number), z.int().check(z.minimum(1)))),
      needed: z.string(),
    }),
  }),
  metricsRoute(createMetrics()),
  ...healthRoutes({ live: () => true, ready: {} }),
];

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: Content }>>;
  readonly security: readonly unknown[];
}

type Content = Readonly<Record<string, { readonly schema: object }>>;

interface Document {
  readonly openapi: string;
  readonly info: object;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

function operationOf(document: Document, method: string, path: string): Operation {
  const operation = document.paths[path]?.[method];
  if (operation === undefined) throw new Error(`There is no ${method} ${path}`);
  return operation;
}

/** What every OpenAPI document must fulfil, whatever it describes. */
function checkStructure(value: Record<string, unknown>): Document {
  const document = value as unknown as Document;
  expect(document.openapi).toBe("3.1.0");
  expect(Object.keys(document.info).sort()).toEqual(["title", "version"]);
  const all = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ path, method, operation }))
  );
  expect(new Set(all.map(({ operation }) => operation.operationId)).size).toBe(all.length);
  for (const { path, method, operation } of all) {
    expect(["get", "post", "put", "delete"]).toContain(method);
    checkOperation(path, operation);
  }
  checkReferences(document);
  return document;
}

function checkOperation(path: string, operation: Operation): void {
  expect(operation.summary).toBeTruthy();
  const parameters = operation.parameters ?? [];
  const inPath = parameters.filter((parameter) => parameter.in === "path").map((parameter) => parameter.name);
  expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]));
  for (const parameter of parameters) expect(parameter.schema).toBeDefined();
  expect(Object.keys(operation.responses).length).toBeGreaterThan(0);
  for (const [status, answer] of Object.entries(operation.responses)) {
    expect(status).toMatch(/^[1-5]\d\d$/);
    expect(answer.description).toBeTruthy();
    for (const content of Object.values(answer.content)) expect(content.schema).toBeDefined();
  }
}

function checkReferences(document: Document): void {
  for (const match of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = at(document, ...(match[1] ?? "").split("/"));
    expect([match[1], found !== undefined]).toEqual([match[1], true]);
  }
}

describe("openApiDocument", () => {
  test("has every route with its parameters, its body and every answer", async () => {
    const document = checkStructure(await openApiDocument(routes, { title: "T", version: "1" }));
    expect(Object.keys(document.paths)).toEqual([
      "/things/{id}/parts/{part}",
      "/things",
      "/metrics",
      "/healthz",
      "/readyz",
    ]);
    const post = operationOf(document, "post", "/things/{id}/parts/{part}");
    expect(Object.keys(post.responses)).toEqual(["202", "400", "401", "403", "408", "409", "413", "415", "429", "500"]);
    const body = post.requestBody?.content["application/json"]?.schema;
    expect(at(body, "required")).toContain("instance_id");
    expect(at(body, "required")).not.toContain("schema_version");
    expect(at(body, "properties", "health", "properties", "status", "enum")).toContain("draining");
    expect(operationOf(document, "get", "/things").parameters).toMatchObject([
      { name: "limit", in: "query", required: false, schema: { type: "integer", minimum: 1 } },
      { name: "needed", in: "query", required: true, schema: { type: "string" } },
    ]);
    expect(operationOf(document, "get", "/healthz").security).toEqual([]);
    expect(operationOf(document, "get", "/metrics").responses["200"]?.content).toHaveProperty("text/plain");
  });

  test("of the hub is sound and lists the parameters of the contract", async () => {
    const document = checkStructure(await openApiDocument(makeHubBench().hub.routes, { title: "Hub", version: "1" }));
    const parameters = operationOf(document, "get", "/v1/instances").parameters ?? [];
    expect(parameters.map((parameter) => parameter.name)).toEqual([
      "capability",
      "status",
      "availability",
      "tag",
      "min_free",
      "limit",
      "after",
    ]);
    expect(parameters[3]?.schema).toMatchObject({ type: "array" });
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const { responses } of Object.values(operations)) expect([path, "503" in responses]).toEqual([path, true]);
    }
    const taken = operationOf(document, "post", "/openclaw/status").responses["202"]?.content["application/json"];
    expect(at(taken?.schema, "properties", "stale")).toEqual({ type: "boolean" });
  });
});

describe("GET /openapi.json", () => {
  test("is part of every app and lists itself", async () => {
    const { send } = makeAppBench(routes);
    const answer = await send("/openapi.json");
    const document = checkStructure(await answer.json() as Record<string, unknown>);
    expect([answer.status, at(document, "info", "version")]).toEqual([200, "1.2.3"]);
    expect(document.paths).toHaveProperty(["/openapi.json"]);
  });
});

describe("the standard routes", () => {
  test("GET /healthz is answered without a token", async () => {
    const { send } = makeAppBench(routes, { authenticator: { authenticate: () => undefined } });
    expect((await send("/healthz")).status).toBe(200);
    for (const path of ["/readyz", "/metrics", "/openapi.json"]) {
      expect([path, (await send(path)).status]).toEqual([path, 401]);
    }
  });

  test("GET /healthz answers 503 once it is not live", async () => {
    const { send } = makeAppBench(healthRoutes({ live: () => false, ready: {} }));
    expect((await send("/healthz")).status).toBe(503);
  });

  test("GET /readyz answers 503 with the failing checks named", async () => {
    let isOk = true;
    const ready = { disk: () => ({ ok: true }), store: () => isOk ? { ok: true } : { ok: false, message: "full" } };
    const { send } = makeAppBench(healthRoutes({ live: () => true, ready }));
    const first = await send("/readyz");
    expect([first.status, await first.json()]).toEqual([200, {
      status: "ready",
      checks: { disk: { ok: true }, store: { ok: true } },
    }]);
    isOk = false;
    const second = await send("/readyz");
    expect([second.status, await second.json()]).toEqual([503, {
      status: "not ready",
      checks: { disk: { ok: true }, store: { ok: false, message: "full" } },
    }]);
  });

  test("GET /metrics answers in Prometheus' text format", async () => {
    const metrics = createMetrics();
    metrics.counter("barnacle_things_total", "Things.").increment();
    const { send } = makeAppBench([metricsRoute(metrics)]);
    const answer = await send("/metrics");
    expect(answer.headers.get("content-type")).toContain("text/plain; version=0.0.4");
    expect(await answer.text()).toContain("barnacle_things_total 1");
  });
});
