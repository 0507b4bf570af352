/**
 * `GET /openapi.json`, made on the first request: most listeners are never asked for it.
 *
 * @module
 */
import { jsonTextAnswer } from "./answers.ts";
import type { OpenApiInfo } from "./openapi.ts";
import type { Route } from "./types.ts";

/**
 * The OpenAPI 3.1 document of a table of routes.
 *
 * @returns a JSON value
 */
export async function openApiDocument(routes: readonly Route[], info: OpenApiInfo): Promise<Record<string, unknown>> {
  const { buildOpenApiDocument } = await import("./openapi.ts");
  return buildOpenApiDocument(routes, info);
}

/** The route that answers with the document of `routes`, among which it may itself be by then. */
export function openApiRoute(routes: readonly Route[], info: OpenApiInfo): Route {
  let text: string | undefined;
  return {
    method: "GET",
    path: "/openapi.json",
    summary: "This interface, as an OpenAPI 3.1 document",
    access: "token",
    answers: { 200: { description: "The document" } },
    async handle() {
      text ??= JSON.stringify(await openApiDocument(routes, info));
      return jsonTextAnswer(200, text);
    },
  };
}
